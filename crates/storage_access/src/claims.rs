//! Claim check: a payload too large for a queue goes to a blob, and the message carries its name.

use std::fmt::Write as _;

use bytes::Bytes;
use functions_protocol::{CLAIMS_CONTAINER, PayloadStore, StoreFuture};
use sha2::{Digest, Sha256};

use crate::container::{Access, Container};
use crate::document::{BlobHeaders, Condition};
use crate::error::StorageError;
use crate::storage::Storage;

/// Payloads under the names of their hashes, in the private container [`CLAIMS_CONTAINER`]. As a [`PayloadStore`] it is
/// what an app gives its SDK.
///
/// The same payload is stored once, however often it is put, and what is fetched is what was put. A name is a hash and
/// nothing else, so a forged message cannot make its reader fetch another blob. Nothing is deleted here: a lifecycle
/// rule of the account removes payloads after 30 days, longer than any message lives.
#[derive(Clone, Debug)]
pub struct ClaimStore {
    container: Container,
}

/// A payload that cannot be stored or fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The name is not the SHA-256 of a payload.
    #[error("{name:?} is not 64 lower-case hexadecimal digits")]
    NotAHash {
        /// The name, shortened.
        name: String,
    },
    /// Payload and name do not belong together.
    #[error("the hash of the payload {name} is another")]
    OtherContent {
        /// The name.
        name: String,
    },
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl ClaimStore {
    /// The payloads of this account.
    pub fn new(storage: &Storage) -> Self {
        Self {
            container: storage.container(CLAIMS_CONTAINER),
        }
    }

    /// The name under which a payload is stored: its SHA-256 in lower-case hexadecimal.
    pub fn name_of(payload: &[u8]) -> String {
        Sha256::digest(payload)
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    /// Stores a payload under its name unless it is there already, creating the container if it is missing.
    ///
    /// # Errors
    ///
    /// [`ClaimError`].
    pub async fn put_if_absent(&self, name: &str, payload: Bytes) -> Result<(), ClaimError> {
        check_name(name)?;
        if Self::name_of(&payload) != name {
            return Err(ClaimError::OtherContent { name: name.to_owned() });
        }
        let document = self.container.document(name);
        let put = || document.put(payload.clone(), Condition::IfAbsent, BlobHeaders::default());
        // A conflict means that the same bytes are there: the name is their hash.
        let outcome = match put().await {
            Err(error) if error.code() == Some("ContainerNotFound") => {
                self.container.create_if_absent(Access::Private).await?;
                put().await
            }
            outcome => outcome,
        };
        outcome.map(|_| ()).map_err(ClaimError::Storage)
    }

    /// The payload `name`, checked against its name; `None` if nothing is stored there (any more).
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; `NotAHash` and `OtherContent` do not mend themselves.
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, ClaimError> {
        match self.stored(name).await? {
            Some(payload) if Self::name_of(&payload) != name => Err(ClaimError::OtherContent { name: name.to_owned() }),
            payload => Ok(payload),
        }
    }

    async fn stored(&self, name: &str) -> Result<Option<Bytes>, ClaimError> {
        check_name(name)?;
        let found = self.container.document(name).get().await?;
        Ok(found.map(|found| found.bytes))
    }
}

impl PayloadStore for ClaimStore {
    fn put_if_absent<'a>(&'a self, name: &'a str, content: Bytes) -> StoreFuture<'a, ()> {
        Box::pin(async move { Ok(self.put_if_absent(name, content).await?) })
    }

    /// Unchecked: the SDK checks the hash itself and puts a message with a damaged payload aside for good, while any
    /// error from here is tried again.
    fn get<'a>(&'a self, name: &'a str) -> StoreFuture<'a, Option<Bytes>> {
        Box::pin(async move { Ok(self.stored(name).await?) })
    }
}

fn check_name(name: &str) -> Result<(), ClaimError> {
    if name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        Ok(())
    } else {
        Err(ClaimError::NotAHash {
            name: name.chars().take(100).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_hash_and_nothing_else() {
        let name = ClaimStore::name_of(b"");
        assert_eq!(name, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(check_name(&name).is_ok());
        for other in [&name[1..], &name.to_uppercase(), &format!("../{}", &name[3..]), ""] {
            assert!(matches!(check_name(other), Err(ClaimError::NotAHash { .. })), "{other}");
        }
    }
}
