//! `cargo dev run`, `cargo dev clean`, and starts that fail.

use crate::bench::Bench;

fn text(output: &std::process::Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_function_is_run_once_and_its_failure_is_the_exit_code() {
    let bench = Bench::new();
    let good = bench.run(&["run", "work_app/work", "--data", "alone"]);
    assert!(good.status.success(), "{}", text(&good));
    assert!(text(&good).contains("work_app/work succeeded"), "{}", text(&good));
    assert_eq!(bench.done(), ["alone"]);
    let bad = bench.run(&["run", "work_app/work", "--data", "bad luck"]);
    assert_eq!(bad.status.code(), Some(1), "{}", text(&bad));
    let unknown = bench.run(&["run", "work_app/nope", "--data", "x"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        text(&unknown).contains("it has: copy, feed, tick, work"),
        "{}",
        text(&unknown)
    );
}

#[test]
fn a_running_development_host_is_asked_and_there_is_only_one() {
    let bench = Bench::new();
    let mut host = bench.start(&["--no-timers"]);
    let ran = bench.run(&["run", "work_app/feed/", "--data", "x"]);
    assert_eq!(ran.status.code(), Some(1), "no such function: {}", text(&ran));
    let ran = bench.run(&["run", "work_app/feed", "--data", "one\ntwo"]);
    assert!(ran.status.success(), "{}", text(&ran));
    assert!(text(&ran).contains("2 lines"), "{}", text(&ran));
    host.wait(2, "work succeeded");
    let second = bench.run(&[]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second).contains("already running") && text(&second).contains(&host.dashboard),
        "{}",
        text(&second)
    );
}

#[test]
fn a_handler_that_cannot_start_says_why() {
    let bench = Bench::new();
    let settings = r#"{"Values":{"TickSchedule":"0 0 0 1 1 *"}}"#;
    std::fs::write(bench.app().join("local.settings.json"), settings).unwrap();
    let output = bench.run(&["run", "work_app/work", "--data", "x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("code 64") && text(&output).contains("Folder"),
        "{}",
        text(&output)
    );
}
