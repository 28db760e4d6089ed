//! Which operation of the service a request asks for.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Resource, Service};
use crate::error::{Code, ServiceError, ServiceResult};

macro_rules! operations {
    ($($name:ident)*) => {
        /// The operations that the emulator knows, by the names of the service's REST reference.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "the names are those of the REST reference")]
        #[non_exhaustive]
        pub enum Operation { $($name),* }

        impl Operation {
            /// The operation's name in the REST reference, without spaces.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

operations! {
    ListContainers GetServiceProperties SetServiceProperties GetAccountInformation Preflight
    CreateContainer GetContainerProperties SetContainerMetadata GetContainerAcl SetContainerAcl DeleteContainer
    LeaseContainer ListBlobs
    PutBlob GetBlob GetBlobProperties GetBlobMetadata SetBlobProperties SetBlobMetadata LeaseBlob CopyBlob AbortCopyBlob
    DeleteBlob SetBlobTier PutBlock PutBlockList GetBlockList AppendBlock
    ListQueues CreateQueue DeleteQueue GetQueueMetadata SetQueueMetadata GetQueueAcl SetQueueAcl
    PutMessage GetMessages PeekMessages ClearMessages DeleteMessage UpdateMessage
}

impl Operation {
    /// Whether a HEAD or GET of this operation leaves everything as it is.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::ListContainers
                | Self::GetServiceProperties
                | Self::GetAccountInformation
                | Self::Preflight
                | Self::GetContainerProperties
                | Self::GetContainerAcl
                | Self::ListBlobs
                | Self::GetBlob
                | Self::GetBlobProperties
                | Self::GetBlobMetadata
                | Self::GetBlockList
                | Self::ListQueues
                | Self::GetQueueMetadata
                | Self::GetQueueAcl
                | Self::PeekMessages
        )
    }

    pub(crate) fn of(call: &Call) -> ServiceResult<Self> {
        if call.method == Method::OPTIONS {
            return Ok(Self::Preflight);
        }
        match call.service {
            Service::Blob => blob_service(call),
            Service::Queue => queue_service(call),
        }
    }
}

fn blob_service(call: &Call) -> ServiceResult<Operation> {
    let comp = call.query.text("comp").to_ascii_lowercase();
    let restype = call.query.text("restype").to_ascii_lowercase();
    let read = call.method == Method::GET || call.method == Method::HEAD;
    let put = call.method == Method::PUT;
    use Operation as O;
    let operation = match (&call.resource, comp.as_str()) {
        (_, "properties") if restype == "account" && read => O::GetAccountInformation,
        (Resource::Service, "list") if read => O::ListContainers,
        (Resource::Service, "properties") if restype == "service" && read => O::GetServiceProperties,
        (Resource::Service, "properties") if restype == "service" && put => O::SetServiceProperties,
        (Resource::Container(_), "") if put => O::CreateContainer,
        (Resource::Container(_), "" | "metadata") if read => O::GetContainerProperties,
        (Resource::Container(_), "") if call.method == Method::DELETE => O::DeleteContainer,
        (Resource::Container(_), "metadata") if put => O::SetContainerMetadata,
        (Resource::Container(_), "acl") if read => O::GetContainerAcl,
        (Resource::Container(_), "acl") if put => O::SetContainerAcl,
        (Resource::Container(_), "lease") if put => O::LeaseContainer,
        (Resource::Container(_), "list") if read => O::ListBlobs,
        (Resource::Blob(..), "") if put && call.headers.contains_key("x-ms-copy-source") => O::CopyBlob,
        (Resource::Blob(..), "") if put => O::PutBlob,
        (Resource::Blob(..), "") if call.method == Method::GET => O::GetBlob,
        (Resource::Blob(..), "") if call.method == Method::HEAD => O::GetBlobProperties,
        (Resource::Blob(..), "") if call.method == Method::DELETE => O::DeleteBlob,
        (Resource::Blob(..), "metadata") if read => O::GetBlobMetadata,
        (Resource::Blob(..), "metadata") if put => O::SetBlobMetadata,
        (Resource::Blob(..), "properties") if put => O::SetBlobProperties,
        (Resource::Blob(..), "lease") if put => O::LeaseBlob,
        (Resource::Blob(..), "copy") if put => O::AbortCopyBlob,
        (Resource::Blob(..), "tier") if put => O::SetBlobTier,
        (Resource::Blob(..), "block") if put => O::PutBlock,
        (Resource::Blob(..), "blocklist") if put => O::PutBlockList,
        (Resource::Blob(..), "blocklist") if read => O::GetBlockList,
        (Resource::Blob(..), "appendblock") if put => O::AppendBlock,
        _ => return Err(unknown(call, &comp)),
    };
    Ok(operation)
}

fn queue_service(call: &Call) -> ServiceResult<Operation> {
    let comp = call.query.text("comp").to_ascii_lowercase();
    let read = call.method == Method::GET || call.method == Method::HEAD;
    let put = call.method == Method::PUT;
    let delete = call.method == Method::DELETE;
    use Operation as O;
    let operation = match (&call.resource, comp.as_str()) {
        (Resource::Service, "list") if read => O::ListQueues,
        (Resource::Service, "properties") if read => O::GetServiceProperties,
        (Resource::Service, "properties") if put => O::SetServiceProperties,
        (Resource::Queue(_), "") if put => O::CreateQueue,
        (Resource::Queue(_), "") if delete => O::DeleteQueue,
        (Resource::Queue(_), "metadata") if read => O::GetQueueMetadata,
        (Resource::Queue(_), "metadata") if put => O::SetQueueMetadata,
        (Resource::Queue(_), "acl") if read => O::GetQueueAcl,
        (Resource::Queue(_), "acl") if put => O::SetQueueAcl,
        (Resource::Messages(_), "") if call.method == Method::POST => O::PutMessage,
        (Resource::Messages(_), "") if read && call.query.text("peekonly").eq_ignore_ascii_case("true") => {
            O::PeekMessages
        }
        (Resource::Messages(_), "") if read => O::GetMessages,
        (Resource::Messages(_), "") if delete => O::ClearMessages,
        (Resource::Message(..), "") if put => O::UpdateMessage,
        (Resource::Message(..), "") if delete => O::DeleteMessage,
        _ => return Err(unknown(call, &comp)),
    };
    Ok(operation)
}

/// Operations of the real service that are left out here are refused by name, not mistaken for others.
fn unknown(call: &Call, comp: &str) -> ServiceError {
    const LEFT_OUT: [&str; 14] = [
        "snapshot",
        "tags",
        "query",
        "undelete",
        "page",
        "pagelist",
        "incrementalcopy",
        "seal",
        "expiry",
        "immutabilitypolicies",
        "legalhold",
        "batch",
        "stats",
        "blobs",
    ];
    if LEFT_OUT.contains(&comp) || comp == "userdelegationkey" {
        Code::NotImplemented.with("Comp", comp)
    } else if comp.is_empty() || matches!(comp, "list" | "properties" | "metadata" | "acl" | "lease") {
        Code::UnsupportedHttpVerb.with("Verb", call.method.as_str())
    } else {
        ServiceError::query("comp", comp)
    }
}
