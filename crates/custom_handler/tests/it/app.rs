//! The app that these tests run: one function of each kind.

use std::sync::Arc;
use std::time::Duration;

use custom_handler::{
    Bytes, Clock, Context, Failure, FunctionApp, HostSettings, HttpAnswer, HttpFailure, HttpRequest, HttpRequestExt,
    JsonPayload, PayloadStore, Permanent, Problem, Queue, QueueFailure, QueueMessage, Retry, Schedule, Setting,
    TimeSpan, TimerInfo, blob_bytes, blob_payload, blob_text, blob_text_output, function, queue_output,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Barrier, Notify};

pub(crate) const PRIMARY: &str = "Primary_CONNECTION";
pub(crate) const JOBS: Queue<Job> = Queue::named("jobs");
pub(crate) const RESULTS: Queue<JobResult> = Queue::named("results");
pub(crate) const TEXTS: Queue<String> = Queue::named("texts");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: u32,
    pub(crate) order: Order,
}

/// What a handler is told to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    Echo(String),
    Fail,
    Panic,
    PanicInBlocking,
    PutAside(String),
    WaitForGate,
    WaitForAll,
    WaitForEver,
    Spin,
    Large(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobResult {
    pub(crate) id: u32,
    pub(crate) text: String,
    pub(crate) attempt: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) most: u32,
}

impl JsonPayload for Job {}
impl JsonPayload for JobResult {}
impl JsonPayload for Limits {}

#[derive(Debug, thiserror::Error)]
#[error("running job {id}")]
pub(crate) struct JobError {
    id: u32,
    #[source]
    source: std::io::Error,
}

/// Handlers that [`Order::WaitForAll`] waits for.
pub(crate) const TOGETHER: usize = 100;

pub(crate) struct Deps {
    pub(crate) all: Barrier,
    /// Lets the handlers go on that wait for it.
    pub(crate) gate: Notify,
    /// Notified by each handler that begins to wait, and by each that ends.
    pub(crate) waiting: Notify,
    pub(crate) finished: Notify,
    pub(crate) store: Option<Arc<dyn PayloadStore>>,
}

impl Default for Deps {
    fn default() -> Self {
        let (gate, waiting, finished) = (Notify::new(), Notify::new(), Notify::new());
        Self {
            all: Barrier::new(TOGETHER),
            gate,
            waiting,
            finished,
            store: None,
        }
    }
}

pub(crate) fn app() -> FunctionApp<Arc<Deps>> {
    FunctionApp::new("sample_app")
        .setting(
            Setting::required("Region")
                .example("westeurope")
                .describe("Where results are published."),
        )
        .setting(
            Setting::optional("Limit")
                .default("10")
                .of_type::<u32>()
                .describe("Results per page."),
        )
        .host(
            HostSettings::new()
                .function_timeout(Duration::from_secs(600))
                .batch_size(8)
                .new_batch_threshold(4),
        )
        .function(
            function("run_job")
                .queue("job", JOBS, |queue| queue.connection(PRIMARY))
                .output(queue_output("result", RESULTS).connection(PRIMARY))
                .handler(run_job),
        )
        .function(
            function("list_jobs")
                .timer(
                    "timer",
                    Schedule::setting("ListSchedule", "0 */3 * * * *").describe("Not below a minute."),
                )
                .input(blob_text("names", "static-data/names.txt").connection(PRIMARY))
                .input(blob_bytes("image", "static-data/image.png"))
                .input(blob_payload::<Limits>("limits", "static-data/limits.json"))
                .output(queue_output("jobs", JOBS).connection(PRIMARY).many())
                .output(queue_output("note", TEXTS).optional())
                .output(blob_text_output("report", "reports/last.txt"))
                .retry(Retry::FixedDelay {
                    max_retry_count: 2,
                    delay_interval: TimeSpan::from_seconds(10),
                })
                .handler(list_jobs),
        )
        .function(
            function("note")
                .queue("text", TEXTS, |queue| queue.with_metadata())
                .handler(note),
        )
        .function(
            function("page")
                .http("req", |http| http.get().post().route("pages/{id:int?}").anonymous())
                .output(queue_output("note", TEXTS).optional())
                .handler(page),
        )
}

pub(crate) fn app_with_store() -> FunctionApp<Arc<Deps>> {
    app().payload_store(|deps| deps.store.clone().expect("the test has a store"))
}

async fn run_job(ctx: Context<Arc<Deps>>, job: Job) -> Result<JobResult, QueueFailure> {
    let text = match job.order {
        Order::Echo(text) => text,
        Order::Fail => {
            return Err(JobError {
                id: job.id,
                source: std::io::Error::other("the disk is full"),
            }
            .into());
        }
        Order::Panic => panic!("job {} is cursed", job.id),
        Order::PanicInBlocking => ctx.blocking(move || panic!("job {} is cursed", job.id)).await,
        Order::PutAside(reason) => return Err(Permanent::new(reason).into()),
        Order::WaitForGate => {
            ctx.deps().waiting.notify_one();
            ctx.deps().gate.notified().await;
            ctx.deps().finished.notify_one();
            "waited".to_owned()
        }
        Order::WaitForAll => {
            ctx.deps().all.wait().await;
            "all".to_owned()
        }
        Order::Spin => ctx.blocking(spin).await,
        Order::WaitForEver => {
            ctx.deps().waiting.notify_one();
            std::future::pending().await
        }
        Order::Large(length) => "x".repeat(length),
    };
    Ok(JobResult {
        id: job.id,
        text,
        attempt: ctx.attempt(),
    })
}

type ListInput = (TimerInfo, Option<String>, Option<Bytes>, Option<Limits>);

async fn list_jobs(
    ctx: Context<Arc<Deps>>,
    (timer, names, image, limits): ListInput,
) -> Result<(Vec<Job>, Option<String>, String), Failure> {
    let most = limits.map_or(usize::MAX, |limits| limits.most as usize);
    let names = names.unwrap_or_default();
    let jobs = names.lines().take(most).zip(1..).map(|(name, id)| Job {
        id,
        order: Order::Echo(name.to_owned()),
    });
    let report = format!("image {:?}, at {}", image.map(|image| image.len()), ctx.now());
    Ok((jobs.collect(), timer.is_past_due.then(|| "late".to_owned()), report))
}

async fn note(ctx: Context<Arc<Deps>>, note: QueueMessage<String>) -> Result<(), std::io::Error> {
    tracing::info!(
        length = note.payload.len(),
        dequeue_count = note.metadata.dequeue_count,
        "noted"
    );
    if note.payload == "wait" {
        ctx.deps().waiting.notify_one();
        ctx.cancelled().await;
        return Err(std::io::Error::other("asked to stop"));
    }
    Ok(())
}

async fn page(_: Context<Arc<Deps>>, request: HttpRequest) -> Result<(HttpAnswer, Option<String>), HttpFailure> {
    match request.param("id") {
        Some("0") => Err(Problem::new(404, "No such page").detail("Pages begin at 1.").into()),
        Some("13") => panic!("page 13 is cursed"),
        Some("14") => Err(std::io::Error::other("the database password is hunter2").into()),
        Some(id) => Ok((HttpAnswer::text(200, format!("page {id}")), None)),
        None => {
            let limits: serde_json::Value = request.json()?;
            Ok((HttpAnswer::json(201, &limits)?, Some("created".to_owned())))
        }
    }
}

/// Some 100 ms of CPU work.
fn spin() -> String {
    let clock = Clock::system();
    let mut sum = 0_u64;
    while clock.monotonic() < Duration::from_millis(100) {
        sum = (0..1000).fold(sum, |sum, n| std::hint::black_box(sum ^ n));
    }
    sum.to_string()
}
