//! `cargo dev run`, `cargo dev clean`, and starts that fail.

use crate::bench::Bench;
use crate::http::{get, post_form};

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

#[test]
fn a_queue_function_is_run_with_its_example_or_not_at_all() {
    let bench = Bench::new();
    let without = bench.run(&["run", "work_app/work", "--example"]);
    assert_eq!(without.status.code(), Some(1));
    let said = text(&without);
    assert!(
        said.contains("nobody can guess its messages") && said.contains("examples/work.json"),
        "{said}"
    );
    assert_eq!(bench.done(), [""; 0]);

    let mut host = bench.start(&["--no-timers"]);
    let fields = [("app", "work_app"), ("function", "work")];
    let answer = post_form(&host.dashboard, "/actions/run", &fields);
    assert!(
        answer.head.contains("location: /functions/work_app/work"),
        "{}",
        answer.head
    );
    let page = get(&host.dashboard, "/functions/work_app/work").body;
    assert!(page.contains("It has no example payload"), "{page}");

    let examples = bench.app().join("dev/examples");
    std::fs::create_dir_all(&examples).unwrap();
    std::fs::write(examples.join("work.txt"), "an example\n").unwrap();
    assert_eq!(post_form(&host.dashboard, "/actions/run", &fields).status, 303);
    host.wait_for("work succeeded");
    let page = get(&host.dashboard, "/functions/work_app/work").body;
    assert!(
        page.contains("an example") && !page.contains("no example payload"),
        "{page}"
    );
    let with = bench.run(&["run", "work_app/work", "--example"]);
    assert!(with.status.success(), "{}", text(&with));
    assert_eq!(bench.done(), ["an example"]);
}

#[test]
fn the_start_says_how_long_it_took() {
    let mut host = Bench::new().start(&["--no-timers"]);
    let line = host.wait_for("all apps are ready");
    let seconds = line.split(' ').find_map(|word| word.parse::<f64>().ok()).unwrap();
    assert!(
        (0.0..60.0).contains(&seconds) && line.contains(" s; Ctrl-C stops them"),
        "{line}"
    );
}
