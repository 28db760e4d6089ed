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

#[tokio::test]
async fn it_takes_no_other_with_it_when_fresh_messages_start_every_life() {
    const OTHERS: usize = 60;
    let world = World::with_clock(Clock::system().shifted(Duration::ZERO)).await;
    let mut messages: Vec<String> = (0..OTHERS)
        .map(|number| mirror(&format!("https://m{number}.example/"), 1, &[]))
        .collect();
    messages.insert(OTHERS / 2, mirror(KILLER, 1, &[]));
    world.send(&messages).await;
    // Received once, by a process of which nothing is known but that it died.
    while !world
        .queue()
        .receive(32, Duration::from_secs(120))
        .await
        .unwrap()
        .is_empty()
    {}

    for life in 0..5 {
        let fresh = mirror(&format!("https://fresh{life}.example/"), 1, &[]);
        world.send(std::slice::from_ref(&fresh)).await;
        let trigger = host::take(&world).await.unwrap();
        assert_eq!(trigger.dequeue_count, 1, "everything else is hidden");
        world.clock.shift(Duration::from_secs(300));
        let dead = Arc::new(AtomicBool::new(false));
        let label = format!("life {life}");
        let app = world.instance_behind(
            &label,
            mortal(labelled_gate(&world.emulator, &label), Arc::clone(&dead)),
        );
        host::call(&world, &app, &trigger).await;
        assert_eq!(dead.load(Ordering::SeqCst), life < 4, "the sixth delivery is not tried");
        world.queue().delete(&trigger.id, &trigger.pop_receipt).await.unwrap();
    }
    assert_eq!(world.waiting().await, 0);
    assert_eq!(
        world.public().await.unwrap()["mirror"].as_object().unwrap().len(),
        OTHERS + 5
    );
    let poisoned = world.poisoned().await;
    assert_eq!(poisoned.len(), 1, "{poisoned:?}");
    assert!(poisoned[0]["body"].as_str().unwrap().contains(KILLER));
    assert_eq!(poisoned[0]["reason"], "it was handed out 6 times and never finished");
}

/// What stands between two of them is never tried in the drains that they end, while its deliveries are counted.
#[tokio::test]
async fn several_take_none_with_them_that_stands_between_them() {
    const OTHERS: usize = 60;
    const KILLERS: usize = 4;
    let world = World::with_clock(Clock::system().shifted(Duration::ZERO)).await;
    let mut messages: Vec<String> = (0..OTHERS)
        .map(|number| mirror(&format!("https://m{number}.example/"), 1, &[]))
        .collect();
    for number in 0..KILLERS {
        let place = (number + 1) * OTHERS / (KILLERS + 1);
        messages.insert(place, mirror(&format!("{KILLER}{number}/"), 1, &[]));
    }
    world.send(&messages).await;
    // Received once, by a process of which nothing is known but that it died.
    while !world
        .queue()
        .receive(32, Duration::from_secs(120))
        .await
        .unwrap()
        .is_empty()
    {}

    let mut lives = 0;
    while world.waiting().await > 0 {
        assert!(lives < 20 * KILLERS, "the process dies for ever");
        // A fresh message starts most lives, so that nearly all the others are only ever drained.
        world
            .send(&[mirror(&format!("https://fresh{lives}.example/"), 1, &[])])
            .await;
        lives += 1;
        let trigger = host::take(&world).await.unwrap();
        world.clock.shift(Duration::from_secs(300));
        if trigger.dequeue_count > 5 {
            host::put_aside_for_good(&world, &trigger).await;
            continue;
        }
        let label = format!("life {lives}");
        let gate = mortal(labelled_gate(&world.emulator, &label), Arc::default());
        // The host's answer goes to the queue even where the drain dies: what it was for is done.
        if host::call(&world, &world.instance_behind(&label, gate), &trigger).await == host::Outcome::Succeeded {
            world.queue().delete(&trigger.id, &trigger.pop_receipt).await.unwrap();
        }
    }
    let poisoned = world.poisoned().await;
    let bodies: Vec<_> = poisoned
        .iter()
        .map(|envelope| envelope["body"].as_str().unwrap())
        .collect();
    assert!(bodies.iter().all(|body| body.contains(KILLER)), "{bodies:#?}");
    for number in 0..KILLERS {
        let killer = format!("{KILLER}{number}/");
        assert!(
            bodies.iter().any(|body| body.contains(&killer)),
            "{killer}: {bodies:#?}"
        );
    }
    let public = world.public().await.unwrap();
    assert_eq!(public["mirror"].as_object().unwrap().len(), OTHERS + lives);
}
