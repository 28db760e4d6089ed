//! The public document in storage. It follows the state and never goes back.

use bytes::Bytes;
use scan_status::public::{CACHE_CONTROL, CONTENT_TYPE};
use storage_access::{Access, BlobHeaders, Condition, Document, ETag, Put, Storage, StorageError};

use crate::error::DeliveryError;

/// Metadata of the public document: the generation of the state that it shows.
const GENERATION: &str = "generation";

/// A publication that loses this often is one of a great many at once; the winner's document is at least as new.
const TRIES: u32 = 10;

/// The public document as it was last seen.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) generation: u64,
    version: Option<ETag>,
}

/// Where the public document is.
pub(crate) struct PublicPlace {
    container: String,
    blob: String,
}

impl PublicPlace {
    pub(crate) fn new(container: &str, blob: &str) -> Self {
        Self {
            container: container.to_owned(),
            blob: blob.to_owned(),
        }
    }

    /// Looks at the document. One that is missing, or that this program has not written, counts as generation 0.
    pub(crate) async fn look(&self, storage: &Storage) -> Result<Published, DeliveryError> {
        let found = self
            .document(storage)
            .properties()
            .await
            .map_err(DeliveryError::Public)?;
        Ok(found.map_or(
            Published {
                generation: 0,
                version: None,
            },
            |found| {
                let value = found
                    .metadata
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(GENERATION));
                let generation = value.and_then(|(_, value)| value.parse().ok()).unwrap_or_default();
                Published {
                    generation,
                    version: Some(found.etag),
                }
            },
        ))
    }

    /// Writes `bytes`, made of the state's `generation`, unless the document is as new or newer. Two writers that
    /// finish in the wrong order meet at the condition: the older one looks again and stops.
    pub(crate) async fn publish(
        &self,
        storage: &Storage,
        bytes: Bytes,
        generation: u64,
        mut known: Published,
    ) -> Result<Published, DeliveryError> {
        for _ in 0..TRIES {
            if known.generation >= generation {
                return Ok(known);
            }
            let put = self
                .put(storage, bytes.clone(), generation, known.version.as_ref())
                .await;
            match put.map_err(DeliveryError::Public)? {
                Put::Stored(etag) => {
                    return Ok(Published {
                        generation,
                        version: Some(etag),
                    });
                }
                Put::Conflict => known = self.look(storage).await?,
            }
        }
        Err(DeliveryError::Contention {
            document: "the public document",
            tries: TRIES,
        })
    }

    async fn put(
        &self,
        storage: &Storage,
        bytes: Bytes,
        generation: u64,
        version: Option<&ETag>,
    ) -> Result<Put, StorageError> {
        let document = self.document(storage);
        let put = || {
            let condition = version.map_or(Condition::IfAbsent, |etag| Condition::IfMatch(etag.clone()));
            let headers = BlobHeaders {
                content_type: Some(CONTENT_TYPE.to_owned()),
                cache_control: Some(CACHE_CONTROL.to_owned()),
                metadata: vec![(GENERATION.to_owned(), generation.to_string())],
            };
            document.put(bytes.clone(), condition, headers)
        };
        match put().await {
            Err(error) if error.code() == Some("ContainerNotFound") => {
                self.create_container(storage).await?;
                put().await
            }
            outcome => outcome,
        }
    }

    async fn create_container(&self, storage: &Storage) -> Result<(), StorageError> {
        let container = storage.container(&self.container);
        match container.create_if_absent(Access::PublicBlobs).await {
            Err(error) if error.code() == Some("PublicAccessNotPermitted") => {
                tracing::warn!(
                    "the account forbids anonymous access: {} is private, and the page needs another way to it",
                    self.container
                );
                container.create_if_absent(Access::Private).await.map(drop)
            }
            outcome => outcome.map(drop),
        }
    }

    fn document(&self, storage: &Storage) -> Document {
        storage.container(&self.container).document(&self.blob)
    }
}
