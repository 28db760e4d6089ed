//! Queue messages: unusable ones, replayed ones, large ones, and those the host really sent.

use std::sync::Arc;

use custom_handler::testing::TestApp;
use functions_protocol::poison::{Body, Envelope};

use crate::app::{Deps, Job, Order, RESULTS, app, app_with_store};
use crate::stores::MemoryStore;

fn test_app() -> TestApp<Arc<Deps>> {
    TestApp::new(app(), Arc::default())
}

fn with_store() -> (TestApp<Arc<Deps>>, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::default());
    let deps = Deps {
        store: Some(store.clone()),
        ..Deps::default()
    };
    (TestApp::new(app_with_store(), Arc::new(deps)), store)
}

#[tokio::test]
async fn a_message_that_no_retry_helps_is_put_aside_with_its_reason() {
    let run = test_app()
        .queue(
            "run_job",
            &Job {
                id: 7,
                order: Order::PutAside("too old".to_owned()),
            },
        )
        .run()
        .await;
    assert_eq!(run.failure(), None, "the host may delete the message");
    let envelope = run.poison().unwrap();
    assert_eq!(envelope.reason, "too old");
    assert!(matches!(envelope.body, Body::Text(body) if body.contains("PutAside")));
    assert!(envelope.id.is_some());
    assert!(run.messages(RESULTS).is_empty());
}

#[tokio::test]
async fn an_undecodable_message_is_put_aside_with_the_place_in_it() {
    let run = test_app()
        .queue_text("run_job", r#"{"id":"seven","order":"Fail"}"#)
        .run()
        .await;
    let envelope = run.poison().unwrap();
    assert!(
        envelope.reason.contains("`id`") && envelope.reason.contains("`job`"),
        "{}",
        envelope.reason
    );
    assert_eq!(envelope.body, Body::Text(r#"{"id":"seven","order":"Fail"}"#.to_owned()));
}

#[tokio::test]
async fn a_replayed_envelope_is_unwrapped_and_never_wrapped_twice() {
    let app = test_app();
    let put_aside = app
        .queue(
            "run_job",
            &Job {
                id: 7,
                order: Order::PutAside("first".to_owned()),
            },
        )
        .run()
        .await;
    let message = put_aside.message_texts("jobs-poison").remove(0);
    let again = app.queue_text("run_job", &message).run().await;
    assert_eq!(again.poison().unwrap().body, put_aside.poison().unwrap().body);

    let body = serde_json::to_string(&Job {
        id: 8,
        order: Order::Echo("hi".to_owned()),
    })
    .unwrap();
    let envelope = Envelope {
        reason: "bug".to_owned(),
        id: None,
        body: Body::Text(body),
    };
    let message = envelope.encode(custom_handler::MessageEncoding::Base64).unwrap();
    assert_eq!(
        app.queue_text("run_job", &message).run().await.messages(RESULTS)[0].id,
        8
    );
}

#[tokio::test]
async fn an_envelope_too_large_for_the_queue_keeps_its_reason_and_stores_the_message() {
    let text = format!("{{\"broken\":\"{}\"}}", "\u{1}".repeat(20_000));
    let without = test_app().queue_text("run_job", &text).run().await;
    let failure = without
        .failure()
        .expect("without a store the host's own rule must apply");
    assert!(failure.contains("49152"), "{failure}");

    let (app, store) = with_store();
    let run = app.queue_text("run_job", &text).run().await;
    let envelope = run.poison().unwrap();
    assert!(envelope.reason.contains("cannot decode"), "{}", envelope.reason);
    let message = run.message_texts("jobs-poison").remove(0);
    assert!(message.len() < 2000);
    assert_eq!(store.contents(), std::slice::from_ref(&text));

    let again = app.queue_text("run_job", &message).run().await;
    assert!(
        again.poison().is_some(),
        "replayed, it is fetched, still unusable, and put aside again"
    );
    assert_eq!(store.contents(), [text]);
}

#[tokio::test]
async fn a_large_result_goes_by_claim_and_its_reader_gets_it_whole() {
    let job = Job {
        id: 7,
        order: Order::Large(100_000),
    };
    let without = test_app().queue("run_job", &job).run().await;
    let failure = without.failure().unwrap();
    assert!(failure.contains("result") && failure.contains("49152"), "{failure}");

    let (app, store) = with_store();
    let message = app
        .queue("run_job", &job)
        .run()
        .await
        .message_texts("results")
        .remove(0);
    assert!(message.starts_with(r#"{"claim":1,"sha256":""#), "{message}");
    assert_eq!(store.contents().len(), 1);

    let large = Job {
        id: 9,
        order: Order::Echo("y".repeat(90_000)),
    };
    let claim = store.claim(&serde_json::to_string(&large).unwrap());
    assert_eq!(app.queue_text("run_job", &claim).run().await.failure(), None);
    let stored = store.contents();
    assert!(
        stored.iter().any(|text| text.starts_with(r#"{"id":9,"text":"yyy"#)),
        "the reader got the payload, not the claim"
    );
}

#[tokio::test]
async fn a_claim_whose_content_is_gone_or_changed_is_put_aside_and_a_failing_store_is_retried() {
    let (app, store) = with_store();
    let claim = store.claim("{}");
    store.change_all("other");
    let run = app.queue_text("run_job", &claim).run().await;
    assert!(run.poison().unwrap().reason.contains("does not have the hash"));
    store.clear();
    let run = app.queue_text("run_job", &claim).run().await;
    assert!(run.poison().unwrap().reason.contains("is not in the container claims"));
    store.fail();
    let run = app.queue_text("run_job", &claim).run().await;
    assert!(run.failure().unwrap().contains("fetching the payload"));
}
