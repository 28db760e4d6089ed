//! The rules of merging, one by one.

use scan_status::{Merged, Rejected, StateDocument, StateError};
use serde_json::json;

use crate::{at, merge, merged, message, mirror, mirror_list, names, public};

fn apt(minute: i64, repo: &str, dists: serde_json::Value) -> serde_json::Value {
    let state = if dists.as_object().is_some_and(|dists| dists.is_empty()) {
        "empty"
    } else {
        "ok"
    };
    json!({"status_type": "apt", "observed_at": at(minute).to_string(), "status": {repo: {
        "state": state, "time": scan_status::naive_time::format(at(minute)), "dists": dists}}})
}

fn apt_list(minute: i64, repos: serde_json::Value) -> serde_json::Value {
    json!({"status_type": "apt-list", "observed_at": at(minute).to_string(), "status": repos})
}

#[test]
fn the_result_of_the_later_check_stands_whenever_it_arrives() {
    let (early, late) = (mirror("https://a/", 1, &["down"]), mirror("https://a/", 2, &[]));
    for order in [[&early, &late], [&late, &early]] {
        let state = merged(&order.map(Clone::clone));
        assert_eq!(public(&state)["mirror"]["https://a/"]["running"], true);
    }
}

#[test]
fn an_equal_or_older_result_changes_nothing() {
    let mut state = merged(&[mirror("https://a/", 2, &[])]);
    let before = state.clone();
    assert_eq!(merge(&mut state, &mirror("https://a/", 2, &[])), Merged::Unchanged);
    assert_eq!(
        merge(&mut state, &mirror("https://a/", 1, &["down"])),
        Merged::Unchanged
    );
    assert_eq!(state, before);
    assert_eq!(merge(&mut state, &mirror("https://a/", 3, &[])), Merged::Changed);
    assert_eq!(public(&state)["mirror"]["https://a/"]["results"], 2);
}

#[test]
fn a_mirror_that_leaves_the_list_is_gone_and_old_results_do_not_bring_it_back() {
    let mut state = merged(&[
        mirror("https://a/", 1, &[]),
        mirror("https://b/", 1, &[]),
        mirror_list(2, &["https://a/"]),
    ]);
    assert_eq!(names(&public(&state)["mirror"]), ["https://a/"]);
    assert_eq!(
        merge(&mut state, &mirror("https://b/", 2, &[])),
        Merged::Unchanged,
        "not newer than its removal"
    );
    merge(&mut state, &mirror_list(3, &["https://a/", "https://b/"]));
    assert_eq!(
        names(&public(&state)["mirror"]),
        ["https://a/"],
        "listed again, not yet checked again"
    );
    merge(&mut state, &mirror("https://b/", 4, &[]));
    assert_eq!(names(&public(&state)["mirror"]), ["https://a/", "https://b/"]);
}

#[test]
fn a_mirror_outside_the_latest_list_is_hidden_until_a_list_confirms_it() {
    let mut state = merged(&[mirror_list(1, &["https://a/"]), mirror("https://new/", 4, &[])]);
    assert_eq!(names(&public(&state)["mirror"]), [] as [&str; 0]);
    merge(&mut state, &mirror_list(3, &["https://new/"]));
    assert_eq!(names(&public(&state)["mirror"]), ["https://new/"]);
}

#[test]
fn an_empty_list_is_ignored() {
    let mut state = merged(&[mirror("https://a/", 1, &[])]);
    assert_eq!(merge(&mut state, &mirror_list(2, &[])), Merged::Unchanged);
    assert_eq!(merge(&mut state, &apt_list(2, json!({}))), Merged::Unchanged);
    assert_eq!(names(&public(&state)["mirror"]), ["https://a/"]);
}

#[test]
fn a_list_without_a_moment_speaks_for_when_it_was_sent() {
    let list = message(&json!({"status_type": "mirror-list", "status": ["https://a/"]}));
    let mut state = merged(&[mirror("https://b/", 5, &[])]);
    assert_eq!(state.merge(&list, at(4), at(9)), Ok(Merged::Changed));
    assert_eq!(
        names(&public(&state)["mirror"]),
        [] as [&str; 0],
        "newer than the list: hidden"
    );
    assert_eq!(
        state.merge(&message(&mirror_list(6, &["https://b/"])), at(6), at(9)),
        Ok(Merged::Changed)
    );
    assert_eq!(names(&public(&state)["mirror"]), ["https://b/"], "confirmed");
}

#[test]
fn dists_of_a_repository_are_kept_unless_the_update_or_a_list_says_otherwise() {
    let mut state = merged(&[
        apt(
            1,
            "r",
            json!({"jammy": {"state": "ok"}, "noble": {"state": "error", "dist_errors": ["bad"]}}),
        ),
        apt(2, "r", json!({"jammy": {"state": "ok"}})),
    ]);
    let shown = public(&state);
    assert_eq!(shown["apt"]["r"]["state"], "error");
    assert_eq!(shown["apt"]["r"]["time"], "2026-11-20 10:02:00");
    assert_eq!(shown["apt"]["r"]["dists"]["jammy"]["time"], "2026-11-20 10:02:00");
    assert_eq!(shown["apt"]["r"]["dists"]["noble"]["time"], "2026-11-20 10:01:00");

    merge(&mut state, &apt_list(3, json!({"r": ["jammy"]})));
    let shown = public(&state);
    assert_eq!(names(&shown["apt"]["r"]["dists"]), ["jammy"]);
    assert_eq!(shown["apt"]["r"]["state"], "ok");

    merge(&mut state, &apt_list(4, json!({"r": []})));
    let shown = public(&state);
    assert_eq!(shown["apt"]["r"]["state"], "empty");
    assert_eq!(shown["apt"]["r"].get("dists"), None);
}

#[test]
fn an_empty_repository_loses_its_dists_and_gets_newer_ones_back() {
    let mut state = merged(&[apt(2, "r", json!({"jammy": {"state": "ok"}})), apt(3, "r", json!({}))]);
    assert_eq!(public(&state)["apt"]["r"]["state"], "empty");
    merge(&mut state, &apt(1, "r", json!({"noble": {"state": "ok"}})));
    assert_eq!(public(&state)["apt"]["r"]["state"], "empty", "older than the emptiness");
    merge(&mut state, &apt(4, "r", json!({"noble": {"state": "ok"}})));
    assert_eq!(names(&public(&state)["apt"]["r"]["dists"]), ["noble"]);
}

#[test]
fn a_repository_whose_dists_cannot_be_listed_shows_why() {
    let state = merged(&[
        apt(
            2,
            "r",
            json!({"apt_dist": {"state": "error", "dist_errors": ["dist list failed"]}}),
        ),
        apt_list(1, json!({"r": []})),
    ]);
    assert_eq!(
        public(&state)["apt"]["r"]["dists"]["apt_dist"]["dist_errors"][0],
        "dist list failed"
    );
}

#[test]
fn what_has_not_happened_yet_is_rejected() {
    let mut state = StateDocument::default();
    let ahead = message(&mirror("https://a/", 6, &[]));
    assert!(matches!(
        state.merge(&ahead, at(0), at(0)),
        Err(Rejected::FromTheFuture { .. })
    ));
    assert_eq!(state, StateDocument::default());
    assert_eq!(
        state.merge(&ahead, at(0), at(1)),
        Ok(Merged::Changed),
        "five minutes are a clock's fault"
    );
    let list = message(&mirror_list(7, &["https://a/"]));
    assert!(matches!(
        state.merge(&list, at(0), at(1)),
        Err(Rejected::FromTheFuture { .. })
    ));
}

#[test]
fn a_section_has_a_last_place() {
    let status: serde_json::Map<_, _> = (0..50_000)
        .map(|number| {
            (
                format!("m{number}"),
                json!({"running": true, "errors": [], "time": "2026-11-20 10:00:00"}),
            )
        })
        .collect();
    let mut state = merged(&[json!({"status_type": "mirror", "status": status})]);
    let refused = state.merge(&message(&mirror("https://one-more/", 1, &[])), at(0), at(9));
    assert_eq!(
        refused,
        Err(Rejected::TooManyItems {
            section: "mirror",
            items: 50_001
        })
    );
    assert_eq!(
        merge(&mut state, &mirror("m7", 1, &[])),
        Merged::Changed,
        "known items go on"
    );
}

#[test]
fn a_newer_format_is_left_alone() {
    let newer = br#"{"format": 2, "something": "else"}"#;
    assert!(matches!(
        StateDocument::from_json(newer),
        Err(StateError::Newer { found: 2, known: 1 })
    ));
}
