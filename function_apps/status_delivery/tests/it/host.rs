//! As much of the host as a queue trigger needs: receive, call, write the poison output, delete or release.

use std::time::Duration;

use custom_handler::testing::TestApp;
use status_delivery::Deps;
use storage_access::{Received, SendOptions};

use crate::world::World;

/// The host hides a message for ten minutes while its function runs.
pub(crate) const LEASE: Duration = Duration::from_secs(600);

/// How one delivery ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There was nothing to deliver.
    Idle,
    Succeeded,
    Failed(String),
    /// It was handed out five times before, and is not tried again.
    PutAside,
}

/// The next message of the queue, as the host takes it.
pub(crate) async fn take(world: &World) -> Option<Received> {
    world.queue().receive(1, LEASE).await.unwrap().pop()
}

/// Delivers the next message. A failed one is released at once, or put aside after its fifth try.
pub(crate) async fn deliver(world: &World, app: &TestApp<Deps>) -> Outcome {
    let Some(message) = take(world).await else {
        return Outcome::Idle;
    };
    if message.dequeue_count > 5 {
        put_aside_for_good(world, &message).await;
        return Outcome::PutAside;
    }
    let outcome = call(world, app, &message).await;
    match &outcome {
        Outcome::Failed(_) if message.dequeue_count < 5 => {
            world
                .queue()
                .update(&message.id, &message.pop_receipt, Duration::ZERO, None)
                .await
                .unwrap();
        }
        Outcome::Failed(_) => {
            put_aside(world, message.body.as_deref().unwrap()).await;
            world.queue().delete(&message.id, &message.pop_receipt).await.unwrap();
        }
        _ => world.queue().delete(&message.id, &message.pop_receipt).await.unwrap(),
    }
    outcome
}

/// Calls the function and writes what it puts aside.
pub(crate) async fn call(world: &World, app: &TestApp<Deps>, message: &Received) -> Outcome {
    let text = String::from_utf8(message.body.clone().unwrap()).unwrap();
    let run = app
        .queue_text("publish_status_result", &text)
        .attempt(message.dequeue_count)
        .run()
        .await;
    for envelope in run.message_texts("results-queue-poison") {
        put_aside(world, envelope.as_bytes()).await;
    }
    match run.failure() {
        None => Outcome::Succeeded,
        Some(reason) => Outcome::Failed(reason.to_owned()),
    }
}

/// Delivers until the queue has nothing visible.
pub(crate) async fn run_until_idle(world: &World, app: &TestApp<Deps>) {
    for _ in 0..200 {
        if deliver(world, app).await == Outcome::Idle {
            return;
        }
    }
    panic!("the queue does not become empty");
}

/// What the host does with a message that was handed out too often: it is not tried again.
pub(crate) async fn put_aside_for_good(world: &World, message: &Received) {
    put_aside(world, message.body.as_deref().unwrap()).await;
    world.queue().delete(&message.id, &message.pop_receipt).await.unwrap();
}

async fn put_aside(world: &World, body: &[u8]) {
    let queue = world.storage.queue("results-queue-poison");
    queue.create_if_absent().await.unwrap();
    queue.send(body, SendOptions::default()).await.unwrap();
}
