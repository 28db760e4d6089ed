use std::collections::BTreeSet;

use custom_handler::testing::TestApp;
use custom_handler::{CLAIMS_CONTAINER, Payload, Settings, TimerInfo};
use determinism::Rng;
use package_repos::mirror::MIRROR_REQUESTS;
use scan_mirrors::{Deps, functions};
use scan_status::StatusMessage;
use serde_json::{Value, json};
use storage_access::{Connection, ConnectionLost, Storage, Transport};
use storage_emulator::{Emulator, Endpoints};

use crate::stage::{app, noon};

const LIST: &str = r#"["http://a.example/", {"url": "http://b.example/debian", "suites": ["stable"]},
    "http://a.example/", "htp://c.example/", {"url": "http://d.example/", "suite": ["x"]}, 7]"#;

#[tokio::test]
async fn each_mirror_gets_one_request_and_all_stay_in_the_list() {
    let (clock, _) = noon();
    let app = app(None, &clock, &[]).await;
    let run = app
        .timer("generate_mirror", &TimerInfo::default())
        .blob("inputblobmirrors", LIST)
        .run()
        .await;
    assert_eq!(run.failure(), None);
    let requests: BTreeSet<String> = run.message_texts(MIRROR_REQUESTS.name()).into_iter().collect();
    assert_eq!(
        requests.into_iter().collect::<Vec<_>>(),
        [
            "http://a.example/",
            r#"{"url":"http://b.example/debian","suites":["stable"]}"#
        ]
    );
    let results: Vec<Value> = run
        .message_texts("results-queue")
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    insta::assert_json_snapshot!(results);
    for result in results {
        StatusMessage::decode(&result.to_string()).unwrap();
    }
}

#[tokio::test]
async fn a_list_that_says_nothing_wipes_nothing() {
    let (clock, _) = noon();
    let app = app(None, &clock, &[]).await;
    let missing = app.timer("generate_mirror", &TimerInfo::default()).run().await;
    assert!(
        missing
            .failure()
            .unwrap()
            .contains("there is no blob static-data/mirrors.json"),
        "{missing:?}"
    );
    for (list, reason) in [
        ("[]", "the list names no mirror"),
        ("{}", "the list is no JSON array"),
        ("[\"http://a.example/\"", "the list is no JSON"),
        ("", "the list is no JSON"),
    ] {
        let run = app
            .timer("generate_mirror", &TimerInfo::default())
            .blob("inputblobmirrors", list)
            .run()
            .await;
        assert!(run.failure().unwrap().contains(reason), "{list}: {run:?}");
        assert_eq!(run.message_texts("results-queue"), [""; 0]);
        assert_eq!(run.message_texts(MIRROR_REQUESTS.name()), [""; 0]);
    }
}

#[tokio::test]
async fn an_overloaded_scanner_does_not_always_skip_the_same_mirrors() {
    let (clock, _) = noon();
    let app = app(None, &clock, &[]).await;
    let urls: Vec<String> = (0..100).map(|number| format!("http://{number:02}.example/")).collect();
    let list = serde_json::to_string(&urls).unwrap();
    let mut orders = BTreeSet::new();
    for _ in 0..3 {
        let run = app
            .timer("generate_mirror", &TimerInfo::default())
            .blob("inputblobmirrors", &list)
            .run()
            .await;
        let mut requests = run.message_texts(MIRROR_REQUESTS.name());
        orders.insert(requests.clone());
        requests.sort();
        assert_eq!(requests, urls);
    }
    assert_eq!(orders.len(), 3);
}

/// A queue message holds 48 KiB. A longer list goes to a blob of the primary account, and the message says where.
#[tokio::test]
async fn a_list_of_thousands_is_sent_by_claim() {
    const PRIMARY: &str = "pmcstatusprimary_CONNECTION";
    let (clock, _) = noon();
    let emulator = Emulator::builder()
        .rng(Rng::seeded(7))
        .clock(clock.clone())
        .in_memory()
        .build()
        .unwrap();
    let transport = Transport::in_process({
        let emulator = emulator.clone();
        move |request: http::Request<_>| {
            let emulator = emulator.clone();
            async move { emulator.exchange(request).await.map_err(|_| ConnectionLost) }
        }
    });
    let connection = emulator.connection_string(&Endpoints::in_process());
    let settings: Settings = [(PRIMARY.to_owned(), connection.clone())].into_iter().collect();
    let app = TestApp::new(functions(), Deps::with_transport(&settings, transport.clone()).unwrap()).clock(clock);

    let urls: Vec<String> = (0..3000)
        .map(|number| format!("https://mirror-{number:04}.example/debian/"))
        .collect();
    let list = serde_json::to_string(&urls).unwrap();
    let run = app
        .timer("generate_mirror", &TimerInfo::default())
        .blob("inputblobmirrors", &list)
        .run()
        .await;
    assert_eq!(run.failure(), None);
    assert_eq!(run.message_texts(MIRROR_REQUESTS.name()).len(), 3000);
    let message = run.message_texts("results-queue").remove(0);
    let claim: Value = serde_json::from_str(&message).unwrap();
    let name = claim["sha256"].as_str().unwrap();
    let storage = Storage::connect(&Connection::from_string(PRIMARY, &connection).unwrap(), transport).unwrap();
    let stored = storage
        .container(CLAIMS_CONTAINER)
        .document(name)
        .get()
        .await
        .unwrap()
        .unwrap();
    let stored: Value = serde_json::from_slice(&stored.bytes).unwrap();
    assert_eq!(
        (&stored["status_type"], &stored["status"]),
        (&json!("mirror-list"), &json!(urls))
    );
}
