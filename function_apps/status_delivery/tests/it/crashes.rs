//! The process dies at the k-th storage request, for every k, before and after the request is applied.

use std::time::Duration;

use determinism::Clock;
use serde_json::Value;
use storage_emulator::{FaultRule, Moment, RequestFilter};

use crate::world::World;
use crate::{content, host, mirror, mirror_list};

async fn world() -> World {
    let world = World::with_clock(Clock::system().shifted(Duration::ZERO)).await;
    world
        .send(&[
            mirror_list(1, &["https://a/", "https://b/", "https://c/"]),
            mirror("https://a/", 2, &[]),
            mirror("https://b/", 2, &["down"]),
            "unusable".to_owned(),
            mirror("https://c/", 2, &[]),
            mirror("https://gone/", 1, &[]),
        ])
        .await;
    world
}

/// Delivers everything, however often messages come again.
async fn finish(world: &World, label: &str) {
    let app = world.instance(label);
    for _ in 0..6 {
        host::run_until_idle(world, &app).await;
        world.clock.shift(host::LEASE);
    }
    assert_eq!(world.waiting().await, 0, "nothing is left");
}

async fn check(world: &World, expected: &Value, case: &str) {
    assert_eq!(&content(world.public().await.unwrap()), expected, "{case}");
    let state = world.state().await.unwrap();
    assert_eq!(
        state["generation"],
        world.public().await.unwrap()["generation"],
        "{case}"
    );
    let poisoned = world.poisoned().await;
    assert!(!poisoned.is_empty(), "{case}: the unusable message is gone");
    let ids: std::collections::BTreeSet<&str> = poisoned
        .iter()
        .map(|envelope| envelope["id"].as_str().unwrap())
        .collect();
    assert!(
        poisoned.iter().all(|envelope| envelope["body"] == "unusable"),
        "{case}: {poisoned:?}"
    );
    assert!(ids.len() <= 2, "{case}: {poisoned:?}");
    let published = world.published.lock().unwrap().clone();
    assert!(
        published.is_sorted_by(|earlier, later| earlier < later),
        "{case}: {published:?}"
    );
}

#[tokio::test]
async fn nothing_is_lost_or_applied_twice_wherever_the_process_dies() {
    let quiet = world().await;
    finish(&quiet, "app").await;
    let expected = content(quiet.public().await.unwrap());
    assert_eq!(expected["mirror"].as_object().unwrap().len(), 3);
    assert!(
        expected["mirror"]
            .as_object()
            .unwrap()
            .values()
            .all(|mirror| mirror["results"] == 1)
    );

    for moment in [Moment::BeforeApply, Moment::AfterApply] {
        let mut crashes = 0;
        for k in 1.. {
            let case = format!("request {k}, {moment:?}");
            let world = world().await;
            let rule = world
                .emulator
                .faults()
                .add(FaultRule::crash(k, moment, RequestFilter::process("first")));
            let app = world.instance("first");
            let message = host::take(&world).await.unwrap();
            let outcome = host::call(&world, &app, &message).await;
            drop(app);
            if !world.emulator.faults().has_crashed(rule) {
                assert_eq!(outcome, host::Outcome::Succeeded, "{case}");
                break;
            }
            crashes += 1;
            // The host never got an answer: the message returns after its lease, the drained ones after theirs.
            world.clock.shift(host::LEASE);
            finish(&world, "second").await;
            check(&world, &expected, &case).await;
        }
        assert!(crashes > 12, "only {crashes} requests were interrupted");
    }
}

#[tokio::test]
async fn a_process_that_dies_again_and_again_still_gets_everything_done() {
    let quiet = world().await;
    finish(&quiet, "app").await;
    let expected = content(quiet.public().await.unwrap());
    for k in 1..12 {
        let world = world().await;
        for life in 0..3 {
            let label = format!("life {life}");
            let moment = if life % 2 == 0 {
                Moment::AfterApply
            } else {
                Moment::BeforeApply
            };
            world
                .emulator
                .faults()
                .add(FaultRule::crash(k, moment, RequestFilter::process(&label)));
            let app = world.instance(&label);
            if let Some(message) = host::take(&world).await {
                host::call(&world, &app, &message).await;
            }
            world.clock.shift(host::LEASE);
        }
        finish(&world, "last").await;
        check(&world, &expected, &format!("request {k} of each life")).await;
    }
}
