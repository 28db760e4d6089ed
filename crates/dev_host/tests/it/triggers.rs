//! Timer to queue to function, without anybody's help.

use crate::bench::Bench;
use crate::http::get;

#[test]
fn a_timer_feeds_a_queue_that_runs_a_function() {
    let bench = Bench::new();
    bench.settings(&[("TickSchedule", "* * * * * *")]);
    let mut host = bench.start(&[]);
    host.wait_for("tick succeeded");
    host.wait_for("work succeeded");
    assert_eq!(bench.done(), ["tick"]);
    let page = get(&host.dashboard, "/invocations?function=work&outcome=succeeded").body;
    let id = page
        .split("/invocations/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let page = get(&host.dashboard, &format!("/invocations/{id}")).body;
    assert!(page.contains("Sent by") && page.contains("working on tick"), "{page}");
    assert!(
        page.contains("done tick") && page.contains("results"),
        "the output is shown: {page}"
    );
    assert!(host.stop());
}

#[test]
fn timers_wait_when_they_are_told_to() {
    let bench = Bench::new();
    bench.settings(&[("TickSchedule", "* * * * * *")]);
    let mut host = bench.start(&["--no-timers"]);
    let timers = get(&host.dashboard, "/timers").body;
    assert!(timers.contains("paused"), "{timers}");
    crate::http::post_form(
        &host.dashboard,
        "/actions/run",
        &[("app", "work_app"), ("function", "tick")],
    );
    host.wait_for("work succeeded");
    assert_eq!(bench.done(), ["tick"]);
}
