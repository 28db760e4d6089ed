//! Lists too large for the queue, kept in the primary account.

use std::sync::Arc;

use custom_handler::{BoxError, Bytes, PayloadStore};
use futures::FutureExt;
use futures::future::BoxFuture;
use storage_access::{ClaimStore, Storage};

struct Claims(ClaimStore);

/// The payload store of the account.
pub(crate) fn payload_store(storage: &Storage) -> Arc<dyn PayloadStore> {
    Arc::new(Claims(ClaimStore::new(storage)))
}

impl PayloadStore for Claims {
    fn put_if_absent(&self, name: &str, content: Bytes) -> BoxFuture<'_, Result<(), BoxError>> {
        let name = name.to_owned();
        async move { Ok(self.0.put_if_absent(&name, content).await?) }.boxed()
    }

    fn get(&self, name: &str) -> BoxFuture<'_, Result<Option<Bytes>, BoxError>> {
        let name = name.to_owned();
        async move { Ok(self.0.get(&name).await?) }.boxed()
    }
}
