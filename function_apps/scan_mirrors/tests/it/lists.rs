use std::collections::BTreeSet;

use custom_handler::{Payload, TimerInfo};
use package_repos::mirror::MIRROR_REQUESTS;
use scan_status::StatusMessage;
use serde_json::Value;

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
