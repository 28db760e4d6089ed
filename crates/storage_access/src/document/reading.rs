//! Reading a whole blob in one request.

use std::num::NonZero;

use azure_storage_blob::models::{BlobClientDownloadOptions, BlobClientDownloadResult};
use futures::TryStreamExt;

use super::{Document, Read, Versioned};
use crate::encoding::{date, timestamp};
use crate::error::{Cause, StorageError};
use crate::etag::ETag;

const OPERATION: &str = "read blob";

/// A failure, and whether the answer had begun: the pipeline tries again until headers arrive, and no further.
struct ReadFailure {
    error: StorageError,
    in_body: bool,
}

impl From<StorageError> for ReadFailure {
    fn from(error: StorageError) -> Self {
        Self { error, in_body: false }
    }
}

impl Document {
    pub(super) async fn read(&self, known: Option<&ETag>) -> Result<Read, StorageError> {
        let attempts = self.container.storage.clients.retry.attempts.max(1);
        let mut failed = 0;
        loop {
            match self.read_once(known).await {
                Err(ReadFailure { in_body: true, .. }) if failed + 1 < attempts => failed += 1,
                outcome => return outcome.map_err(|failure| failure.error),
            }
        }
    }

    async fn read_once(&self, known: Option<&ETag>) -> Result<Read, ReadFailure> {
        let options = BlobClientDownloadOptions {
            if_none_match: known.map(ETag::to_azure),
            // One part, for one request: later parts would be of the same version or fail.
            partition_size: NonZero::new(self.limit.max(1)),
            method_options: self.container.storage.method_options(),
            ..Default::default()
        };
        match self.client(OPERATION)?.download(Some(options)).await {
            Ok(answer) => self.collect(answer).await.map(Read::Changed),
            Err(error) => {
                let error = StorageError::of(OPERATION, self.resource(), &error);
                match (error.status(), error.code()) {
                    (Some(304), _) => Ok(Read::Unchanged),
                    (_, Some("BlobNotFound" | "ContainerNotFound")) => Ok(Read::Absent),
                    _ => Err(error.into()),
                }
            }
        }
    }

    async fn collect(&self, mut answer: BlobClientDownloadResult) -> Result<Versioned, ReadFailure> {
        let whole = content_range_size(answer.headers.get_optional_str(&"content-range".into()));
        let expected = whole.or(answer.properties.content_length);
        if let Some(size) = expected.filter(|size| *size > self.limit as u64) {
            return Err(self.too_large(size).into());
        }
        let Some(etag) = answer.properties.etag else {
            return Err(self.unreadable(OPERATION, "it has no ETag").into());
        };
        let mut bytes = Vec::with_capacity(expected.and_then(|size| usize::try_from(size).ok()).unwrap_or_default());
        let broken = |cause| ReadFailure {
            error: StorageError::new(OPERATION, self.resource(), cause),
            in_body: true,
        };
        while let Some(chunk) = answer
            .body
            .try_next()
            .await
            .map_err(|error| broken(Cause::of(&error)))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > self.limit {
                return Err(self.too_large(bytes.len() as u64).into());
            }
        }
        if expected.is_some_and(|expected| expected != bytes.len() as u64) {
            let message = "the connection ended before the content did".to_owned();
            return Err(broken(Cause::NoAnswer { message }));
        }
        let mut metadata: Vec<(String, String)> = answer.properties.metadata.into_iter().collect();
        metadata.sort();
        let date = date(&answer.headers);
        Ok(Versioned {
            etag: ETag::normalized(etag.as_ref()),
            bytes: bytes.into(),
            last_modified: answer.properties.last_modified.and_then(timestamp),
            date,
            metadata,
        })
    }

    fn too_large(&self, size: u64) -> StorageError {
        StorageError::new(
            OPERATION,
            self.resource(),
            Cause::TooLarge {
                size,
                limit: self.limit,
            },
        )
    }
}

/// The size after the slash of `bytes 0-9/10`.
fn content_range_size(header: Option<&str>) -> Option<u64> {
    header?.rsplit_once('/')?.1.parse().ok()
}
