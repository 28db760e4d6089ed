//! Who may use the dashboard, and what it shows.

use crate::bench::Bench;
use crate::http::{exchange, get, post_form};

#[test]
fn only_this_machine_under_its_own_name_may_use_the_dashboard() {
    let bench = Bench::new();
    let host = bench.start(&["--no-timers"]);
    let address = host.dashboard.as_str();
    let answer = get(address, "/");
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.contains("content-security-policy: default-src 'none'"),
        "{}",
        answer.head
    );
    assert_eq!(
        exchange(address, "GET", "/", &[("Host", "evil.example")], "").status,
        403
    );
    let own = format!("http://{address}");
    let post = |origin: Option<&str>| {
        let mut headers = vec![("Host", address)];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        exchange(address, "POST", "/actions/run", &headers, "app=work_app&function=tick").status
    };
    assert_eq!(post(None), 403);
    assert_eq!(post(Some("http://evil.example")), 403);
    assert_eq!(post(Some(&own)), 303);
}

#[test]
fn every_page_answers_and_shows_foreign_text_as_text() {
    let bench = Bench::new();
    let mut host = bench.start(&["--no-timers"]);
    let evil = "<script>alert('x')</script>";
    let fields = [("app", "work_app"), ("function", "work"), ("input", evil)];
    let answer = post_form(&host.dashboard, "/actions/run", &fields);
    assert_eq!(answer.status, 303);
    let invocation = answer
        .head
        .split("location: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap()
        .to_owned();
    host.wait_for("work succeeded");
    for path in [
        "/",
        "/invocations",
        &invocation,
        "/queues",
        "/queues/work_app/AzureWebJobsStorage/results",
        "/poison",
        "/timers",
        "/functions/work_app/work",
        "/assets/dashboard.css",
        "/assets/dashboard.js",
    ] {
        let answer = get(&host.dashboard, path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.body.contains("<script>alert"), "{path}");
    }
    let page = get(&host.dashboard, &invocation).body;
    assert!(page.contains("&lt;script&gt;alert"), "{page}");
    assert_eq!(get(&host.dashboard, "/invocations/unknown").status, 404);
}

#[test]
fn the_journal_outlives_the_development_host() {
    let bench = Bench::new();
    let mut host = bench.start(&["--no-timers"]);
    post_form(
        &host.dashboard,
        "/actions/run",
        &[("app", "work_app"), ("function", "work"), ("input", "remember me")],
    );
    host.wait_for("work succeeded");
    assert!(host.stop());
    let host = bench.start(&["--no-timers"]);
    let page = get(&host.dashboard, "/invocations").body;
    assert!(page.contains("succeeded"), "{page}");
}
