//! Payloads under their hashes.

use bytes::Bytes;
use functions_protocol::{CLAIMS_CONTAINER, PayloadStore};
use storage_access::{BlobHeaders, ClaimError, ClaimStore, Condition};

use crate::{emulator, storage};

#[tokio::test]
async fn a_payload_is_stored_once_and_checked_when_fetched() {
    let (emulator, _) = emulator();
    let storage = storage(&emulator);
    let claims = ClaimStore::new(&storage);
    let payload = Bytes::from_static(b"large");
    let name = ClaimStore::name_of(&payload);
    assert_eq!(claims.get(&name).await.unwrap(), None);
    claims.put_if_absent(&name, payload.clone()).await.unwrap();
    claims.put_if_absent(&name, payload.clone()).await.unwrap();
    assert_eq!(claims.get(&name).await.unwrap(), Some(payload));

    let wrong = claims.put_if_absent(&name, Bytes::from_static(b"other")).await;
    assert!(matches!(wrong, Err(ClaimError::OtherContent { .. })));
    let blob = storage.container(CLAIMS_CONTAINER).document(&name);
    let _ = blob
        .put(Bytes::from_static(b"forged"), Condition::Always, BlobHeaders::default())
        .await
        .unwrap();
    assert!(matches!(claims.get(&name).await, Err(ClaimError::OtherContent { .. })));
    let for_the_sdk = PayloadStore::get(&claims, &name).await.unwrap();
    assert_eq!(
        for_the_sdk.unwrap(),
        "forged",
        "an error would be tried again, a damaged payload must not be"
    );
    assert!(matches!(
        claims.get("../static-data/mirrors.json").await,
        Err(ClaimError::NotAHash { .. })
    ));
}
