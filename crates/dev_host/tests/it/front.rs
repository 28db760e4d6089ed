//! The HTTP front: routes, methods, keys, admin endpoints.

use crate::bench::Bench;
use crate::http::{exchange, get};

#[test]
fn routes_methods_and_admin_endpoints_answer_as_the_host_does() {
    let bench = Bench::new();
    let mut host = bench.start(&["--no-timers"]);
    let front = host.front.clone();
    let send = |method: &str, path: &str, body: &str| {
        let answer = exchange(&front, method, path, &[("Host", &front)], body);
        (answer.status, answer.body)
    };
    assert_eq!(
        send("POST", "/api/feed", "a\nb"),
        (200, "2 lines, count none".to_owned())
    );
    assert_eq!(send("POST", "/API/Feed/7", ""), (200, "0 lines, count 7".to_owned()));
    assert_eq!(send("POST", "/api/feed/x", "").0, 404, "the constraint refuses it");
    assert_eq!(send("GET", "/api/feed", "").0, 404, "the method is part of the route");
    assert_eq!(send("POST", "/feed", "").0, 404, "the prefix is missing");
    assert_eq!(send("GET", "/", "").0, 200);
    assert_eq!(send("GET", "/admin/host/ping", "").0, 200);
    let status: serde_json::Value = serde_json::from_str(&send("GET", "/admin/host/status", "").1).unwrap();
    assert_eq!(status["state"], "Running");
    let functions: serde_json::Value = serde_json::from_str(&send("GET", "/admin/functions", "").1).unwrap();
    assert_eq!(functions.as_array().unwrap().len(), 4);
    assert_eq!(send("POST", "/admin/functions/nope", "{}").0, 404);
    assert_eq!(send("POST", "/admin/functions/work", "null").0, 400);
    assert_eq!(
        send("POST", "/admin/functions/work", r#"{"input":"by hand"}"#),
        (202, String::new())
    );
    host.wait_for("working on by hand");
    host.wait_for("feed: in Azure callers need a key");
}

#[test]
fn pages_of_other_origins_cannot_use_the_admin_endpoints() {
    let bench = Bench::new();
    let host = bench.start(&["--no-timers"]);
    let front = host.front.clone();
    let status = |headers: &[(&str, &str)]| exchange(&front, "POST", "/admin/functions/work", headers, "{}").status;
    let own = format!("http://{front}");
    assert_eq!(status(&[("Host", &front), ("Origin", "https://evil.example")]), 403);
    assert_eq!(status(&[("Host", &front), ("Origin", "null")]), 403);
    assert_eq!(status(&[("Host", "evil.example")]), 403);
    assert_eq!(status(&[("Host", &front), ("Origin", &own)]), 202);
    assert_eq!(status(&[("Host", &front)]), 202);
}

#[test]
fn keys_count_only_when_they_are_enforced() {
    let bench = Bench::new();
    let mut host = bench.start(&["--no-timers", "--keys"]);
    let key = host.wait_for("function key: ");
    let key = key.rsplit(' ').next().unwrap().to_owned();
    let master = host.wait_for("master key: ");
    let master = master.rsplit(' ').next().unwrap().to_owned();
    let front = host.front.clone();
    let status = |path: &str, headers: &[(&str, &str)]| {
        let mut all = vec![("Host", front.as_str())];
        all.extend(headers);
        let method = if path.starts_with("/admin") { "GET" } else { "POST" };
        exchange(&front, method, path, &all, "").status
    };
    assert_eq!(status("/api/feed", &[]), 401);
    assert_eq!(status("/api/feed", &[("x-functions-key", "wrong")]), 401);
    assert_eq!(status("/api/feed", &[("x-functions-key", &key)]), 200);
    assert_eq!(status(&format!("/api/feed?code={key}"), &[]), 200);
    assert_eq!(status("/admin/functions", &[("x-functions-key", &key)]), 401);
    assert_eq!(status("/admin/functions", &[("x-functions-key", &master)]), 200);
    host.wait(2, "feed succeeded");
    assert!(!host.has_said("callers need a key"));
}

#[test]
fn a_disabled_function_and_an_unknown_binding_are_named() {
    let bench = Bench::new();
    bench.settings(&[("AzureWebJobs.tick.Disabled", "true")]);
    std::fs::create_dir(bench.app().join("stream")).unwrap();
    let document = r#"{"bindings":[{"type":"kafkaTrigger","name":"event"}]}"#;
    std::fs::write(bench.app().join("stream/function.json"), document).unwrap();
    let mut host = bench.start(&[]);
    let problem = host.wait_for("function stream cannot run");
    assert!(problem.contains("kafkaTrigger"), "{problem}");
    assert!(host.wait_for("tick timer").contains("disabled"));
    let functions = get(&host.front, "/admin/functions/tick").body;
    assert!(functions.contains(r#""isDisabled":true"#), "{functions}");
}
