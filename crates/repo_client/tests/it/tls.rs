use std::time::Duration;

use determinism::Clock;
use repo_client::{ClientSettings, Failure, Phase, TlsFault};
use service_fakes::mirrors::{Behaviour, Plan, Transport, Validity};

use crate::stage::Stage;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn over(transport: Transport) -> (Stage, repo_client::Fetch) {
    let stage = Stage::with(Plan::both(Behaviour::HEALTHY).over(transport)).await;
    let fetch = stage.front_page().await;
    (stage, fetch)
}

#[tokio::test]
async fn a_good_certificate_is_read() {
    let (stage, fetch) = over(Transport::Tls(Validity::Ends(30 * DAY))).await;
    assert_eq!(fetch.outcome.unwrap().status, 200);
    assert!(fetch.latency.tls.is_some());
    let certificate = fetch.certificate.unwrap();
    assert_eq!(certificate.issuer, "CN=Example Mirrors Test Authority");
    let left = certificate.not_after.duration_since(stage.clock.now()).as_hours();
    assert!((719..=720).contains(&left), "{left}");
}

#[tokio::test]
async fn a_refused_certificate_is_read_too() {
    for (transport, fault) in [
        (Transport::Tls(Validity::Ended(DAY)), TlsFault::Expired),
        (Transport::Tls(Validity::Ends(200 * DAY)), TlsFault::NotYetValid),
        (Transport::Untrusted, TlsFault::Untrusted),
        (Transport::WrongName, TlsFault::WrongName),
    ] {
        let (_, fetch) = over(transport).await;
        assert_eq!(fetch.outcome.unwrap_err(), Failure::Tls(fault), "{transport:?}");
        assert!(fetch.certificate.is_some(), "{transport:?}");
    }
}

#[tokio::test]
async fn certificates_are_judged_by_the_clock_that_is_passed() {
    let (stage, fetch) = over(Transport::Tls(Validity::Ends(DAY))).await;
    assert!(fetch.outcome.is_ok());
    let later = stage.clock.shifted(2 * DAY);
    let client = stage.client.with_clock(&later);
    let url = stage.url("/");
    let addresses = client.resolve(&url).await.unwrap();
    let fetch = client
        .get(
            &url,
            &addresses,
            repo_client::Family::Ipv4,
            repo_client::Wanted::Whole(4096),
        )
        .await;
    assert_eq!(fetch.outcome.unwrap_err(), Failure::Tls(TlsFault::Expired));
}

#[tokio::test]
async fn what_speaks_no_tls_fails_the_handshake() {
    let plain = Stage::behaving(Behaviour::Banner(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await;
    let url = plain.url("/").to_string().replace("http:", "https:").parse().unwrap();
    let addresses = plain.client.resolve(&url).await.unwrap();
    let fetch = plain
        .client
        .get(
            &url,
            &addresses,
            repo_client::Family::Ipv4,
            repo_client::Wanted::Whole(1),
        )
        .await;
    let failure = fetch.outcome.unwrap_err();
    assert!(matches!(failure, Failure::Tls(TlsFault::Other(_))), "{failure:?}");
    assert_eq!(fetch.certificate, None);
}

#[tokio::test]
async fn a_server_that_hangs_in_the_handshake_runs_into_its_limit() {
    let (clock, hands) = Clock::manual("2026-11-20T12:00:00Z".parse().unwrap());
    let plan = Plan::both(Behaviour::Hang).over(Transport::Tls(Validity::Ends(DAY)));
    let stage = Stage::on(clock, plan, ClientSettings::default()).await;
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
    let limit = Duration::from_secs(5);
    assert_eq!(
        fetch.outcome.unwrap_err(),
        Failure::TimedOut {
            phase: Phase::Handshake,
            limit
        }
    );
}
