//! Claim check: what is too large for a queue message goes to a blob, and the message says where.
//!
//! The reference names nothing but the content's hash. The container is fixed and the hash is verified, so a forged
//! message cannot make a reader fetch anything else.

use functions_protocol::{CLAIMS_CONTAINER, PayloadStore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::BoxError;

/// The message that stands for a stored payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    /// Marks a claim, and its version.
    claim: u32,
    sha256: String,
    /// Bytes of the content.
    length: usize,
}

/// Why a payload could not be stored or fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    #[error("storing the payload {name}")]
    Store { name: String, source: BoxError },
    #[error("fetching the payload {name}")]
    Fetch { name: String, source: BoxError },
    #[error("the message refers to a stored payload, but this app has no payload store")]
    NoStore,
    #[error("the payload {name} is not in the container {CLAIMS_CONTAINER}")]
    Gone { name: String },
    #[error("the content of the payload {name} does not have the hash of its name")]
    Changed { name: String },
}

impl ClaimError {
    /// True if no other try can succeed.
    pub(crate) fn is_permanent(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::Changed { .. })
    }
}

impl Claim {
    const VERSION: u32 = 1;

    /// The claim that `message` is, if it is one. Anything else is an ordinary message.
    pub(crate) fn read(message: &str) -> Option<Self> {
        // Almost no message is a claim, so most must be told apart without parsing them.
        if message.len() > 256 || !message.starts_with(r#"{"claim":1,"#) {
            return None;
        }
        let claim: Self = serde_json::from_str(message).ok()?;
        let is_hash = claim.sha256.len() == 64
            && claim
                .sha256
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (claim.claim == Self::VERSION && is_hash).then_some(claim)
    }

    /// Stores `content` and gives the message for it.
    pub(crate) async fn store(store: &dyn PayloadStore, content: String) -> Result<String, ClaimError> {
        let claim = Self {
            claim: Self::VERSION,
            sha256: sha256(content.as_bytes()),
            length: content.len(),
        };
        let stored = store.put_if_absent(&claim.sha256, content.into()).await;
        stored.map_err(|source| ClaimError::Store {
            name: claim.sha256.clone(),
            source,
        })?;
        Ok(serde_json::to_string(&claim).expect("a claim is numbers and text"))
    }

    /// The content that the claim stands for.
    pub(crate) async fn fetch(self, store: Option<&dyn PayloadStore>) -> Result<String, ClaimError> {
        let store = store.ok_or(ClaimError::NoStore)?;
        let name = self.sha256;
        match store.get(&name).await {
            Err(source) => Err(ClaimError::Fetch { name, source }),
            Ok(None) => Err(ClaimError::Gone { name }),
            Ok(Some(content)) if sha256(&content) == name => {
                String::from_utf8(content.into()).map_err(|_| ClaimError::Changed { name })
            }
            Ok(Some(_)) => Err(ClaimError::Changed { name }),
        }
    }
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use bytes::Bytes;
    use functions_protocol::StoreFuture;
    use futures::FutureExt;

    use super::*;

    /// Payloads in memory.
    #[derive(Default)]
    pub(crate) struct MemoryStore(pub(crate) Mutex<BTreeMap<String, Bytes>>);

    impl PayloadStore for MemoryStore {
        fn put_if_absent<'a>(&'a self, name: &'a str, content: Bytes) -> StoreFuture<'a, ()> {
            self.0.lock().unwrap().entry(name.to_owned()).or_insert(content);
            async { Ok(()) }.boxed()
        }

        fn get<'a>(&'a self, name: &'a str) -> StoreFuture<'a, Option<Bytes>> {
            let found = self.0.lock().unwrap().get(name).cloned();
            async { Ok(found) }.boxed()
        }
    }

    #[tokio::test]
    async fn a_stored_payload_comes_back_by_its_message() {
        let store = MemoryStore::default();
        let message = Claim::store(&store, "large".to_owned()).await.unwrap();
        let claim = Claim::read(&message).unwrap();
        assert_eq!(claim.clone().fetch(Some(&store)).await.unwrap(), "large");
        assert!(matches!(claim.fetch(None).await, Err(ClaimError::NoStore)));
    }

    #[tokio::test]
    async fn changed_and_missing_content_is_refused_for_good() {
        let store = MemoryStore::default();
        let claim = Claim::read(&Claim::store(&store, "large".to_owned()).await.unwrap()).unwrap();
        for content in store.0.lock().unwrap().values_mut() {
            *content = Bytes::from_static(b"other");
        }
        assert!(claim.clone().fetch(Some(&store)).await.unwrap_err().is_permanent());
        store.0.lock().unwrap().clear();
        assert!(claim.fetch(Some(&store)).await.unwrap_err().is_permanent());
    }

    #[test]
    fn only_a_well_formed_reference_is_a_claim() {
        for message in [
            "",
            "{}",
            r#"{"claim":1,"sha256":"../secrets","length":1}"#,
            r#"{"claim":1,"sha256":"0000000000000000000000000000000000000000000000000000000000000000","length":1,"x":2}"#,
            r#"{"claim":2,"sha256":"0000000000000000000000000000000000000000000000000000000000000000","length":1}"#,
        ] {
            assert_eq!(Claim::read(message), None, "{message}");
        }
    }
}
