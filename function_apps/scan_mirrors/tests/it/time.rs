//! A check comes to an end with a result before the host would end it, whatever holds it up.

use std::time::Duration;

use custom_handler::{Payload, Settings};
use futures::future::join_all;
use package_repos::mirror::MirrorRequest;
use scan_mirrors::Deps;
use serde_json::{Value, json};
use service_fakes::mirrors::{Behaviour, FakeMirrors, Plan};

use crate::stage::{app, codes, noon, passing_time, result};

/// A request for as many files as there may be.
fn large(path: &str) -> MirrorRequest {
    let names = |kind: &str| (0..16).map(|number| format!("{kind}{number}")).collect::<Vec<_>>();
    let entry = json!({"url": format!("http://a.example/{path}"), "suites": names("suite"), "repos": names("repo")});
    MirrorRequest::decode(&entry.to_string()).unwrap()
}

fn status(result: &Value) -> &Value {
    result["status"].as_object().unwrap().values().next().unwrap()
}

fn ipv4(behaviour: Behaviour) -> Plan {
    Plan {
        ipv6: None,
        ..Plan::both(behaviour)
    }
}

#[tokio::test]
async fn a_mirror_that_answers_slowly_does_not_hold_a_check_up() {
    let (clock, hands) = noon();
    let mut mirrors = FakeMirrors::new(&clock).await.unwrap();
    let slow = Behaviour::Slow(Duration::from_secs(9));
    mirrors.add("a.example", &ipv4(slow)).await.unwrap();
    let app = app(Some(&mirrors), &clock, &[]).await;
    let started = clock.monotonic();
    let result = result(&passing_time(&hands, app.queue("check_mirror", &large("")).run()).await);
    let took = clock.monotonic() - started;
    assert!(took < Duration::from_secs(95), "{took:?}");
    assert_eq!(status(&result)["running"], false);
    let codes = codes(&result);
    assert_eq!(
        codes.iter().filter(|code| *code == "CHECK-INCOMPLETE").count(),
        1,
        "{codes:?}"
    );
    let files = status(&result)["facts"]["families"][0]["files"].as_array().unwrap();
    assert!((25..32).contains(&files.len()), "{} files", files.len());
}

#[tokio::test]
async fn checks_that_wait_for_a_host_end_in_time_and_leave_no_debt() {
    let (clock, hands) = noon();
    let mut mirrors = FakeMirrors::new(&clock).await.unwrap();
    mirrors.add("a.example", &ipv4(Behaviour::HEALTHY)).await.unwrap();
    let app = app(Some(&mirrors), &clock, &[]).await;
    let requests: Vec<MirrorRequest> = (0..40).map(|number| large(&number.to_string())).collect();
    let runs = join_all(requests.iter().map(|request| app.queue("check_mirror", request).run()));
    let runs = passing_time(&hands, runs).await;
    // 1,280 files at ten a second are more than there is time for.
    let results: Vec<Value> = runs.iter().map(result).collect();
    let (cut, whole): (Vec<_>, Vec<_>) = results
        .iter()
        .partition(|result| codes(result).contains(&"CHECK-INCOMPLETE".to_owned()));
    assert!(!cut.is_empty());
    assert!(cut.iter().all(|result| status(result)["running"] == false));
    assert!(whole.iter().all(|result| status(result)["running"] == true));

    // The requests that were given up do not stand before the next ones.
    hands.advance(Duration::from_secs(2));
    let started = clock.monotonic();
    let next = MirrorRequest::bare("http://a.example/").unwrap();
    let next = result(&passing_time(&hands, app.queue("check_mirror", &next).run()).await);
    let took = clock.monotonic() - started;
    assert_eq!(status(&next)["running"], true, "{next:#}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn a_time_limit_that_no_check_could_keep_is_refused_at_start() {
    let connect = async |seconds: &str| {
        let connection =
            "DefaultEndpointsProtocol=https;AccountName=unused;AccountKey=dW51c2Vk;EndpointSuffix=core.windows.net";
        let settings = Settings::from_iter([
            ("pmcstatusprimary_CONNECTION".to_owned(), connection.to_owned()),
            ("CheckTimeoutSeconds".to_owned(), seconds.to_owned()),
        ]);
        Deps::connect(&settings)
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert_eq!(connect("45").await, Ok(()));
    for seconds in ["0", "46", "4294967295"] {
        let error = connect(seconds).await.unwrap_err();
        assert!(
            error.contains("CheckTimeoutSeconds") && error.contains("it must be 1 to 45"),
            "{error}"
        );
    }
}
