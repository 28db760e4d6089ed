//! What handlers get and what becomes of what they return.

use std::sync::Arc;
use std::time::Duration;

use custom_handler::testing::TestApp;
use custom_handler::{Clock, HttpBody, HttpRequest, TimerInfo};

use crate::app::{Deps, JOBS, Job, JobResult, Order, RESULTS, TEXTS, app};

fn test_app() -> TestApp<Arc<Deps>> {
    TestApp::new(app(), Arc::default())
}

#[tokio::test]
async fn a_queue_function_gets_its_payload_and_sends_its_result() {
    let job = Job {
        id: 7,
        order: Order::Echo("hi".to_owned()),
    };
    let run = test_app().queue("run_job", &job).attempt(3).run().await;
    assert_eq!(
        run.messages(RESULTS),
        [JobResult {
            id: 7,
            text: "hi".to_owned(),
            attempt: 3
        }]
    );
    assert_eq!(run.poison(), None);
}

#[tokio::test]
async fn a_timer_function_gets_its_inputs_and_writes_all_outputs() {
    let (clock, _) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
    let app = test_app().clock(clock);
    let timer = TimerInfo {
        is_past_due: true,
        ..TimerInfo::default()
    };
    let call = app
        .timer("list_jobs", &timer)
        .blob("names", "a\nb\nc")
        .blob("image", [0xff, 0])
        .blob("limits", r#"{"most":2}"#);
    let run = call.run().await;
    assert_eq!(run.failure(), None);
    assert_eq!(run.messages(JOBS).len(), 2);
    assert_eq!(run.messages(TEXTS), ["late"]);
    assert_eq!(run.blob("report").unwrap(), "image Some(2), at 2026-11-20T10:00:00Z");
}

#[tokio::test]
async fn missing_blobs_and_unset_outputs_are_none() {
    let app = test_app();
    let run = app.timer("list_jobs", &TimerInfo::default()).run().await;
    assert_eq!(run.failure(), None);
    assert!(run.messages(JOBS).is_empty() && run.messages(TEXTS).is_empty());
    assert!(run.blob("report").unwrap().starts_with(b"image None"));
}

#[tokio::test]
async fn an_undecodable_blob_is_a_failure_that_names_place_and_blob() {
    let app = test_app();
    let run = app
        .timer("list_jobs", &TimerInfo::default())
        .blob("limits", r#"{"most":"x"}"#)
        .run()
        .await;
    let failure = run.failure().unwrap();
    assert!(
        failure.contains("static-data/limits.json") && failure.contains("`most`"),
        "{failure}"
    );
}

#[tokio::test]
async fn any_error_fails_the_run_with_its_whole_chain() {
    let run = test_app()
        .queue(
            "run_job",
            &Job {
                id: 7,
                order: Order::Fail,
            },
        )
        .run()
        .await;
    assert_eq!(run.failure(), Some("running job 7: the disk is full"));
}

#[tokio::test]
async fn a_panic_fails_the_run_with_its_message() {
    for order in [Order::Panic, Order::PanicInBlocking] {
        let run = test_app().queue("run_job", &Job { id: 7, order }).run().await;
        assert_eq!(run.failure(), Some("the handler panicked: job 7 is cursed"));
    }
}

#[tokio::test]
async fn a_handler_is_ended_before_the_host_would_kill_the_process() {
    let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
    let app = test_app().clock(clock);
    let running = app
        .queue(
            "run_job",
            &Job {
                id: 7,
                order: Order::WaitForEver,
            },
        )
        .run();
    let moving = async {
        app.deps().waiting.notified().await;
        // functionTimeout is ten minutes, so 5 % of it are kept in reserve.
        hands.advance(Duration::from_secs(569));
        tokio::task::yield_now().await;
        hands.advance(Duration::from_secs(1));
    };
    let (run, ()) = tokio::join!(running, moving);
    let failure = run.failure().unwrap();
    assert!(failure.starts_with("the handler was ended after 570s"), "{failure}");
}

#[tokio::test]
async fn a_caller_gets_the_answer_and_other_outputs_go_their_way() {
    let app = test_app();
    let request =
        HttpRequest::new("POST", "http://localhost/api/pages").with_body(HttpBody::Text("{\"a\":1}".to_owned()));
    let run = app.http("page", &request).run().await;
    assert_eq!((run.http().status_code(), run.http().body()), (201, r#"{"a":1}"#));
    assert_eq!(run.messages(TEXTS), ["created"]);
    let request = HttpRequest::new("GET", "http://localhost/api/pages/7").with_param("id", "7");
    assert_eq!(app.http("page", &request).run().await.http().body(), "page 7");
}

#[tokio::test]
async fn every_failure_reaches_the_caller_as_problem_json_and_tells_no_secrets() {
    let app = test_app();
    for (id, status) in [("0", 404), ("13", 500), ("14", 500)] {
        let request = HttpRequest::new("GET", format!("http://localhost/api/pages/{id}")).with_param("id", id);
        let run = app.http("page", &request).run().await;
        assert_eq!(run.failure(), None, "for the host the run is a success");
        let answer = run.http();
        assert_eq!(answer.status_code(), status);
        assert!(
            answer
                .headers()
                .any(|header| header == ("Content-Type", "application/problem+json"))
        );
        let problem: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
        assert_eq!(problem["status"], status);
        assert!(
            !answer.body().contains("hunter2") && !answer.body().contains("cursed"),
            "{}",
            answer.body()
        );
    }
    let bad_body = HttpRequest::new("POST", "http://localhost/api/pages").with_body(HttpBody::Text("{".to_owned()));
    assert_eq!(app.http("page", &bad_body).run().await.http().status_code(), 400);
}

#[tokio::test]
async fn the_same_seed_repeats_what_chance_decides() {
    let ids = || async {
        let app = test_app().rng(custom_handler::Rng::seeded(7));
        let body = app.queue_text("note", "x").body();
        String::from_utf8(body)
            .unwrap()
            .split("\"Id\"")
            .nth(1)
            .map(|rest| rest[..50].to_owned())
    };
    assert_eq!(ids().await, ids().await);
}
