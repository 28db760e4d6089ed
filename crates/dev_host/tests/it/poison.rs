//! Messages that fail, and their way back.

use crate::bench::{Bench, DevHost};
use crate::http::{exchange, get, post_form};

fn feed(host: &DevHost, body: &str) {
    let answer = exchange(&host.front, "POST", "/api/feed", &[("Host", &host.front)], body);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The ids on the poison page, in order.
fn poisoned(host: &DevHost) -> Vec<String> {
    let page = get(&host.dashboard, "/poison").body;
    page.split("id=\"replay-")
        .skip(1)
        .filter(|part| !part.starts_with("all"))
        .map(|part| part.split('"').next().unwrap().to_owned())
        .collect()
}

fn replay(host: &DevHost, message: &str) -> u16 {
    let fields = [
        ("app", "work_app"),
        ("connection", "AzureWebJobsStorage"),
        ("queue", "work-poison"),
        ("message", message),
    ];
    post_form(&host.dashboard, "/actions/replay", &fields).status
}

#[test]
fn a_message_that_always_fails_is_put_aside_with_its_reason_and_comes_back_by_replay() {
    let bench = Bench::new();
    let mut host = bench.start(&[]);
    feed(&host, "bad <b>one</b>");
    host.wait(3, "cannot work on bad");
    host.wait_for("Moving message to queue 'work-poison'");
    let ids = loop {
        let ids = poisoned(&host);
        if !ids.is_empty() {
            break ids;
        }
    };
    let page = get(&host.dashboard, "/poison").body;
    assert!(
        page.contains("cannot work on bad &lt;b&gt;one&lt;/b&gt;"),
        "the reason, escaped: {page}"
    );
    assert!(!page.contains("<b>one"), "{page}");

    std::fs::write(bench.file("mended"), "").unwrap();
    assert_eq!(replay(&host, &ids[0]), 303);
    host.wait_for("work succeeded");
    assert_eq!(bench.done(), ["bad <b>one</b>"]);
    assert_eq!(poisoned(&host), [""; 0]);
    assert_eq!(replay(&host, &ids[0]), 409, "it is gone");
}

#[test]
fn an_unusable_message_is_taken_out_of_its_envelope_by_replay() {
    let bench = Bench::new();
    let mut host = bench.start(&[]);
    feed(&host, "unusable thing");
    host.wait_for("1 message to work-poison");
    let page = get(&host.dashboard, "/poison").body;
    assert!(
        page.contains("nobody can use this") && page.contains("unusable thing"),
        "{page}"
    );
    std::fs::write(bench.file("mended"), "").unwrap();
    assert_eq!(replay(&host, &poisoned(&host)[0]), 303);
    host.wait_for("1 message to results");
    assert_eq!(bench.done(), ["unusable thing"]);
}
