//! The document stays small enough to be read again, whatever is sent.

use std::sync::LazyLock;

use proptest::prelude::*;
use scan_status::{InvalidMessage, Merged, Rejected, StateDocument, StatusMessage};
use serde_json::{Value, json};

use crate::{at, merge, message, mirror, mirror_list, names, public};

/// A mirror's result with `bytes` of text.
fn large(url: &str, minute: i64, bytes: usize) -> Value {
    mirror(url, minute, &["x".repeat(bytes).as_str()])
}

/// What a large result has.
const BYTES: usize = 200_000;

/// A document that takes no further result of [`BYTES`]. Made once, because that takes seconds without optimisation.
static FULL: LazyLock<StateDocument> = LazyLock::new(|| {
    let text = "x".repeat(BYTES);
    let item = |number: usize| {
        let status = json!({"running": false, "errors": [text], "time": "2026-11-20 10:01:00"});
        let item = json!({"observed_at": at(1).to_string(), "hash": "0", "results": 1, "status": status});
        (format!("https://m{number}/"), item)
    };
    let mut count = StateDocument::LARGEST_RESULTS / (BYTES + 1000);
    let items: serde_json::Map<_, _> = (0..count).map(item).collect();
    let json = json!({"format": 1, "generation": 1, "updated_at": null, "mirror": {"items": items}});
    let mut state = StateDocument::from_json(json.to_string().as_bytes()).unwrap();
    loop {
        match state.merge(
            &message(&large(&format!("https://m{count}/"), 1, BYTES)),
            at(0),
            at(120),
        ) {
            Ok(_) => count += 1,
            Err(rejected) => {
                assert!(matches!(rejected, Rejected::NoRoom { .. }), "{rejected}");
                return state;
            }
        }
    }
});

#[test]
fn a_full_document_can_be_read_and_says_why_it_takes_no_more() {
    let mut state = FULL.clone();
    let bytes = state.to_json();
    assert!(bytes.len() <= StateDocument::LARGEST, "{}", bytes.len());
    assert_eq!(StateDocument::from_json(&bytes).unwrap(), state);

    let before = state.clone();
    let refused = state.merge(&message(&large("https://new/", 1, 200_000)), at(0), at(120));
    let reason = refused.unwrap_err().to_string();
    assert!(reason.contains("no room for https://new/"), "{reason}");
    assert_eq!(state, before);
}

#[test]
fn a_full_document_takes_whatever_does_not_make_it_larger() {
    let mut state = FULL.clone();
    assert_eq!(
        merge(&mut state, &large("https://m0/", 2, 200_000)),
        Merged::Changed,
        "as large"
    );
    assert_eq!(
        merge(&mut state, &large("https://m0/", 3, 10)),
        Merged::Changed,
        "smaller"
    );
    assert_eq!(
        merge(&mut state, &large("https://room/", 3, 199_000)),
        Merged::Changed,
        "room was made"
    );
    assert_eq!(
        merge(&mut state, &mirror_list(4, &["https://m1/", "https://m2/"])),
        Merged::Changed
    );
    assert_eq!(
        names(&public(&state)["mirror"]),
        ["https://m1/", "https://m2/"],
        "the list makes room"
    );
    assert!(state.counted_bytes() < 500_000);
}

#[test]
fn a_repository_of_a_full_document_can_be_reported_as_empty() {
    let apt = |minute, dists: Value| {
        let state = if dists.as_object().unwrap().is_empty() {
            "empty"
        } else {
            "ok"
        };
        json!({"status_type": "apt", "status": {"r": {
            "state": state, "observed_at": at(minute).to_string(), "time": "2026-11-20 10:00:00", "dists": dists}}})
    };
    let mut state = FULL.clone();
    merge(&mut state, &large("https://m0/", 2, 195_000));
    merge(&mut state, &apt(1, json!({"jammy": {"state": "ok"}})));
    // Fill what is left to the last bytes.
    for number in 0.. {
        let small = message(&mirror(&format!("https://s{number}/"), 1, &[]));
        if state.merge(&small, at(0), at(120)).is_err() {
            break;
        }
    }
    assert_eq!(merge(&mut state, &apt(2, json!({}))), Merged::Changed);
    assert_eq!(public(&state)["apt"]["r"]["state"], "empty");
}

#[test]
fn a_list_has_a_largest_size_too() {
    let urls: Vec<String> = (0..4000)
        .map(|number| format!("https://{number}.{}/", "a".repeat(1900)))
        .collect();
    let list = StatusMessage::mirror_list(at(1), urls);
    let mut state = StateDocument::default();
    let refused = state.merge(&list, at(0), at(120)).unwrap_err();
    assert!(
        matches!(refused, Rejected::ListTooLarge { section: "mirror", .. }),
        "{refused}"
    );
    assert_eq!(state, StateDocument::default());
}

/// JSON readers stop at a depth, and the state holds a status deeper than its message does.
#[test]
fn what_is_nested_too_deep_to_be_read_again_is_refused() {
    let nested = |depth: usize| {
        let facts = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        format!(
            r#"{{"status_type": "mirror", "observed_at": "2026-11-20T10:00:00Z", "status": {{"https://a/":
            {{"running": true, "errors": [], "facts": {facts}}}}}}}"#
        )
    };
    for depth in 1..125 {
        let Ok(message) = StatusMessage::parse(&nested(depth)) else {
            assert!(depth > 20, "{depth}");
            continue;
        };
        let mut state = StateDocument::default();
        state.merge(&message, at(0), at(120)).unwrap();
        StateDocument::from_json(&state.to_json()).unwrap_or_else(|error| panic!("{depth}: {error:?}"));
    }
    assert!(matches!(
        StatusMessage::parse(&nested(124)),
        Err(InvalidMessage::Content { .. })
    ));
}

/// Indentation grows with depth: the public document must not become a multiple of what was sent.
#[test]
fn a_small_status_that_is_large_in_the_public_document_is_refused() {
    let flat = vec!["1"; 30_000].join(",");
    let text = |facts: String| {
        format!(
            r#"{{"status_type": "mirror", "observed_at": "2026-11-20T10:00:00Z", "status": {{"https://a/":
            {{"running": true, "errors": [], "facts": {facts}}}}}}}"#
        )
    };
    let deep = text(format!("{}{flat}{}", "[".repeat(25), "]".repeat(25)));
    assert!(deep.len() < 100_000);
    assert!(matches!(
        StatusMessage::parse(&deep),
        Err(InvalidMessage::Content { .. })
    ));
}

fn small_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z\u{1}\"é]{0,3}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is counted is never less than what is written, in both documents, and survives being read again.
    #[test]
    fn the_count_covers_both_documents(
        statuses in prop::collection::vec(("[a-c\"é]{1,3}", 0..9i64, small_json(), 0..4u8), 0..12),
    ) {
        let mut state = StateDocument::default();
        for (name, minute, details, kind) in statuses {
            let moment = at(minute).to_string();
            let value = match kind {
                0 => json!({"status_type": "mirror", "status": {name: {
                    "running": true, "errors": [], "x": details, "observed_at": moment}}}),
                1 => json!({"status_type": "apt", "status": {name: {"state": "ok", "x": details,
                    "observed_at": moment, "dists": {"d": {"state": "ok", "y": details}}}}}),
                2 => json!({"status_type": "apt", "status": {name: {"state": "empty", "observed_at": moment}}}),
                _ => json!({"status_type": "apt-list", "observed_at": moment, "status": {name: ["d"]}}),
            };
            state.merge(&StatusMessage::parse(&value.to_string()).unwrap(), at(0), at(120)).unwrap();
            prop_assert!(state.to_json().len() <= state.counted_bytes());
            prop_assert!(scan_status::public::render(&state).len() <= state.counted_bytes());
        }
        let read = StateDocument::from_json(&state.to_json()).unwrap();
        prop_assert_eq!(read.counted_bytes(), state.counted_bytes());
    }
}
