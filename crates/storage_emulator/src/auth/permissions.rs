//! Which permission an operation needs: the tables of "Create an account SAS" and "Create a service SAS".

use crate::operation::Operation;

/// What an account SAS must hold for an operation: the letter of the resource type, and one of the permission letters.
pub(super) struct Need {
    pub(super) resource_type: char,
    pub(super) any_of: &'static str,
    /// With these letters alone the operation must not replace something that exists.
    pub(super) create_only: &'static str,
    /// Whether a service SAS can allow it at all.
    pub(super) by_service_sas: bool,
}

/// `None`: no signature but the account's own allows it.
pub(super) fn need(operation: Operation, is_break: bool) -> Option<Need> {
    use Operation as O;
    let (resource_type, any_of, by_service_sas) = match operation {
        O::ListContainers | O::ListQueues => ('s', "l", false),
        O::GetServiceProperties => ('s', "r", false),
        O::SetServiceProperties => ('s', "w", false),
        O::CreateContainer | O::CreateQueue => ('c', "cw", false),
        O::GetContainerProperties => ('c', "r", false),
        O::GetQueueMetadata => ('c', "r", true),
        O::SetContainerMetadata | O::SetQueueMetadata => ('c', "w", false),
        O::LeaseContainer if is_break => ('c', "dw", false),
        O::LeaseContainer => ('c', "w", false),
        O::DeleteContainer | O::DeleteQueue => ('c', "d", false),
        O::ListBlobs => ('c', "l", true),
        O::GetBlob | O::GetBlobProperties | O::GetBlobMetadata | O::GetBlockList => ('o', "r", true),
        O::PutBlob | O::PutBlock | O::PutBlockList | O::CopyBlob => ('o', "cw", true),
        O::SetBlobProperties | O::SetBlobMetadata | O::SetBlobTier | O::AbortCopyBlob => ('o', "w", true),
        O::LeaseBlob if is_break => ('o', "dw", true),
        O::LeaseBlob => ('o', "w", true),
        O::DeleteBlob => ('o', "d", true),
        O::AppendBlock => ('o', "aw", true),
        O::PutMessage => ('o', "a", true),
        O::GetMessages | O::DeleteMessage => ('o', "p", true),
        O::PeekMessages => ('o', "r", true),
        O::UpdateMessage => ('o', "u", true),
        O::ClearMessages => ('o', "d", false),
        _ => return None,
    };
    let create_only = if any_of == "cw" && resource_type == 'o' {
        "c"
    } else {
        ""
    };
    Some(Need {
        resource_type,
        any_of,
        create_only,
        by_service_sas,
    })
}
