//! Runs that the host itself ends or repeats: function timeout and retry policy.

use std::time::Duration;

use serde_json::json;

use crate::bench::Bench;
use crate::http::{exchange, get};
use crate::inside::World;

#[test]
fn a_run_over_the_function_timeout_takes_its_handler_with_it_and_the_message_comes_again() {
    let bench = Bench::new();
    bench.edit("host.json", |host| host["functionTimeout"] = json!("00:05:00"));
    let world = World::new();
    let mut host = world.start(&bench, &["--memory"]);
    let (front, headers) = (host.front.clone(), [("Host", "localhost")]);
    assert_eq!(
        exchange(&front, "POST", "/api/feed", &headers, "stuck in a hole").status,
        200
    );
    host.wait_for("working on stuck");
    std::fs::write(bench.file("mended"), "").unwrap();
    world.clock.shift(Duration::from_secs(300));
    host.wait_for("the function ran longer than functionTimeout (300 s)");
    host.wait_for("work succeeded");
    assert_eq!(bench.done(), ["stuck in a hole"]);
}

#[test]
fn a_failed_run_is_tried_again_by_its_retry_policy_after_its_delay() {
    let bench = Bench::new();
    bench.edit("tick/function.json", |function| {
        function["retry"] = json!({"strategy": "fixedDelay", "maxRetryCount": 2, "delayInterval": "01:00:00"});
    });
    std::fs::write(bench.file("timer is broken"), "").unwrap();
    let world = World::new();
    let mut host = world.start(&bench, &["--memory", "--no-timers"]);
    let (front, headers) = (host.front.clone(), [("Host", "localhost")]);
    let run = || exchange(&front, "POST", "/admin/functions/tick", &headers, "{}").status;
    assert_eq!(run(), 202);
    host.wait_for("tried again in 1h by its retry policy");
    world.clock.shift(Duration::from_secs(3600));
    host.wait(2, "tried again in 1h by its retry policy");
    std::fs::remove_file(bench.file("timer is broken")).unwrap();
    world.clock.shift(Duration::from_secs(3600));
    host.wait_for("tick succeeded");
    host.wait_for("work succeeded");
    assert_eq!(bench.done(), ["tick"]);
    // Two tries more are all there are.
    std::fs::write(bench.file("timer is broken"), "").unwrap();
    assert_eq!(run(), 202);
    for waits in 3..=4 {
        host.wait(waits, "tried again in 1h");
        world.clock.shift(Duration::from_secs(3600));
    }
    host.wait(5, "tick failed");
    assert_eq!(run(), 202);
    host.wait(6, "tick failed");
    // The sixth failure is that of the next run: the fifth was not followed by another try.
    let page = get(&host.dashboard, "/invocations?function=tick&outcome=failed").body;
    assert_eq!(page.matches("/invocations/").count(), 2, "{page}");
}
