//! Where content goes that is too large for a queue message.
//!
//! A trait and no more: apps are written against it, and the client of a storage service implements it without knowing
//! how apps are served.

use std::error::Error;
use std::pin::Pin;

use bytes::Bytes;

/// The container that holds large payloads; each blob's name is the SHA-256 of its content in lower-case hexadecimal.
pub const CLAIMS_CONTAINER: &str = "claims";

/// The future of a [`PayloadStore`]'s operation. Boxed, because apps hold stores as trait objects.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// A place for payloads that are too large for a queue.
///
/// An implementation keeps them in the container [`CLAIMS_CONTAINER`] of the app's storage. Writing what is there
/// already is a success: the name is the content's hash.
pub trait PayloadStore: Send + Sync {
    /// Stores `content` under `name`, unless it is there.
    fn put_if_absent<'a>(&'a self, name: &'a str, content: Bytes) -> StoreFuture<'a, ()>;

    /// The content under `name`, as it is stored; `None` if nothing is there. The SDK checks its hash.
    fn get<'a>(&'a self, name: &'a str) -> StoreFuture<'a, Option<Bytes>>;
}
