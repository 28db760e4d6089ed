//! Reading messages: what is taken, and what the refusal says.

use functions_protocol::payload::Payload;
use jiff::Timestamp;
use proptest::prelude::*;
use scan_status::{InvalidMessage, MirrorStatus, StateDocument, StatusMessage};
use serde_json::json;

use crate::at;

fn refusal(text: &str) -> String {
    StatusMessage::parse(text).unwrap_err().to_string()
}

#[test]
fn a_message_of_the_original_is_read_by_its_time() {
    let text = r#"{"status_type": "mirror", "status": {"https://a/": {
        "running": true, "errors": [], "time": "2022-07-27 18:04:05.123456"}}}"#;
    let StatusMessage::Mirrors(mirrors) = StatusMessage::parse(text).unwrap() else {
        panic!("not a mirror")
    };
    assert_eq!(
        mirrors["https://a/"].observed_at,
        "2022-07-27T18:04:05.123456Z".parse::<Timestamp>().unwrap()
    );
}

#[test]
fn the_moment_of_the_item_goes_before_that_of_the_message_and_its_time() {
    let read = |own: Option<&str>, message: Option<&str>| {
        let text = json!({"status_type": "mirror", "observed_at": message, "status": {"https://a/": {
            "running": true, "errors": [], "time": "2026-11-20 12:00:00", "observed_at": own}}})
        .to_string();
        match StatusMessage::parse(&text).unwrap() {
            StatusMessage::Mirrors(mirrors) => mirrors["https://a/"].observed_at.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        read(Some("2026-11-20T10:00:00+01:00"), Some("2026-11-20T11:00:00Z")),
        "2026-11-20T09:00:00Z"
    );
    assert_eq!(read(None, Some("2026-11-20T11:00:00Z")), "2026-11-20T11:00:00Z");
    assert_eq!(read(None, None), "2026-11-20T12:00:00Z");
}

#[test]
fn a_refusal_names_the_place() {
    let mirror = |status: serde_json::Value| json!({"status_type": "mirror", "status": status}).to_string();
    for (text, expected) in [
        ("[]".to_owned(), "$ is not an object"),
        ("{}".to_owned(), "$ status_type is missing"),
        (json!({"status_type": "mirror"}).to_string(), "$ status is missing"),
        (
            json!({"status_type": "pigeon", "status": {}}).to_string(),
            "$.status_type is none of mirror, apt, yum, mirror-list, apt-list, yum-list",
        ),
        (mirror(json!({})), "$.status is empty"),
        (
            mirror(json!({"https://a/": {"errors": []}})),
            "$.status['https://a/'] running is missing",
        ),
        (
            mirror(json!({"https://a/": {"running": 1, "errors": []}})),
            "$.status['https://a/'].running is not true or false",
        ),
        (
            mirror(json!({"m": {"running": true, "errors": [1]}})),
            "$.status.m.errors[0] is not a string",
        ),
        (
            mirror(json!({"m": {"running": true, "errors": []}})),
            "$.status.m has no time: observed_at is missing here and in the message, and so is time",
        ),
        (
            mirror(json!({"m": {"running": true, "errors": [], "time": "yesterday"}})),
            "$.status.m.time is not of the form 2022-07-27 18:04:05.123456",
        ),
        (
            mirror(json!({"m": {"running": true, "errors": [], "observed_at": "2026-11-20 10:00"}})),
            "$.status.m.observed_at is not a moment of RFC 3339, such as 2022-07-27T18:04:05Z",
        ),
        (
            mirror(json!({"a b": {"running": true, "errors": [], "time": "2026-11-20 10:00:00"}})),
            "$.status['a b'] has a name with white space or control characters",
        ),
        (
            json!({"status_type": "apt", "status": {"r": {"state": "ok", "time": "2026-11-20 10:00:00"}}}).to_string(),
            "$.status.r dists is missing",
        ),
        (
            json!({"status_type": "yum", "status": {"r": {"state": "ok", "time": "2026-11-20 10:00:00",
                "dists": {"yum_dist": {"state": "error"}}}}})
            .to_string(),
            "$.status.r.dists.yum_dist dist_errors is missing",
        ),
        (
            json!({"status_type": "apt-list", "status": {"r": ["jammy", 2]}}).to_string(),
            "$.status.r[1] is not a string",
        ),
        (
            json!({"status_type": "mirror-list", "status": {}}).to_string(),
            "$.status is not an array",
        ),
    ] {
        assert_eq!(refusal(&text), expected, "{text}");
    }
    assert!(refusal("{").starts_with("the message is not JSON: "));
}

#[test]
fn oversized_names_and_statuses_are_refused_without_repeating_them() {
    let long = "x".repeat(3000);
    let text = json!({"status_type": "mirror", "status": {long: {"running": true, "errors": []}}}).to_string();
    let refusal = refusal(&text);
    assert!(
        refusal.ends_with("has a name of 3000 bytes; 1 to 2048 are allowed"),
        "{refusal}"
    );
    assert!(refusal.len() < 300, "{refusal}");

    let huge = json!({"status_type": "mirror", "status": {"m": {
        "running": false, "errors": ["x".repeat(300_000)], "time": "2026-11-20 10:00:00"}}});
    let refusal = StatusMessage::parse(&huge.to_string()).unwrap_err().to_string();
    assert!(refusal.contains("at most 262144 are allowed"), "{refusal}");
}

#[test]
fn what_a_scanner_builds_is_read_back() {
    let details = serde_json::from_value(json!({"findings": [{"code": "lag"}], "facts": {"latency_ms": 4}})).unwrap();
    let built = StatusMessage::mirror("https://a/", at(1), at(2), &["late".to_owned()], details);
    assert_eq!(StatusMessage::decode(&built.encode().unwrap()).unwrap(), built);
    let StatusMessage::Mirrors(mirrors) = &built else {
        panic!("{built:?}")
    };
    let MirrorStatus { status, .. } = &mirrors["https://a/"];
    assert_eq!(status["running"], false);
    assert_eq!(status["time"], "2026-11-20 10:02:00");

    let list = StatusMessage::mirror_list(at(3), ["https://b/".to_owned(), "https://a/".to_owned()]);
    assert_eq!(StatusMessage::decode(&list.encode().unwrap()).unwrap(), list);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        "\\PC{0,12}".prop_map(|value| json!(value)),
        Just(json!("2026-11-20 10:00:00")),
        Just(json!("mirror")),
        Just(json!("apt-list")),
        Just(json!("ok")),
    ];
    let name = prop_oneof![
        "\\PC{0,6}",
        prop::sample::select(vec![
            "running",
            "errors",
            "time",
            "state",
            "dists",
            "dist_errors",
            "observed_at"
        ])
        .prop_map(str::to_owned)
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..5).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #[test]
    fn foreign_text_never_panics(text in "\\PC*") {
        let _ = StatusMessage::parse(&text);
    }

    #[test]
    fn foreign_json_is_refused_or_read_back_as_it_was(
        kind in prop::sample::select(vec!["mirror", "apt", "yum", "mirror-list", "apt-list", "yum-list", "x"]),
        status in any_json(),
    ) {
        let text = json!({"status_type": kind, "status": status}).to_string();
        match StatusMessage::parse(&text) {
            Err(InvalidMessage::NotJson { problem }) => prop_assert!(false, "{problem}"),
            Err(InvalidMessage::Content { path, .. }) => prop_assert!(path.starts_with('$')),
            Ok(message) => {
                let again = StatusMessage::parse(&message.encode().unwrap()).unwrap();
                prop_assert_eq!(&again, &message);
                let mut state = StateDocument::default();
                if state.merge(&message, at(0), at(0)).is_ok() {
                    let _ = scan_status::public::render(&state);
                    let stored = StateDocument::from_json(&state.to_json()).unwrap();
                    prop_assert_eq!(stored, state);
                }
            }
        }
    }

    #[test]
    fn foreign_state_documents_are_refused(text in "\\PC*") {
        prop_assert!(StateDocument::from_json(text.as_bytes()).is_err());
    }
}
