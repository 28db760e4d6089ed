//! Leases: one holder at a time.

use std::time::Duration;

use bytes::Bytes;
use storage_access::{Access, BlobHeaders, Condition, Document};

use crate::{emulator, storage};

const MINUTE: Duration = Duration::from_secs(60);
const ONE: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";

async fn lock(emulator: &storage_emulator::Emulator) -> Document {
    let container = storage(emulator).container("locks");
    container.create_if_absent(Access::Private).await.unwrap();
    let document = container.document("app/timer");
    let put = document.put(Bytes::new(), Condition::IfAbsent, BlobHeaders::default());
    assert!(matches!(put.await.unwrap(), storage_access::Put::Stored(_)));
    document
}

#[tokio::test]
async fn one_holds_a_lease_until_it_is_released() {
    let (emulator, _) = emulator();
    let lock = lock(&emulator).await;
    let mine = lock.lease(ONE, MINUTE).await.unwrap().unwrap();
    assert!(lock.lease(OTHER, MINUTE).await.unwrap().is_none());
    assert!(
        lock.lease(ONE, MINUTE).await.unwrap().is_some(),
        "its holder may ask again"
    );
    assert!(mine.release().await.unwrap());
    assert!(lock.lease(OTHER, MINUTE).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lease_lasts_as_long_as_it_is_renewed_and_then_goes_to_the_next() {
    let (emulator, hands) = emulator();
    let lock = lock(&emulator).await;
    let mine = lock.lease(ONE, MINUTE).await.unwrap().unwrap();
    for _ in 0..3 {
        hands.advance(Duration::from_secs(45));
        assert!(mine.renew().await.unwrap());
        assert!(lock.lease(OTHER, MINUTE).await.unwrap().is_none());
    }
    hands.advance(Duration::from_secs(61));
    let next = lock.lease(OTHER, MINUTE).await.unwrap().unwrap();
    assert!(!mine.renew().await.unwrap(), "it is lost");
    assert!(!mine.release().await.unwrap(), "and does not end the other's");
    assert!(next.renew().await.unwrap());
}

#[tokio::test]
async fn only_a_blob_that_exists_can_be_leased() {
    let (emulator, _) = emulator();
    let storage = storage(&emulator);
    let error = storage.container("locks").document("none").lease(ONE, MINUTE).await;
    assert!(error.unwrap_err().is_not_found());
}
