//! A message that kills every process that tries to store it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use determinism::Clock;
use storage_access::ConnectionLost;

use crate::world::{Gate, World, labelled_gate};
use crate::{host, mirror};

const KILLER: &str = "https://killer.example/";

/// Nothing gets through any more once the killer's status is on its way to storage.
fn mortal(inner: Gate, dead: Arc<AtomicBool>) -> Gate {
    Arc::new(move |request| {
        let fatal = request.method() == http::Method::PUT && contains(request.body(), KILLER.as_bytes());
        if fatal {
            dead.store(true, Ordering::SeqCst);
        }
        if dead.load(Ordering::SeqCst) {
            return Box::pin(async { Err(ConnectionLost) });
        }
        inner(request)
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn it_ends_in_the_poison_queue_and_takes_no_other_with_it() {
    const OTHERS: usize = 60;
    let world = World::with_clock(Clock::system().shifted(Duration::ZERO)).await;
    let mut messages: Vec<String> = (0..OTHERS)
        .map(|number| mirror(&format!("https://m{number}.example/"), 1, &[]))
        .collect();
    messages.insert(OTHERS / 2, mirror(KILLER, 1, &[]));
    world.send(&messages).await;

    let mut deaths = 0;
    while world.waiting().await > 0 {
        let dead = Arc::new(AtomicBool::new(false));
        let label = format!("life {deaths}");
        let app = world.instance_behind(
            &label,
            mortal(labelled_gate(&world.emulator, &label), Arc::clone(&dead)),
        );
        while !dead.load(Ordering::SeqCst) {
            let Some(message) = host::take(&world).await else { break };
            if message.dequeue_count > 5 {
                host::put_aside_for_good(&world, &message).await;
                continue;
            }
            let outcome = host::call(&world, &app, &message).await;
            if !dead.load(Ordering::SeqCst) {
                assert_eq!(outcome, host::Outcome::Succeeded);
                world.queue().delete(&message.id, &message.pop_receipt).await.unwrap();
            }
        }
        deaths += usize::from(dead.load(Ordering::SeqCst));
        assert!(deaths < 20, "the process dies for ever");
        world.clock.shift(host::LEASE);
    }
    assert!(deaths >= 2, "{deaths}");
    assert_eq!(
        world.public().await.unwrap()["mirror"].as_object().unwrap().len(),
        OTHERS
    );
    let poisoned = world.poisoned().await;
    assert_eq!(poisoned.len(), 1, "{poisoned:?}");
    assert!(poisoned[0].to_string().contains(KILLER));
}
