//! What only a socket shows: routes, limits, disconnects, load.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use custom_handler::testing::{TestApp, TestServer};
use determinism::{Clock, ManualClock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{Deps, Job, Order, TOGETHER, app};

pub(crate) async fn start() -> (TestServer, Arc<Deps>) {
    let deps = Arc::new(Deps::default());
    let server = TestApp::new(app(), Arc::clone(&deps)).serve().await.unwrap();
    (server, deps)
}

async fn start_with_clock() -> (TestServer, Arc<Deps>, ManualClock) {
    let deps = Arc::new(Deps::default());
    let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
    let server = TestApp::new(app(), Arc::clone(&deps))
        .clock(clock)
        .serve()
        .await
        .unwrap();
    (server, deps, hands)
}

/// A queue message as the host sends it.
pub(crate) fn message(binding: &str, text: &str) -> Vec<u8> {
    json!({ "Data": { binding: Value::from(text).to_string() }, "Metadata": { "DequeueCount": "1" } })
        .to_string()
        .into_bytes()
}

fn job(order: Order) -> Vec<u8> {
    message("job", &serde_json::to_string(&Job { id: 1, order }).unwrap())
}

/// Sends a request in the host's way, chunked and without a length, and gives status and body.
async fn send(address: SocketAddr, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}");
    let framing = if method == "GET" {
        "\r\n"
    } else {
        "Transfer-Encoding: chunked\r\n\r\n"
    };
    connection
        .write_all(format!("{head}{framing}").as_bytes())
        .await
        .unwrap();
    if method != "GET" {
        for chunk in body.chunks(16 * 1024) {
            connection
                .write_all(format!("{:x}\r\n", chunk.len()).as_bytes())
                .await
                .unwrap();
            connection.write_all(chunk).await.unwrap();
            connection.write_all(b"\r\n").await.unwrap();
        }
        connection.write_all(b"0\r\n\r\n").await.unwrap();
    }
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(!body.trim().is_empty(), "never an empty answer: {head}");
    (status, body.to_owned())
}

async fn post(server: &TestServer, path: &str, body: &[u8]) -> (u16, String) {
    send(server.address(), "POST", path, "", body).await
}

#[tokio::test]
async fn a_message_is_answered_with_its_outputs() {
    let (server, _) = start().await;
    let (status, body) = post(&server, "/run_job", &job(Order::Echo("hi".to_owned()))).await;
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        answer["Outputs"]["result"],
        json!([r#"{"id":1,"text":"hi","attempt":1}"#])
    );
}

#[tokio::test]
async fn an_unknown_function_gets_a_404_that_names_the_known_ones() {
    let (server, _) = start().await;
    let (status, body) = post(&server, "/run_jobs", b"{}").await;
    assert_eq!(status, 404);
    assert_eq!(
        body,
        "sample_app has no function \"run_jobs\"; it has: list_jobs, note, page, run_job\n"
    );
}

#[tokio::test]
async fn every_path_and_method_gets_an_answer() {
    let (server, _) = start().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/run_job"),
        ("POST", "/"),
        ("PUT", "/a/b/c"),
        ("DELETE", "/%ff"),
    ] {
        send(server.address(), method, path, "", b"").await;
    }
}

#[tokio::test]
async fn a_body_that_is_no_invocation_fails_in_words() {
    let (server, _) = start().await;
    for body in [&b""[..], b"null", b"{}", b"\xff\xfe", br#"{"Data":{"other":"x"}}"#] {
        let (status, text) = post(&server, "/run_job", body).await;
        assert_eq!(status, 500, "{text}");
        assert!(text.contains("invocation request"), "{text}");
    }
    let (status, text) = post(&server, "/page", b"nonsense").await;
    assert_eq!(status, 200, "an HTTP caller must get more than the host's empty 500");
    assert!(text.contains("application/problem+json"), "{text}");
}

#[tokio::test]
async fn a_body_over_the_cap_is_a_failure_that_names_it() {
    let (server, _) = start().await;
    let (status, text) = post(&server, "/run_job", &vec![b' '; 2 * 1024 * 1024]).await;
    assert_eq!(status, 500);
    assert_eq!(
        text,
        "the request body is larger than the limit of this function, 1048576 bytes"
    );
}

#[tokio::test]
async fn a_handler_goes_on_when_its_caller_disconnects() {
    let (server, deps) = start().await;
    let body = job(Order::WaitForGate);
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /run_job HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&body).await.unwrap();
    deps.waiting.notified().await;
    drop(connection);
    // Another request after the disconnect: by its answer the server has had the time to see it.
    post(&server, "/note", &message("text", "x")).await;
    deps.gate.notify_one();
    deps.finished.notified().await;
}

#[tokio::test]
async fn many_invocations_run_at_once() {
    let (server, _) = start().await;
    // Each waits until all have begun.
    let bodies: Vec<Vec<u8>> = (0..TOGETHER).map(|_| job(Order::WaitForAll)).collect();
    let answers = futures::future::join_all(bodies.iter().map(|body| post(&server, "/run_job", body))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
}

#[tokio::test]
async fn the_deadline_answers_before_the_host_gives_up() {
    let (server, deps, hands) = start_with_clock().await;
    let body = job(Order::WaitForEver);
    let call = post(&server, "/run_job", &body);
    let moving = async {
        deps.waiting.notified().await;
        hands.advance(Duration::from_secs(600));
    };
    let ((status, text), ()) = tokio::join!(call, moving);
    assert_eq!(status, 500);
    assert!(text.starts_with("the handler was ended after 570s"), "{text}");
}

#[tokio::test]
async fn the_development_hosts_header_moves_the_handlers_clock() {
    let (server, _, _) = start_with_clock().await;
    let timer = json!({ "Schedule": { "AdjustForDST": true }, "ScheduleStatus": null, "IsPastDue": false });
    let data = json!({ "timer": timer, "names": "null", "image": "null", "limits": "null" });
    let body = json!({ "Data": data, "Metadata": {} }).to_string();
    let headers = "x-dev-host-now: 2027-01-01T00:00:00Z\r\n";
    let (status, text) = send(server.address(), "POST", "/list_jobs", headers, body.as_bytes()).await;
    assert_eq!(status, 200);
    assert!(text.contains("at 2027-01-01T00:00:00Z"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_probe_is_answered_while_every_core_is_busy() {
    let (server, _) = start().await;
    let busy: Vec<_> = (0..8)
        .map(|_| {
            let address = server.address();
            tokio::spawn(async move { send(address, "POST", "/run_job", "", &job(Order::Spin)).await })
        })
        .collect();
    let clock = Clock::system();
    let mut slowest = Duration::ZERO;
    while !busy.iter().all(tokio::task::JoinHandle::is_finished) {
        let begin = clock.monotonic();
        let (status, _) = send(server.address(), "GET", "/", "", b"").await;
        assert_eq!(status, 200);
        slowest = slowest.max(clock.monotonic() - begin);
    }
    assert!(slowest < Duration::from_millis(250), "{slowest:?}");
}

#[tokio::test]
async fn asked_to_stop_it_ends_running_work_and_then_itself() {
    let (server, deps) = start().await;
    let address = server.address();
    let call = tokio::spawn(async move { send(address, "POST", "/note", "", &message("text", "wait")).await });
    deps.waiting.notified().await;
    server.stop().await.unwrap();
    let (status, text) = call.await.unwrap();
    assert_eq!(
        (status, text.as_str()),
        (500, "asked to stop"),
        "the handler was told and its answer still sent"
    );
    assert!(TcpStream::connect(address).await.is_err());
}

mod foreign_bytes {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    #[test]
    fn arbitrary_request_bytes_never_stop_the_server() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (server, _) = runtime.block_on(start());
        let bytes = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "(GET|POST|PUT|X) /[a-z_%/]{0,12} HTTP/1.[01]\r\n([A-Za-z-]{1,20}: [ -~]{0,20}\r\n){0,4}\r\n[ -~]{0,60}"
                .prop_map(String::into_bytes),
        ];
        let mut runner = TestRunner::new(Config {
            cases: 200,
            failure_persistence: None,
            ..Config::default()
        });
        let outcome = runner.run(&bytes, |bytes| {
            runtime.block_on(async {
                let mut connection = TcpStream::connect(server.address()).await.unwrap();
                // The server may close first, which fails the write or the read: that is an answer too.
                let _ = connection.write_all(&bytes).await;
                let _ = connection.shutdown().await;
                let _ = connection.read_to_end(&mut Vec::new()).await;
                let (status, _) = send(server.address(), "GET", "/", "", b"").await;
                prop_assert_eq!(status, 200);
                Ok(())
            })
        });
        outcome.unwrap();
    }

    #[test]
    fn arbitrary_invocations_are_answered() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let app = TestApp::new(app(), Arc::new(Deps::default()));
        let data = r#"\{"Data":\{"(job|text|req|timer|names)":("[ -~]{0,30}"|\{("[A-Za-z]{1,9}":("[a-z]{0,5}"|[0-9]{1,3}|null|\[\]))?\}|null)\},"Metadata":(\{\}|null|\{"(Id|DequeueCount|RetryContext|sys)":("[0-9\\"]{0,4}"|\{\})\})\}"#;
        let mut runner = TestRunner::new(Config {
            cases: 500,
            failure_persistence: None,
            ..Config::default()
        });
        let function = proptest::sample::select(vec!["run_job", "list_jobs", "note", "page"]);
        let outcome = runner.run(&(function, data), |(function, body)| {
            let reply = runtime.block_on(app.invoke_raw(function, body));
            prop_assert!(!reply.body.is_empty());
            prop_assert!(!String::from_utf8_lossy(&reply.body).contains("panicked"));
            Ok(())
        });
        outcome.unwrap();
    }
}
