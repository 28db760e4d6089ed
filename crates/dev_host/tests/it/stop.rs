//! Callers that hang up, and Ctrl-C.

use std::io::Write;
use std::net::TcpStream;

use crate::bench::Bench;
use crate::http::{exchange, get};

#[test]
fn an_http_function_goes_on_when_its_caller_hangs_up() {
    let bench = Bench::new();
    std::fs::write(bench.file("hold"), "").unwrap();
    let mut host = bench.start(&["--no-timers"]);
    let mut caller = TcpStream::connect(&host.front).unwrap();
    let request = format!(
        "POST /api/feed HTTP/1.1\r\nHost: {}\r\nContent-Length: 3\r\n\r\none",
        host.front
    );
    caller.write_all(request.as_bytes()).unwrap();
    host.wait_for("feeding");
    drop(caller);
    // Time for the front to see that.
    for _ in 0..20 {
        assert_eq!(get(&host.front, "/").status, 200);
    }
    std::fs::remove_file(bench.file("hold")).unwrap();
    host.wait_for("feed succeeded");
    host.wait_for("work succeeded");
    assert_eq!(bench.done(), ["one"]);
}

#[test]
fn ctrl_c_gives_runs_for_http_callers_a_moment() {
    let bench = Bench::new();
    std::fs::write(bench.file("hold"), "").unwrap();
    let mut host = bench.start(&["--no-timers"]);
    let front = host.front.clone();
    let caller = std::thread::spawn(move || exchange(&front, "POST", "/api/feed", &[("Host", &front)], "one"));
    host.wait_for("feeding");
    host.interrupt();
    host.wait_for("stopping; Ctrl-C again");
    std::fs::remove_file(bench.file("hold")).unwrap();
    host.wait_for("feed succeeded");
    assert_eq!(caller.join().unwrap().status, 200);
    assert!(host.ended_well());
}

#[test]
fn ctrl_c_during_a_single_run_leaves_no_handler_behind() {
    let bench = Bench::new();
    let text = bench.run_until(&["run", "work_app/work", "--data", "stuck"], "working on stuck");
    assert!(text.contains("stopped before the function had ended"), "{text}");
    let next = bench.run(&["run", "work_app/work", "--data", "next"]);
    let text = String::from_utf8(next.stdout).unwrap();
    assert!(next.status.success() && !text.contains("had left behind"), "{text}");
}
