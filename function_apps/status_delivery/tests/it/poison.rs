//! Unusable messages: put aside with their reason and id, never dropped.

use serde_json::{Value, json};
use storage_access::{MessageEncoding, SendOptions};

use crate::host::{self, Outcome};
use crate::world::World;
use crate::{mirror, mirror_list};

fn reasons(poisoned: &[Value]) -> Vec<&str> {
    let mut reasons: Vec<&str> = poisoned
        .iter()
        .map(|envelope| envelope["reason"].as_str().unwrap())
        .collect();
    reasons.sort_unstable();
    reasons
}

#[tokio::test]
async fn drained_messages_are_put_aside_with_reason_and_id() {
    let (world, _) = World::still().await;
    let app = world.instance("app");
    world.send(&[mirror_list(1, &["https://a/"])]).await;
    let good = host::take(&world).await.unwrap();
    let bad = [
        "no json".to_owned(),
        json!({"status_type": "mirror", "status": {}}).to_string(),
        mirror("https://a/", 500, &[]),
    ];
    world.send(&bad).await;
    let raw = world.queue().with_encoding(MessageEncoding::None);
    raw.send(b"not base64!", SendOptions::default()).await.unwrap();
    world.queue().send(&[0xff, 0xfe], SendOptions::default()).await.unwrap();
    let ids: Vec<String> = world
        .queue()
        .peek(32)
        .await
        .unwrap()
        .into_iter()
        .map(|message| message.id)
        .collect();

    assert_eq!(host::call(&world, &app, &good).await, Outcome::Succeeded);
    let poisoned = world.poisoned().await;
    assert_eq!(
        reasons(&poisoned),
        [
            "$.status is empty",
            "https://a/ was observed at 2026-11-20T18:20:00Z, more than five minutes ahead of 2026-11-20T12:00:00Z",
            "invalid utf-8 sequence of 1 bytes from index 0",
            "the message is not JSON: expected ident at line 1 column 2",
            "the message is not base64",
        ]
    );
    assert_eq!(poisoned.len(), ids.len());
    for envelope in &poisoned {
        assert_eq!(envelope["poison"], 1);
        assert!(ids.iter().any(|id| envelope["id"] == *id), "{envelope}");
    }
    let body = |reason: &str| {
        let found = poisoned
            .iter()
            .find(|envelope| envelope["reason"].as_str().unwrap().contains(reason))
            .unwrap();
        (
            found["encoding"].as_str().unwrap().to_owned(),
            found["body"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(body("not JSON"), ("text".to_owned(), "no json".to_owned()));
    assert_eq!(body("not base64"), ("text".to_owned(), "not base64!".to_owned()));
    assert_eq!(body("utf-8"), ("base64".to_owned(), "//4=".to_owned()));
    assert_eq!(
        world.waiting().await,
        1,
        "only the trigger's own message, which the host deletes"
    );
}

#[tokio::test]
async fn the_trigger_s_own_message_is_put_aside_by_the_sdk() {
    let (world, _) = World::still().await;
    let app = world.instance("app");
    for text in [
        json!({"status_type": "mirror", "status": {}}).to_string(),
        mirror("https://a/", 500, &[]),
    ] {
        let run = app.queue_text("publish_status_result", &text).run().await;
        assert_eq!(run.failure(), None);
        let envelope = run.poison().unwrap();
        assert!(!envelope.reason.is_empty() && envelope.id.is_some());
        assert_eq!(envelope.body, functions_protocol::poison::Body::Text(text));
    }
    assert_eq!(world.public().await, None);
}

#[tokio::test]
async fn a_poison_message_can_be_sent_back_as_it_is() {
    let (world, _) = World::still().await;
    let app = world.instance("app");
    let envelope = |body: String| {
        json!({"poison": 1, "reason": "storage was away", "id": "1", "encoding": "text", "body": body}).to_string()
    };
    world
        .send(&[
            envelope(mirror("https://a/", 1, &[])),
            envelope(mirror("https://b/", 1, &[])),
        ])
        .await;
    world.send(&[envelope("still no json".to_owned())]).await;
    host::run_until_idle(&world, &app).await;
    assert_eq!(world.public().await.unwrap()["mirror"].as_object().unwrap().len(), 2);
    let poisoned = world.poisoned().await;
    assert_eq!(poisoned.len(), 1);
    assert_eq!(poisoned[0]["body"], "still no json", "one envelope, not two");
}

#[tokio::test]
async fn a_message_that_was_handed_out_too_often_is_put_aside_untried() {
    let (world, hands) = World::still().await;
    let app = world.instance("app");
    world.send(&[mirror("https://killer/", 1, &[])]).await;
    for _ in 0..5 {
        host::take(&world).await.unwrap();
        hands.advance(host::LEASE);
    }
    world.send(&[mirror("https://a/", 1, &[])]).await;
    let mut messages = world.queue().receive(2, host::LEASE).await.unwrap();
    messages.sort_by_key(|message| message.dequeue_count);
    world
        .queue()
        .update(
            &messages[1].id,
            &messages[1].pop_receipt,
            std::time::Duration::ZERO,
            None,
        )
        .await
        .unwrap();
    assert_eq!(host::call(&world, &app, &messages[0]).await, Outcome::Succeeded);
    assert_eq!(
        reasons(&world.poisoned().await),
        ["it was handed out 7 times and never finished"]
    );
    assert_eq!(world.public().await.unwrap()["mirror"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_too_large_for_an_envelope_is_kept_as_it_is() {
    let (world, _) = World::still().await;
    let app = world.instance("app");
    world.send(&[mirror_list(1, &["https://a/"])]).await;
    let good = host::take(&world).await.unwrap();
    let large = format!("\"{}\"", "\\u00e4".repeat(8000));
    world.send(std::slice::from_ref(&large)).await;
    assert_eq!(host::call(&world, &app, &good).await, Outcome::Succeeded);
    assert_eq!(world.poisoned().await, [serde_json::from_str::<Value>(&large).unwrap()]);
}

#[tokio::test]
async fn a_result_too_large_for_the_queue_is_fetched_from_its_claim() {
    let (world, _) = World::still().await;
    let app = world.instance("app");
    let result = mirror("https://a/", 1, &[&"x".repeat(60_000)]);
    let name = storage_access::ClaimStore::name_of(result.as_bytes());
    let claim = json!({"claim": 1, "sha256": name, "length": result.len()}).to_string();
    let missing = json!({"claim": 1, "sha256": "0".repeat(64), "length": 1}).to_string();
    let store = storage_access::ClaimStore::new(&world.storage);
    store.put_if_absent(&name, result.into()).await.unwrap();
    world.send(&[mirror("https://b/", 1, &[]), claim, missing]).await;
    host::run_until_idle(&world, &app).await;
    let public = world.public().await.unwrap();
    assert_eq!(
        public["mirror"]["https://a/"]["errors"][0].as_str().unwrap().len(),
        60_000
    );
    assert_eq!(world.poisoned().await.len(), 1);
}
