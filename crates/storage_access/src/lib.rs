#![doc = include_str!("../README.md")]

mod claims;
mod connection;
mod connection_string;
mod container;
mod document;
mod encoding;
mod error;
mod etag;
mod identity;
mod queue;
mod retry;
mod shared_key;
mod storage;
mod transport;

pub use claims::{ClaimError, ClaimStore};
pub use connection::{Connection, ConnectionError};
pub use container::{Access, Container, Listed, Listing};
pub use document::{BlobHeaders, Condition, Document, Lease, Properties, Put, Read, Versioned};
pub use encoding::{MessageEncoding, UndecodableMessage};
pub use error::{Cause, StorageError};
pub use etag::ETag;
pub use queue::{Peeked, Queue, Received, SendOptions, Sent, TimeToLive};
pub use retry::Retry;
pub use storage::Storage;
pub use transport::{ConnectionLost, Transport};
