//! What everybody reads.

use serde_json::json;

use crate::{at, merge, merged, mirror};

#[test]
fn the_document_keeps_the_original_s_form_and_adds_to_it() {
    let mut state = merged(&[
        json!({"status_type": "mirror", "status": {"https://b.example/": {
            "running": false, "errors": ["failed to connect"], "time": "2026-11-20 10:01:07.25",
            "observed_at": "2026-11-20T10:01:00.5Z",
            "findings": [{"code": "refused", "severity": "error", "message": "connection refused"}],
            "facts": {"latency_ms": null}}}}),
        mirror("https://a.example/", 1, &[]),
        json!({"status_type": "apt", "status": {"https://r.example/repos/code": {
            "state": "error", "time": "2026-11-20 10:02:00", "dists": {
                "stable": {"state": "error", "dist_errors": ["Release inaccessible"]},
                "testing": {"state": "ok", "dist_errors": []}}}}}),
        json!({"status_type": "yum", "status": {"https://r.example/yumrepos/none": {
            "state": "empty", "time": "2026-11-20 10:03:00"}}}),
    ]);
    state.advance(0, at(4));
    insta::assert_snapshot!(String::from_utf8(scan_status::public::render(&state)).unwrap());
}

#[test]
fn a_section_stands_there_once_something_was_published() {
    let mut state = scan_status::StateDocument::default();
    assert_eq!(crate::public(&state), json!({"generated_at": null, "generation": 0}));
    merge(&mut state, &crate::mirror_list(1, &["https://a/"]));
    assert_eq!(crate::public(&state)["mirror"], json!({}));
}

#[test]
fn the_same_state_gives_the_same_bytes() {
    let mut one = merged(&[mirror("https://a/", 1, &[]), mirror("https://b/", 1, &[])]);
    let mut two = merged(&[mirror("https://b/", 1, &[]), mirror("https://a/", 1, &[])]);
    one.advance(0, at(2));
    two.advance(0, at(2));
    assert_eq!(scan_status::public::render(&one), scan_status::public::render(&two));
    let stored = scan_status::StateDocument::from_json(&one.to_json()).unwrap();
    assert_eq!(scan_status::public::render(&stored), scan_status::public::render(&one));
}
