//! Blobs that are read and written as a whole, under a condition.

use std::num::NonZero;

use azure_core::http::Etag;
use azure_storage_blob::BlobClient;
use azure_storage_blob::models::{
    BlobClientDeleteOptions, BlobClientGetPropertiesOptions, BlobClientGetPropertiesResultHeaders,
    BlockBlobClientUploadOptions,
};
use bytes::Bytes;
use jiff::Timestamp;

mod lease;
mod reading;

pub use lease::Lease;

use crate::container::Container;
use crate::encoding::timestamp;
use crate::error::{Cause, StorageError};
use crate::etag::ETag;
use crate::storage::client_or;

/// A blob that fits into memory. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Document {
    container: Container,
    path: String,
    limit: usize,
}

/// A document's bytes and the version they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Versioned {
    /// The version, for the condition of the next write.
    pub etag: ETag,
    /// The whole content.
    pub bytes: Bytes,
    /// When this version was written, by the service's clock.
    pub last_modified: Option<Timestamp>,
    /// When the service answered, by the same clock: the difference is the version's age, whatever the reader's clock says.
    pub date: Option<Timestamp>,
    /// Its metadata, sorted by name. Names come back in lower case.
    pub metadata: Vec<(String, String)>,
}

/// What is known of a document without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Properties {
    /// The version.
    pub etag: ETag,
    /// The size in bytes.
    pub size: u64,
    /// When this version was written, by the service's clock.
    pub last_modified: Option<Timestamp>,
    /// Its metadata, sorted by name. Names come back in lower case.
    pub metadata: Vec<(String, String)>,
}

/// What [`Document::get_if_changed`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The version is the one that the caller has.
    Unchanged,
    /// Another version.
    Changed(Versioned),
    /// There is no such blob, or no such container.
    Absent,
}

/// When a write may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there. Only for content that is a function of the name.
    Always,
    /// Only if nothing is there.
    IfAbsent,
    /// Only if this version is there.
    IfMatch(ETag),
}

/// How a conditional write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a conflict is not an error, and means that nothing was written"]
pub enum Put {
    /// Written; the new version.
    Stored(ETag),
    /// The condition does not hold. It may be this very write, applied by a try whose answer was lost, that made the
    /// condition fail: read the document again before deciding.
    Conflict,
}

/// The headers that a reader of the blob gets, and its metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobHeaders {
    /// `Content-Type`; without it `application/octet-stream`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `x-ms-meta-*`: names are identifiers, values printable ASCII, 8 KiB together.
    pub metadata: Vec<(String, String)>,
}

impl BlobHeaders {
    /// Headers with this `Content-Type` and nothing else.
    pub fn content_type(value: &str) -> Self {
        Self {
            content_type: Some(value.to_owned()),
            ..Self::default()
        }
    }
}

impl Document {
    /// The largest document read unless [`Document::with_limit`] says otherwise: 64 MiB.
    pub const DEFAULT_LIMIT: usize = 64 << 20;

    pub(crate) fn new(container: Container, path: &str) -> Self {
        Self {
            container,
            path: path.to_owned(),
            limit: Self::DEFAULT_LIMIT,
        }
    }

    /// The blob's name inside its container.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same document, read only up to `bytes`.
    #[must_use]
    pub fn with_limit(self, bytes: usize) -> Self {
        Self { limit: bytes, ..self }
    }

    /// The document, or `None` if the blob or its container does not exist.
    ///
    /// # Errors
    ///
    /// [`StorageError`], also for a blob over the limit.
    pub async fn get(&self) -> Result<Option<Versioned>, StorageError> {
        match self.read(None).await? {
            Read::Changed(document) => Ok(Some(document)),
            Read::Absent | Read::Unchanged => Ok(None),
        }
    }

    /// The document unless it still has the version `known`; then nothing is transferred.
    ///
    /// # Errors
    ///
    /// As [`Document::get`].
    pub async fn get_if_changed(&self, known: &ETag) -> Result<Read, StorageError> {
        self.read(Some(known)).await
    }

    /// The document's version and metadata, or `None` if the blob or its container does not exist.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn properties(&self) -> Result<Option<Properties>, StorageError> {
        const OPERATION: &str = "look at blob";
        let options = BlobClientGetPropertiesOptions {
            method_options: self.container.storage.method_options(),
            ..Default::default()
        };
        let answer = match self.client(OPERATION)?.get_properties(Some(options)).await {
            Ok(answer) => answer,
            Err(error) => {
                let error = StorageError::of(OPERATION, self.resource(), &error);
                return if error.is_not_found() { Ok(None) } else { Err(error) };
            }
        };
        let unreadable = |error: azure_core::Error| StorageError::of(OPERATION, self.resource(), &error);
        let Some(etag) = answer.etag().map_err(unreadable)? else {
            return Err(self.unreadable(OPERATION, "it has no ETag"));
        };
        let mut metadata: Vec<(String, String)> = answer.metadata().map_err(unreadable)?.into_iter().collect();
        metadata.sort();
        Ok(Some(Properties {
            etag: ETag::normalized(etag.as_ref()),
            size: answer.content_length().map_err(unreadable)?.unwrap_or_default(),
            last_modified: answer.last_modified().map_err(unreadable)?.and_then(timestamp),
            metadata,
        }))
    }

    /// Writes the whole document in one request, so that a reader sees the old or the new version and nothing else.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; after one without an answer the write may have happened.
    pub async fn put(&self, bytes: Bytes, condition: Condition, headers: BlobHeaders) -> Result<Put, StorageError> {
        const OPERATION: &str = "write blob";
        let metadata = headers.metadata.into_iter().collect();
        let (if_match, if_none_match) = match &condition {
            Condition::Always => (None, None),
            Condition::IfAbsent => (None, Some(Etag::from("*"))),
            Condition::IfMatch(etag) => (Some(etag.to_azure()), None),
        };
        let options = BlockBlobClientUploadOptions {
            blob_cache_control: headers.cache_control,
            blob_content_type: headers.content_type,
            if_match,
            if_none_match,
            metadata: Some(metadata),
            // One part: staged blocks and their commit would be several requests.
            partition_size: NonZero::new(bytes.len().max(1) as u64),
            method_options: self.container.storage.method_options(),
            ..Default::default()
        };
        match self
            .client(OPERATION)?
            .block_blob_client()
            .upload(bytes.into(), Some(options))
            .await
        {
            Ok(answer) => match answer.etag {
                Some(etag) => Ok(Put::Stored(ETag::normalized(etag.as_ref()))),
                None => Err(self.unreadable(OPERATION, "it has no ETag")),
            },
            Err(error) => {
                let error = StorageError::of(OPERATION, self.resource(), &error);
                let conflict = match condition {
                    Condition::Always => false,
                    Condition::IfAbsent => matches!(error.code(), Some("BlobAlreadyExists" | "ConditionNotMet")),
                    // If-Match on a blob that is gone is answered with 412 too, or with 404 by some services.
                    Condition::IfMatch(_) => matches!(error.code(), Some("ConditionNotMet" | "BlobNotFound")),
                };
                if conflict { Ok(Put::Conflict) } else { Err(error) }
            }
        }
    }

    /// Deletes the blob if `condition` holds; true if this call did. Nothing there: false.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; [`Condition::IfAbsent`] makes no sense here and is refused.
    pub async fn delete(&self, condition: Condition) -> Result<bool, StorageError> {
        const OPERATION: &str = "delete blob";
        let if_match = match condition {
            Condition::Always => None,
            Condition::IfMatch(etag) => Some(etag.to_azure()),
            Condition::IfAbsent => {
                let message = "a blob that is absent cannot be deleted".to_owned();
                return Err(StorageError::new(
                    OPERATION,
                    self.resource(),
                    Cause::Invalid { message },
                ));
            }
        };
        let options = BlobClientDeleteOptions {
            if_match,
            method_options: self.container.storage.method_options(),
            ..Default::default()
        };
        match self.client(OPERATION)?.delete(Some(options)).await {
            Ok(_) => Ok(true),
            Err(error) => {
                let error = StorageError::of(OPERATION, self.resource(), &error);
                if error.is_not_found() || error.code() == Some("ConditionNotMet") {
                    Ok(false)
                } else {
                    Err(error)
                }
            }
        }
    }

    fn client(&self, operation: &'static str) -> Result<BlobClient, StorageError> {
        // The URL library drops such segments, and the request would name the container.
        if matches!(self.path.as_str(), "" | "." | "..") {
            let message = "this is not a name for a blob".to_owned();
            return Err(StorageError::new(
                operation,
                self.resource(),
                Cause::Invalid { message },
            ));
        }
        let blobs = client_or(self.container.storage.blobs(), operation, &self.resource())?;
        Ok(blobs.blob_client(self.container.name(), &self.path))
    }

    fn resource(&self) -> String {
        format!("{}/{}", self.container.name(), self.path)
    }

    fn unreadable(&self, operation: &'static str, message: &str) -> StorageError {
        StorageError::new(
            operation,
            self.resource(),
            Cause::Unreadable {
                message: message.to_owned(),
            },
        )
    }
}
