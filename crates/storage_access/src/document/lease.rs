//! Leases: one holder at a time, for as long as it renews.

use std::time::Duration;

use azure_storage_blob::models::{
    BlobClientAcquireLeaseOptions, BlobClientReleaseLeaseOptions, BlobClientRenewLeaseOptions,
};

use super::Document;
use crate::error::StorageError;

/// A lease that was held when the service last answered. Dropping it does not release it: it then runs out by itself.
#[derive(Clone, Debug)]
pub struct Lease {
    document: Document,
    id: String,
}

impl Document {
    /// Leases the blob, which must exist, or gives `None` while somebody else holds it. `id` is a UUID of the caller's
    /// choice: asking again with the id of the lease that stands is granted, so that a lost answer can be repeated and a
    /// restarted process can take up its own lease. `duration` is 15 to 60 seconds.
    ///
    /// # Errors
    ///
    /// [`StorageError`], also for a blob that does not exist.
    pub async fn lease(&self, id: &str, duration: Duration) -> Result<Option<Lease>, StorageError> {
        const OPERATION: &str = "lease blob";
        let options = BlobClientAcquireLeaseOptions {
            proposed_lease_id: Some(id.to_owned()),
            method_options: self.container.storage.method_options(),
            ..Default::default()
        };
        // Out of range either way is refused by the service.
        let seconds = i32::try_from(duration.as_secs()).unwrap_or(i32::MAX);
        match self.client(OPERATION)?.acquire_lease(seconds, Some(options)).await {
            Ok(_) => Ok(Some(Lease {
                document: self.clone(),
                id: id.to_owned(),
            })),
            Err(error) => {
                let error = StorageError::of(OPERATION, self.resource(), &error);
                // Every conflict of this call says that a lease stands, or is being broken.
                if error.status() == Some(409) {
                    Ok(None)
                } else {
                    Err(error)
                }
            }
        }
    }
}

impl Lease {
    /// Holds it for another whole duration; false when it is lost to somebody else, or the blob is gone.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; whether it was renewed is then unknown.
    pub async fn renew(&self) -> Result<bool, StorageError> {
        const OPERATION: &str = "renew the lease of blob";
        let options = BlobClientRenewLeaseOptions {
            method_options: self.document.container.storage.method_options(),
            ..Default::default()
        };
        let renewed = self.document.client(OPERATION)?;
        let renewed = renewed.renew_lease(self.id.clone(), Some(options)).await;
        self.still_held(OPERATION, renewed.map(drop))
    }

    /// Lets the next one have it; false when it was lost before.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; the lease then runs out by itself.
    pub async fn release(self) -> Result<bool, StorageError> {
        const OPERATION: &str = "release the lease of blob";
        let options = BlobClientReleaseLeaseOptions {
            method_options: self.document.container.storage.method_options(),
            ..Default::default()
        };
        let released = self.document.client(OPERATION)?;
        let released = released.release_lease(self.id.clone(), Some(options)).await;
        self.still_held(OPERATION, released.map(drop))
    }

    fn still_held(&self, operation: &'static str, outcome: azure_core::Result<()>) -> Result<bool, StorageError> {
        match outcome {
            Ok(()) => Ok(true),
            Err(error) => {
                let error = StorageError::of(operation, self.document.resource(), &error);
                match error.status() {
                    Some(404 | 409 | 412) => Ok(false),
                    _ => Err(error),
                }
            }
        }
    }
}
