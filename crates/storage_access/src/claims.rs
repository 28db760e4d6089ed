//! Claim check: a payload too large for a queue goes to a blob, and the message carries its address.

use std::fmt;
use std::fmt::Write as _;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::container::{Access, Container};
use crate::document::{BlobHeaders, Condition};
use crate::error::StorageError;
use crate::storage::Storage;

/// Payloads under the names of their hashes, in one private container.
///
/// The same payload is stored once, however often it is put, and what is fetched is what was put. Nothing is deleted
/// here: a lifecycle rule of the account removes claims after 30 days, longer than any message lives.
#[derive(Clone, Debug)]
pub struct ClaimStore {
    container: Container,
}

/// The address of a stored payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    sha256: [u8; 32],
}

/// A payload that cannot be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The text is not an address of this store.
    #[error("{text:?} is not of the form claims/ and 64 hexadecimal digits")]
    NotAClaim {
        /// The text, shortened.
        text: String,
    },
    /// Nothing is stored there (any more).
    #[error("there is no payload {claim}")]
    Missing {
        /// Its address.
        claim: Claim,
    },
    /// What is stored there is something else.
    #[error("the payload {claim} was changed: its hash is another")]
    Changed {
        /// Its address.
        claim: Claim,
    },
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl ClaimStore {
    /// The container of the claims; part of each address.
    pub const CONTAINER: &'static str = "claims";

    /// The claims of this account.
    pub fn new(storage: &Storage) -> Self {
        Self {
            container: storage.container(Self::CONTAINER),
        }
    }

    /// Stores a payload unless it is there already, creating the container if it is missing.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn put(&self, payload: Bytes) -> Result<Claim, StorageError> {
        let claim = Claim::of(&payload);
        let document = self.container.document(&claim.hexadecimal());
        let put = || document.put(payload.clone(), Condition::IfAbsent, BlobHeaders::default());
        // A conflict means that the same bytes are there: the name is their hash.
        match put().await {
            Err(error) if error.code() == Some("ContainerNotFound") => {
                self.container.create_if_absent(Access::Private).await?;
                let _ = put().await?;
            }
            outcome => {
                let _ = outcome?;
            }
        }
        Ok(claim)
    }

    /// The payload, checked against its address.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; `Missing` and `Changed` do not mend themselves.
    pub async fn get(&self, claim: &Claim) -> Result<Bytes, ClaimError> {
        let stored = self.container.document(&claim.hexadecimal()).get().await?;
        let payload = stored
            .ok_or_else(|| ClaimError::Missing { claim: claim.clone() })?
            .bytes;
        if Claim::of(&payload) == *claim {
            Ok(payload)
        } else {
            Err(ClaimError::Changed { claim: claim.clone() })
        }
    }
}

impl Claim {
    /// The address of `payload`.
    pub fn of(payload: &[u8]) -> Self {
        Self {
            sha256: Sha256::digest(payload).into(),
        }
    }

    /// Reads an address. Only this store's container is accepted, so a message cannot make its reader fetch another
    /// blob.
    ///
    /// # Errors
    ///
    /// [`ClaimError::NotAClaim`].
    pub fn parse(text: &str) -> Result<Self, ClaimError> {
        let not_a_claim = || ClaimError::NotAClaim {
            text: text.chars().take(100).collect(),
        };
        let digits = text.strip_prefix("claims/").ok_or_else(not_a_claim)?;
        if digits.len() != 64 || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(not_a_claim());
        }
        let mut sha256 = [0; 32];
        for (byte, pair) in sha256.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| not_a_claim())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| not_a_claim())?;
        }
        Ok(Self { sha256 })
    }

    fn hexadecimal(&self) -> String {
        self.sha256.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", ClaimStore::CONTAINER, self.hexadecimal())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_the_hash_and_comes_back() {
        let claim = Claim::of(b"");
        assert_eq!(
            claim.to_string(),
            "claims/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(Claim::parse(&claim.to_string()).unwrap(), claim);
    }

    #[test]
    fn other_containers_and_paths_are_refused() {
        let digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for text in [
            format!("other/{digits}"),
            digits.to_owned(),
            format!("claims/../{digits}"),
            digits.to_uppercase(),
        ] {
            assert!(
                matches!(Claim::parse(&text), Err(ClaimError::NotAClaim { .. })),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn foreign_addresses_never_panic(text in "(claims/)?\\PC{0,80}") {
            let _ = Claim::parse(&text);
        }
    }
}
