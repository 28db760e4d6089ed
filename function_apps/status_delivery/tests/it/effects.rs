//! Everything that a delivery does, and the order in which it does it.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::host::{self, Outcome};
use crate::world::{World, at};
use crate::{mirror, mirror_list};

fn watch(world: &World) -> Arc<Mutex<Vec<String>>> {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    world.emulator.observe(move |event| {
        if event.process.as_deref() == Some("app") {
            let resource = event
                .blob
                .as_ref()
                .or(event.queue.as_ref())
                .or(event.container.as_ref());
            let resource = resource.cloned().unwrap_or_default();
            seen.lock()
                .unwrap()
                .push(format!("{} {resource}: {}", event.operation.name(), event.status));
        }
    });
    steps
}

#[tokio::test]
async fn the_first_delivery_makes_everything_it_needs() {
    let (world, _) = World::still().await;
    let app = world.instance("app");
    let steps = watch(&world);
    world
        .send(&[
            mirror_list(1, &["https://a.example/", "https://b.example/"]),
            mirror("https://a.example/", 2, &[]),
            mirror("https://b.example/", 3, &["failed to connect"]),
            mirror("https://gone.example/", 1, &[]),
        ])
        .await;
    assert_eq!(host::deliver(&world, &app).await, Outcome::Succeeded);
    assert_eq!(world.waiting().await, 0);
    insta::assert_snapshot!("steps", steps.lock().unwrap().join("\n"));
    insta::assert_json_snapshot!("public", world.public().await.unwrap());
    insta::assert_json_snapshot!("state", world.state().await.unwrap());
    assert_eq!(world.poisoned().await, [] as [serde_json::Value; 0]);

    let page =
        http::Request::get("http://blob.emulator.test/devstoreaccount1/dynamic-public-data/repository_status.json");
    let answer = world.emulator.handle(page.body(bytes::Bytes::new()).unwrap()).await;
    assert_eq!(answer.status(), 200, "everybody can read it");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["cache-control"], "max-age=5, s-maxage=5");
    assert!(
        answer.body().starts_with(b"{\n    \"generated_at\""),
        "four spaces, sorted"
    );
}

#[tokio::test]
async fn later_deliveries_read_nothing_and_duplicates_write_nothing() {
    let (world, _) = World::still().await;
    let app = world.instance("app");
    world.send(&[mirror("https://a/", 1, &[])]).await;
    host::run_until_idle(&world, &app).await;

    let steps = watch(&world);
    world.send(&[mirror("https://a/", 2, &[])]).await;
    host::run_until_idle(&world, &app).await;
    let blobs = |steps: &Mutex<Vec<String>>| -> Vec<String> {
        std::mem::take(&mut *steps.lock().unwrap())
            .into_iter()
            .filter(|step| step.contains("json"))
            .collect()
    };
    assert_eq!(
        blobs(&steps),
        ["PutBlob state.json: 201", "PutBlob repository_status.json: 201"]
    );

    let before = world.state().await;
    world
        .send(&[mirror("https://a/", 2, &[]), mirror("https://a/", 1, &["old"])])
        .await;
    host::run_until_idle(&world, &app).await;
    assert_eq!(blobs(&steps), [] as [String; 0]);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_message_that_comes_again_is_handled_alone() {
    let (world, hands) = World::still().await;
    let app = world.instance("app");
    world.send(&[mirror("https://a/", 1, &[])]).await;
    let first = host::take(&world).await.unwrap();
    hands.advance(host::LEASE);
    world.send(&[mirror("https://b/", 1, &[])]).await;
    let again = host::take(&world).await.unwrap();
    assert_eq!((&again.id, again.dequeue_count), (&first.id, 2));
    assert_eq!(host::call(&world, &app, &again).await, Outcome::Succeeded);
    assert_eq!(world.public().await.unwrap()["mirror"].as_object().unwrap().len(), 1);
    assert_eq!(world.waiting().await, 2, "the other message waits for its own trigger");
}

#[tokio::test]
async fn drained_messages_that_come_again_are_written_after_the_others_are_safe() {
    let (world, hands) = World::still().await;
    let app = world.instance("app");
    world.send(&[mirror("https://again/", 1, &[])]).await;
    host::take(&world).await.unwrap();
    hands.advance(host::LEASE);
    world
        .send(&[mirror("https://b/", 1, &[]), mirror("https://c/", 1, &[])])
        .await;
    // The trigger gets a fresh message, so the one that comes again is drained.
    let mut messages = world.queue().receive(3, host::LEASE).await.unwrap();
    messages.sort_by_key(|message| message.dequeue_count);
    for message in &messages[1..] {
        world
            .queue()
            .update(&message.id, &message.pop_receipt, std::time::Duration::ZERO, None)
            .await
            .unwrap();
    }
    let steps = watch(&world);
    assert_eq!(host::call(&world, &app, &messages[0]).await, Outcome::Succeeded);
    let writes = steps
        .lock()
        .unwrap()
        .iter()
        .filter(|step| step.starts_with("PutBlob state.json: 201"))
        .count();
    assert_eq!(
        writes, 3,
        "the trigger's own, and each of the others: one was handed out a third time"
    );
    assert_eq!(world.public().await.unwrap()["mirror"].as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn a_document_that_was_put_there_before_is_replaced_and_a_deleted_one_comes_back() {
    use storage_access::{Access, BlobHeaders, Condition};
    let (world, _) = World::still().await;
    let container = world.storage.container("dynamic-public-data");
    container.create_if_absent(Access::PublicBlobs).await.unwrap();
    let document = container.document("repository_status.json");
    let _ = document
        .put("{}".into(), Condition::Always, BlobHeaders::default())
        .await
        .unwrap();
    let app = world.instance("app");
    world.send(&[mirror("https://a/", 1, &[])]).await;
    host::run_until_idle(&world, &app).await;
    assert_eq!(world.public().await.unwrap()["generation"], 1);

    assert!(document.delete(Condition::Always).await.unwrap());
    world.send(&[mirror("https://a/", 2, &[])]).await;
    host::run_until_idle(&world, &app).await;
    assert_eq!(world.public().await.unwrap()["generation"], 2);
}

#[tokio::test]
async fn a_state_that_was_put_back_to_an_older_copy_publishes_again() {
    use storage_access::{BlobHeaders, Condition};
    let (world, _) = World::still().await;
    world.send(&[mirror("https://a/", 1, &[])]).await;
    host::run_until_idle(&world, &world.instance("app")).await;
    let document = world.storage.container("status-state").document("state.json");
    let old = document.get().await.unwrap().unwrap().bytes;
    for minute in 2..5 {
        world.send(&[mirror("https://a/", minute, &[])]).await;
        host::run_until_idle(&world, &world.instance("app")).await;
    }
    assert_eq!(world.public().await.unwrap()["generation"], 4);

    let _ = document
        .put(old, Condition::Always, BlobHeaders::default())
        .await
        .unwrap();
    world.send(&[mirror("https://a/", 6, &["down"])]).await;
    host::run_until_idle(&world, &world.instance("app")).await;
    let public = world.public().await.unwrap();
    assert_eq!(public["mirror"]["https://a/"]["running"], false);
    assert!(public["generation"].as_u64().unwrap() > 4, "{public}");
    assert_eq!(world.state().await.unwrap()["generation"], public["generation"]);
}

#[tokio::test]
async fn a_run_by_hand_needs_no_queue_metadata() {
    let (world, _) = World::still().await;
    let app = world.instance("app");
    let message = json!({"status_type": "mirror-list", "status": ["https://a/"]}).to_string();
    let body = json!({"Data": {"msg": serde_json::to_string(&message).unwrap()}, "Metadata": {}}).to_string();
    let reply = app.invoke_raw("publish_status_result", body).await;
    assert!(reply.is_success(), "{reply:?}");
    let state = world.state().await.unwrap();
    assert_eq!(
        state["mirror"]["list"]["observed_at"],
        at(120).to_string(),
        "it speaks for the moment of the run"
    );
}
