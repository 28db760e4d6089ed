use std::net::SocketAddr;
use std::time::Duration;

use determinism::Clock;
use repo_client::{AddressMap, ClientSettings, Failure, Family, Phase, RepoClient, Wanted};
use service_fakes::mirrors::{Behaviour, Plan};
use url::Url;

use crate::stage::{NAME, Stage};

#[tokio::test]
async fn each_family_is_asked_on_its_own() {
    let stage = Stage::with(Plan::split(Behaviour::HEALTHY, Behaviour::Refuse)).await;
    let ipv4 = stage.front_page().await;
    assert_eq!(ipv4.outcome.unwrap().status, 200);
    assert!(ipv4.address.unwrap().is_ipv4());
    assert!(ipv4.latency.connect.is_some() && ipv4.latency.first_byte.is_some() && ipv4.latency.tls.is_none());
    if stage.mirrors.has_ipv6() {
        let ipv6 = stage.get("/", Family::Ipv6, Wanted::Whole(4096)).await;
        assert_eq!(ipv6.outcome.unwrap_err(), Failure::Refused);
        assert!(ipv6.address.unwrap().is_ipv6());
        assert_eq!(ipv6.latency.first_byte, None);
    }
}

#[tokio::test]
async fn a_name_without_the_family_has_no_address() {
    let only_ipv4 = Plan {
        ipv6: None,
        ..Plan::both(Behaviour::HEALTHY)
    };
    let stage = Stage::with(only_ipv4).await;
    let fetch = stage.get("/", Family::Ipv6, Wanted::Whole(4096)).await;
    assert_eq!(fetch.outcome.unwrap_err(), Failure::NoAddress);
}

#[tokio::test]
async fn another_address_of_the_name_is_tried_and_the_broken_one_named() {
    let mut stage = Stage::behaving(Behaviour::HEALTHY).await;
    stage
        .mirrors
        .add("broken.example", &Plan::both(Behaviour::Refuse))
        .await
        .unwrap();
    let of = |name| -> SocketAddr { stage.mirrors.addresses(name)[0] };
    let mut address_map = AddressMap::default();
    address_map.insert("both.example", of("broken.example"));
    address_map.insert("both.example", of(NAME));
    let client = RepoClient::new(
        ClientSettings {
            address_map,
            ..ClientSettings::default()
        },
        Clock::system(),
    );
    let url = Url::parse("http://both.example/").unwrap();
    let addresses = client.resolve(&url).await.unwrap();
    let fetch = client.get(&url, &addresses, Family::Ipv4, Wanted::Whole(4096)).await;
    assert_eq!(fetch.outcome.unwrap().status, 200);
    assert_eq!(fetch.broken_addresses, [of("broken.example")]);
    assert_eq!(fetch.address, Some(of(NAME)));
}

#[tokio::test]
async fn a_peer_that_breaks_off_is_told_from_one_that_refuses() {
    for behaviour in [Behaviour::Reset, Behaviour::Close] {
        let fetch = Stage::behaving(behaviour.clone()).await.front_page().await;
        assert_eq!(
            fetch.outcome.unwrap_err(),
            Failure::Reset(Phase::FirstByte),
            "{behaviour:?}"
        );
    }
}

/// Waits on a clock that stands: the only way to the end is the limit, however slow the machine is.
#[tokio::test]
async fn a_silent_peer_runs_into_the_limit_of_its_step() {
    let (clock, hands) = Clock::manual("2026-11-20T12:00:00Z".parse().unwrap());
    let stage = Stage::on(clock, Plan::both(Behaviour::Hang), ClientSettings::default()).await;
    let advance = async {
        loop {
            hands.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
    };
    let fetch = tokio::select! {
        fetch = stage.front_page() => fetch,
        () = advance => unreachable!("it never ends"),
    };
    let limit = Duration::from_secs(10);
    assert_eq!(
        fetch.outcome.unwrap_err(),
        Failure::TimedOut {
            phase: Phase::FirstByte,
            limit
        }
    );
    assert!(fetch.latency.total >= limit, "{:?}", fetch.latency);
}

#[tokio::test]
async fn a_dripping_body_runs_into_the_limit_of_the_whole() {
    let (clock, hands) = Clock::manual("2026-11-20T12:00:00Z".parse().unwrap());
    let drip = Plan::both(Behaviour::Drip(Duration::from_millis(500)));
    let stage = Stage::on(clock, drip, ClientSettings::default()).await;
    let advance = async {
        loop {
            hands.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
    };
    let fetch = tokio::select! {
        fetch = stage.get("/", Family::Ipv4, Wanted::Whole(2_000_000)) => fetch,
        () = advance => unreachable!("it never ends"),
    };
    let limit = Duration::from_secs(10);
    assert_eq!(
        fetch.outcome.unwrap_err(),
        Failure::TimedOut {
            phase: Phase::Body,
            limit
        }
    );
    assert!(fetch.latency.first_byte.is_some());
}
