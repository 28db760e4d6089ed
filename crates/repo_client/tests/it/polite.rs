use std::time::Duration;

use determinism::Clock;
use repo_client::{ClientSettings, Failure};
use service_fakes::mirrors::{Behaviour, Plan};

use crate::stage::Stage;

#[tokio::test]
async fn a_host_that_asks_for_it_is_left_alone() {
    let (clock, hands) = Clock::manual("2026-11-20T12:00:00Z".parse().unwrap());
    let stage = Stage::on(clock, Plan::both(Behaviour::Busy(120)), ClientSettings::default()).await;
    assert_eq!(stage.front_page().await.outcome.unwrap().status, 503);
    hands.advance(Duration::from_secs(119));
    let until = "2026-11-20T12:02:00Z".parse().unwrap();
    assert_eq!(stage.front_page().await.outcome.unwrap_err(), Failure::HeldBack(until));
    hands.advance(Duration::from_secs(1));
    assert_eq!(stage.front_page().await.outcome.unwrap().status, 503);
}

#[tokio::test]
async fn requests_to_one_host_are_spread() {
    let (clock, hands) = Clock::manual("2026-11-20T12:00:00Z".parse().unwrap());
    let settings = ClientSettings {
        per_host_rate: 1.0,
        per_host_burst: 2,
        ..ClientSettings::default()
    };
    let stage = Stage::on(clock, Plan::both(Behaviour::HEALTHY), settings).await;
    for _ in 0..2 {
        assert!(stage.front_page().await.outcome.is_ok());
    }
    let third = tokio::spawn(async move { (stage.front_page().await, stage) });
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!third.is_finished());
    hands.advance(Duration::from_secs(1));
    let (fetch, stage) = third.await.unwrap();
    assert!(fetch.outcome.is_ok());
    assert_eq!(
        fetch.latency.total,
        Duration::ZERO,
        "waiting for one's turn is not the mirror's latency"
    );
    assert_eq!(stage.clock.monotonic(), Duration::from_secs(1));
}
