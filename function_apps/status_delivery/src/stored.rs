//! The private state in storage: the only authority.

use scan_status::StateDocument;
use storage_access::{Access, BlobHeaders, Condition, Document, ETag, Put, Storage};

use crate::error::DeliveryError;

/// The private container of the state.
pub(crate) const STATE_CONTAINER: &str = "status-state";
const STATE_BLOB: &str = "state.json";

/// The largest state that is read, and so the largest that may be written: a larger one would stop the delivery for good.
/// Merging keeps the document well below it.
const LARGEST: usize = 64 << 20;

const _: () = assert!(StateDocument::LARGEST < LARGEST);

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
///
/// # Errors
///
/// [`DeliveryError::TooLarge`] for what could not be read again; nothing is written then.
pub(crate) async fn save(
    storage: &Storage,
    bytes: Vec<u8>,
    version: Option<&ETag>,
) -> Result<Option<ETag>, DeliveryError> {
    if bytes.len() > LARGEST {
        return Err(DeliveryError::TooLarge {
            bytes: bytes.len(),
            most: LARGEST,
        });
    }
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
    let document = storage.container(STATE_CONTAINER).document(STATE_BLOB);
    document.with_limit(LARGEST)
}

#[cfg(test)]
mod tests {
    use storage_access::{Connection, Transport};
    use storage_emulator::{Emulator, Endpoints};

    use super::*;

    #[tokio::test]
    async fn what_could_not_be_read_again_is_not_written() {
        let emulator = Emulator::builder().in_memory().build().unwrap();
        let text = emulator.connection_string(&Endpoints::in_process());
        let connection = Connection::from_settings("x", &|name| (name == "x").then(|| text.clone())).unwrap();
        let transport = Transport::in_process(move |request| {
            let emulator = emulator.clone();
            async move { Ok(emulator.handle(request).await) }
        });
        let storage = Storage::connect(&connection, transport).unwrap();
        let version = save(&storage, StateDocument::default().to_json(), None).await.unwrap();
        let error = save(&storage, vec![b' '; LARGEST + 1], version.as_ref())
            .await
            .unwrap_err();
        assert!(matches!(error, DeliveryError::TooLarge { .. }), "{error}");
        let stored = load(&storage).await.unwrap();
        assert_eq!(stored.version, version);
        assert_eq!(stored.document, StateDocument::default());
    }
}
