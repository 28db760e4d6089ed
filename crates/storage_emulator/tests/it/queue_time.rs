//! Visibility, expiry, leases and versions under a clock that the test moves.

use std::time::Duration;

use determinism::{Clock, ManualClock, Rng};
use http::Method;
use storage_emulator::Emulator;

use crate::wire::Target;

fn target() -> (Target, ManualClock) {
    let (clock, hands) = Clock::manual("2026-11-21T10:00:00Z".parse().unwrap());
    (Target::of(Emulator::builder().clock(clock).build().unwrap()), hands)
}

async fn receive(target: &Target, queue: &str, seconds: &str) -> crate::wire::Reply {
    let call = target
        .queue(Method::GET, &format!("/{queue}/messages"))
        .query("visibilitytimeout", seconds);
    call.send().await.expect(200)
}

#[tokio::test]
async fn an_unfinished_message_returns_with_a_higher_count_and_the_old_receipt_is_void() {
    let (target, hands) = target();
    let queue = target.new_queue().await;
    target
        .queue(Method::POST, &format!("/{queue}/messages"))
        .message("x")
        .send()
        .await
        .expect(201);
    let first = receive(&target, &queue, "600").await;
    assert_eq!(first.one("TimeNextVisible"), "Sat, 21 Nov 2026 10:10:00 GMT");
    hands.advance(Duration::from_secs(599));
    assert_eq!(receive(&target, &queue, "600").await.all("MessageId").len(), 0);
    hands.advance(Duration::from_secs(1));
    let second = receive(&target, &queue, "600").await;
    assert_eq!(
        (second.one("MessageId"), second.one("DequeueCount")),
        (first.one("MessageId"), "2".into())
    );
    let path = format!("/{queue}/messages/{}", first.one("MessageId"));
    let delete = |receipt: String| target.queue(Method::DELETE, &path).query("popreceipt", &receipt).send();
    delete(first.one("PopReceipt")).await.refused(400, "PopReceiptMismatch");
    // A late delete works as long as nobody else received the message.
    hands.advance(Duration::from_secs(700));
    delete(second.one("PopReceipt")).await.expect(204);
}

#[tokio::test]
async fn messages_end_with_their_time_to_live_and_cannot_be_hidden_beyond_it() {
    let (target, hands) = target();
    let queue = target.new_queue().await;
    let post = |ttl: &'static str| {
        target
            .queue(Method::POST, &format!("/{queue}/messages"))
            .message("x")
            .query("messagettl", ttl)
    };
    let short = post("60").send().await.expect(201);
    post("-1").send().await.expect(201);
    let received = receive(&target, &queue, "30").await;
    assert_eq!(received.one("MessageId"), short.one("MessageId"));
    let update = target.queue(Method::PUT, &format!("/{queue}/messages/{}", short.one("MessageId")));
    let update = update
        .query("popreceipt", &received.one("PopReceipt"))
        .query("visibilitytimeout", "61")
        .send()
        .await;
    update.refused(400, "InvalidQueryParameterValue");
    let count = || {
        target
            .queue(Method::GET, &format!("/{queue}"))
            .query("comp", "metadata")
            .send()
    };
    hands.advance(Duration::from_secs(59));
    assert_eq!(count().await.header("x-ms-approximate-messages-count"), "2");
    hands.advance(Duration::from_secs(1));
    assert_eq!(count().await.header("x-ms-approximate-messages-count"), "1");
    hands.advance(Duration::from_secs(365 * 24 * 3600));
    assert_eq!(receive(&target, &queue, "30").await.all("MessageId").len(), 1);
}

#[tokio::test]
async fn a_lease_runs_out_by_the_clock_and_dates_follow_it() {
    let (target, hands) = target();
    let path = format!("/{}/blob", target.container().await);
    let etag = target.put(&path, "x").await;
    let lease = |action: &str| {
        target
            .blob(Method::PUT, &path)
            .query("comp", "lease")
            .header("x-ms-lease-action", action)
    };
    let id = lease("acquire")
        .header("x-ms-lease-duration", "60")
        .send()
        .await
        .expect(201)
        .header("x-ms-lease-id")
        .to_owned();
    hands.advance(Duration::from_secs(59));
    target
        .blob(Method::PUT, &path)
        .put_blob("y")
        .send()
        .await
        .refused(412, "LeaseIdMissing");
    hands.advance(Duration::from_secs(1));
    let got = target.get(&path).await;
    assert_eq!(got.header("x-ms-lease-state"), "expired");
    assert_eq!(
        (got.header("date"), got.header("last-modified")),
        ("Sat, 21 Nov 2026 10:01:00 GMT", "Sat, 21 Nov 2026 10:00:00 GMT")
    );
    let late = target
        .blob(Method::PUT, &path)
        .put_blob("y")
        .header("x-ms-lease-id", &id)
        .send()
        .await;
    late.refused(412, "LeaseLost");
    lease("renew").header("x-ms-lease-id", &id).send().await.expect(200);
    hands.advance(Duration::from_secs(60));
    target.put(&path, "y").await;
    lease("renew")
        .header("x-ms-lease-id", &id)
        .send()
        .await
        .refused(409, "LeaseIdMismatchWithLeaseOperation");
    assert_ne!(target.get(&path).await.header("etag"), etag);
}

#[tokio::test]
async fn a_seed_decides_the_order_of_a_shuffled_queue() {
    async fn order(seed: u64) -> Vec<String> {
        let emulator = Emulator::builder()
            .rng(Rng::seeded(seed))
            .shuffle_queues()
            .build()
            .unwrap();
        let target = Target::of(emulator);
        let queue = target.new_queue().await;
        for number in 0..20 {
            let call = target.queue(Method::POST, &format!("/{queue}/messages"));
            call.message(&number.to_string()).send().await.expect(201);
        }
        let call = target
            .queue(Method::GET, &format!("/{queue}/messages"))
            .query("numofmessages", "20");
        call.send().await.all("MessageText")
    }
    let (first, again, other) = (order(1).await, order(1).await, order(2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    let mut sorted = first.clone();
    sorted.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_ne!(first, sorted);
    assert_eq!(
        sorted,
        (0..20).map(|number: u32| number.to_string()).collect::<Vec<_>>()
    );
}
