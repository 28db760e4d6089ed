//! Every captured request for the triggers of this crate reaches a handler with the value that the host held.

use std::sync::{Arc, Mutex};

use custom_handler::testing::TestApp;
use custom_handler::{
    Bytes, Context, FunctionApp, HttpAnswer, HttpRequest, Queue, Schedule, TimerInfo, blob_bytes, blob_text, function,
};
use serde_json::Value;

const QUEUE: Queue<String> = Queue::named("in-queue");

/// What the last handler got.
#[derive(Default)]
struct Seen(Mutex<String>);

type Deps = Arc<Seen>;

impl Seen {
    fn note(&self, text: String) {
        *self.0.lock().unwrap() = text;
    }

    fn last(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

fn app() -> TestApp<Deps> {
    let schedule = Schedule::setting("Schedule", "0 */5 * * * *");
    let functions = FunctionApp::new("captured")
        .function(function("QueueFn").queue("msg", QUEUE, |queue| queue).handler(message))
        .function(function("TimerFn").timer("timer", schedule).handler(timer))
        .function(
            function("HttpFn")
                .http("req", |http| http.route("hi/{id?}"))
                .handler(request),
        )
        .function(
            function("Blobs")
                .queue("msg", QUEUE, |queue| queue)
                .input(blob_text("a", "container/x"))
                .input(blob_bytes("c", "container/x"))
                .input(blob_text("missing", "container/x"))
                .input(blob_bytes("missingBinary", "container/x"))
                .handler(blobs),
        );
    TestApp::new(functions, Arc::default())
}

async fn message(ctx: Context<Deps>, text: String) -> Result<(), std::io::Error> {
    ctx.deps().note(text);
    Ok(())
}

async fn timer(ctx: Context<Deps>, timer: TimerInfo) -> Result<(), std::io::Error> {
    ctx.deps().note(timer.is_past_due.to_string());
    Ok(())
}

async fn request(ctx: Context<Deps>, request: HttpRequest) -> Result<HttpAnswer, std::io::Error> {
    ctx.deps().note(format!("{} {}", request.method, request.url));
    Ok(HttpAnswer::text(200, request.text().unwrap_or_default()))
}

type BlobInput = (String, Option<String>, Option<Bytes>, Option<String>, Option<Bytes>);

async fn blobs(ctx: Context<Deps>, (_, a, c, missing, binary): BlobInput) -> Result<(), std::io::Error> {
    let c = c.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    ctx.deps().note(format!("{a:?} {c:?} {missing:?} {binary:?}"));
    Ok(())
}

fn cases(fixture: &str) -> Vec<Value> {
    serde_json::from_str(fixture).unwrap()
}

/// Sends a captured body to a function; true if the handler succeeded.
async fn send(app: &TestApp<Deps>, function: &str, case: &Value) -> bool {
    let body = case["sent"]["body"]
        .as_str()
        .unwrap_or_else(|| panic!("{} was sent without a body", case["name"]));
    app.invoke_raw(function, body.to_owned()).await.is_success()
}

#[tokio::test]
async fn queue_messages() {
    let app = app();
    let mut read = 0;
    for case in cases(include_str!(
        "../../../functions_protocol/fixtures/host/queue_trigger.json"
    )) {
        let bindings = &case["function"]["bindings"];
        // A binary trigger is not among those that this crate declares.
        let Some(text) = case["input"]["trigger"]["value"]["value"]
            .as_str()
            .filter(|_| bindings[0]["dataType"] != "binary")
        else {
            continue;
        };
        assert!(send(&app, "QueueFn", &case).await, "{}", case["name"]);
        assert_eq!(app.deps().last(), text, "{}", case["name"]);
        read += 1;
    }
    assert!(read >= 5, "{read}");
}

#[tokio::test]
async fn timers() {
    let app = app();
    let cases = cases(include_str!(
        "../../../functions_protocol/fixtures/host/timer_trigger.json"
    ));
    for case in &cases {
        assert!(send(&app, "TimerFn", case).await, "{}", case["name"]);
        let held: Value = serde_json::from_str(case["input"]["trigger"]["value"]["json"].as_str().unwrap()).unwrap();
        assert_eq!(app.deps().last(), held["IsPastDue"].to_string(), "{}", case["name"]);
    }
    assert!(!cases.is_empty());
}

#[tokio::test]
async fn http_requests() {
    let app = app();
    let mut read = 0;
    for case in cases(include_str!(
        "../../../functions_protocol/fixtures/host/http_trigger.json"
    )) {
        let Some(body) = case["sent"]["body"].as_str() else {
            continue;
        };
        assert!(send(&app, "HttpFn", &case).await, "{}", case["name"]);
        let sent: Value = serde_json::from_str(body).unwrap();
        let text = |member: &str| sent["Data"]["req"][member].as_str().unwrap().to_owned();
        assert_eq!(
            app.deps().last(),
            format!("{} {}", text("Method"), text("Url")),
            "{}",
            case["name"]
        );
        read += 1;
    }
    assert!(read >= 10, "{read}");
}

#[tokio::test]
async fn blob_inputs() {
    let app = app();
    let cases = cases(include_str!(
        "../../../functions_protocol/fixtures/host/blob_input.json"
    ));
    let case = cases.iter().find(|case| case["name"] == "inputs_text").unwrap();
    assert!(send(&app, "Blobs", case).await);
    let expected = format!(
        "{:?} {:?} {:?} {:?}",
        Some("text ü"),
        Some("\0\u{1}\u{fffd}"),
        None::<String>,
        None::<Bytes>
    );
    assert_eq!(app.deps().last(), expected);
}
