//! The private state in storage: the only authority.

use scan_status::StateDocument;
use storage_access::{Access, BlobHeaders, Condition, Document, ETag, Put, Storage};

use crate::error::DeliveryError;

/// The private container of the state.
pub(crate) const STATE_CONTAINER: &str = "status-state";
const STATE_BLOB: &str = "state.json";

/// The state as it was found or written, with the condition of the next write.
pub(crate) struct StoredState {
    pub(crate) document: StateDocument,
    pub(crate) version: Option<ETag>,
}

/// Reads the state; a missing one is the empty document.
pub(crate) async fn load(storage: &Storage) -> Result<StoredState, DeliveryError> {
    match blob(storage).get().await.map_err(DeliveryError::State)? {
        None => Ok(StoredState {
            document: StateDocument::default(),
            version: None,
        }),
        Some(found) => Ok(StoredState {
            document: StateDocument::from_json(&found.bytes)?,
            version: Some(found.etag),
        }),
    }
}

/// Writes the state if it still has this version. `None` is a conflict.
pub(crate) async fn save(
    storage: &Storage,
    bytes: Vec<u8>,
    version: Option<&ETag>,
) -> Result<Option<ETag>, DeliveryError> {
    let blob = blob(storage);
    let bytes = bytes::Bytes::from(bytes);
    let put = || {
        let condition = version.map_or(Condition::IfAbsent, |etag| Condition::IfMatch(etag.clone()));
        blob.put(bytes.clone(), condition, BlobHeaders::content_type("application/json"))
    };
    let outcome = match put().await {
        Err(error) if error.code() == Some("ContainerNotFound") => {
            let container = storage.container(STATE_CONTAINER);
            container
                .create_if_absent(Access::Private)
                .await
                .map_err(DeliveryError::State)?;
            put().await
        }
        outcome => outcome,
    };
    match outcome.map_err(DeliveryError::State)? {
        Put::Stored(etag) => Ok(Some(etag)),
        Put::Conflict => Ok(None),
    }
}

fn blob(storage: &Storage) -> Document {
    storage.container(STATE_CONTAINER).document(STATE_BLOB)
}
