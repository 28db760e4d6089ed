//! Busy storage, broken connections and lost answers, in seeded mixtures.

use std::time::Duration;

use determinism::Clock;
use storage_emulator::{Fault, FaultRule, RequestFilter};

use crate::world::{World, seed};
use crate::{host, mirror, mirror_list};

#[tokio::test]
async fn whatever_storage_does_the_last_status_is_right() {
    let seed = seed();
    for fault in [
        Fault::ServerBusy,
        Fault::TooManyRequests,
        Fault::InternalError,
        Fault::Reset,
        Fault::LoseAnswer,
    ] {
        for chance in [0.2, 0.5, 0.8] {
            let case = format!("{fault:?} with chance {chance}, STATUS_DELIVERY_SEED={seed}");
            let world = World::with_clock_and_seed(Clock::system().shifted(Duration::ZERO), seed).await;
            let mut messages = vec![mirror_list(0, &["https://a/", "https://b/", "https://c/"])];
            for minute in 1..6 {
                for url in ["https://a/", "https://b/", "https://c/"] {
                    messages.push(mirror(url, minute, if minute == 5 { &["down"] } else { &[] }));
                }
            }
            world.send(&messages).await;
            let rule = FaultRule::new(RequestFilter::process("app"), fault).with_chance(chance);
            world.emulator.faults().add(rule);
            let app = world.instance("app");
            for _ in 0..3 {
                // What fails five times goes to the poison queue by the host's own rule, so it gets fewer tries here.
                if let Some(message) = host::take(&world).await {
                    host::call(&world, &app, &message).await;
                }
                world.clock.shift(host::LEASE);
            }
            world.emulator.faults().clear();
            for _ in 0..4 {
                host::run_until_idle(&world, &app).await;
                world.clock.shift(host::LEASE);
            }
            assert_eq!(world.waiting().await, 0, "{case}");
            assert!(world.poisoned().await.is_empty(), "{case}");
            let public = world.public().await.unwrap();
            let mirrors = public["mirror"].as_object().unwrap();
            assert_eq!(mirrors.len(), 3, "{case}");
            assert!(
                mirrors.values().all(|mirror| mirror["errors"][0] == "down"),
                "{case}: {public}"
            );
            assert_eq!(
                world.state().await.unwrap()["generation"],
                public["generation"],
                "{case}"
            );
            let published = world.published.lock().unwrap().clone();
            assert!(
                published.is_sorted_by(|earlier, later| earlier < later),
                "{case}: {published:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_outage_fails_the_invocation_and_keeps_the_message() {
    let (world, _) = World::still().await;
    world.send(&[mirror("https://a/", 1, &[])]).await;
    let rule = world
        .emulator
        .faults()
        .add(FaultRule::new(RequestFilter::process("app"), Fault::ServerBusy));
    let app = world.instance("app");
    let host::Outcome::Failed(reason) = host::deliver(&world, &app).await else {
        panic!("it did not fail")
    };
    assert!(
        reason.contains("reading or writing the state: cannot read blob status-state/state.json"),
        "{reason}"
    );
    assert!(reason.contains("503 ServerBusy"), "{reason}");
    world.emulator.faults().remove(rule);
    assert_eq!(host::deliver(&world, &app).await, host::Outcome::Succeeded);
    assert_eq!(world.waiting().await, 0);
}
