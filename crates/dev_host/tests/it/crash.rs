//! SIGKILL in mid-run.

use crate::bench::Bench;
use crate::http::exchange;

#[test]
fn killing_the_development_host_in_mid_run_loses_no_message() {
    let bench = Bench::new();
    let messages: Vec<String> = (0..12).map(|n| format!("slow {n:02}")).collect();
    let mut host = bench.start(&[]);
    let front = host.front.clone();
    let answer = exchange(&front, "POST", "/api/feed", &[("Host", &front)], &messages.join("\n"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    // Some are done, one is held by the listener and running, the rest wait.
    host.wait(3, "work succeeded");
    host.wait(5, "working on slow");
    host.kill();
    assert!(bench.done().len() < messages.len(), "killed too late to show anything");

    let mut host = bench.start(&[]);
    host.wait_for("ended 1 handlers that a killed run had left behind");
    // Without this the held message would come back only after its lease of ten minutes.
    host.wait_for("freed 1 queue messages that a killed run had held");
    // At least once: some may be done twice, none is missing.
    let mut runs = 1;
    while bench.done() != messages {
        host.wait(runs, "work succeeded");
        runs += 1;
    }
}

#[test]
fn the_next_development_host_fires_the_timers_of_a_killed_one_at_once() {
    let bench = Bench::new();
    bench.settings(&[("TickSchedule", "* * * * * *")]);
    let mut host = bench.start(&[]);
    host.wait_for("tick succeeded");
    host.kill();
    let mut host = bench.start(&[]);
    host.wait_for("tick succeeded");
    // The dead one's lock would otherwise stand for a minute.
    assert!(!host.has_said("holds its lock"));
}
