//! The functions that a job type has: generated from its declaration.

use std::sync::Arc;
use std::time::Duration;

use custom_handler::{
    BoxError, Context, Failure, FunctionApp, HostSettings, HttpAnswer, HttpFailure, HttpRequest, Problem, Queue,
    QueueFailure, QueueMessage, Retry, Schedule, TimeSpan, TimerInfo, function,
};
use futures::FutureExt;
use ledger_protocol::JobId;

use crate::answers;
use crate::job_type::{AppWork, JobType};
use crate::jobs::{Asked, NewJob};
use crate::message::UnitMessage;
use crate::worker::Acknowledgement;

/// Deliveries before the host gives a message up: more than the protocol's own limits (12 attempts, and a few deliveries
/// that make none), so that a unit fails with its own reason.
const DELIVERIES: u32 = 30;

/// A unit that failed rests for so long.
const REST: Duration = Duration::from_secs(15);

/// The host settings that jobs need. An app that sets more begins with these.
pub fn host_settings() -> HostSettings {
    HostSettings::new()
        .max_dequeue_count(DELIVERIES)
        .visibility_timeout(REST)
}

/// Names of generated functions live as long as the program: a declaration is made once.
fn named(parts: &[&str]) -> &'static str {
    parts.concat().leak()
}

/// `count_words` as `CountWords`, for settings.
fn setting_name(name: &str, suffix: &str) -> &'static str {
    let mut text = String::new();
    for word in name.split('_') {
        let mut letters = word.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    named(&[&text, suffix])
}

impl<D: Send + Sync + 'static> JobType<D> {
    /// Adds the job type's functions and host settings to an app: `<name>_unit` and `<name>_poison` take messages,
    /// `<name>_sweep` and `<name>_clean` run by the clock, and `<name>_start`, `_status`, `_cancel`, `_retry`, `_remove`
    /// (and `_view` for a status of the app's own) answer callers.
    pub fn add_to(self, app: FunctionApp<D>) -> FunctionApp<D> {
        let job_type = Arc::new(self);
        let app = with_messages(app.host(host_settings()), &job_type);
        let app = with_timers(app, &job_type);
        with_http(app, &job_type)
    }
}

fn with_messages<D: Send + Sync + 'static>(app: FunctionApp<D>, job_type: &Arc<JobType<D>>) -> FunctionApp<D> {
    let (name, connection) = (job_type.name, job_type.connection);
    let units: Queue<UnitMessage> = Queue::named(job_type.place.queue);
    let poison: Queue<UnitMessage> = Queue::named(named(&[job_type.place.queue, "-poison"]));
    let unit =
        function(named(&[name, "_unit"])).queue("unit", units, |queue| queue.with_metadata().connection(connection));
    let poison = function(named(&[name, "_poison"])).queue("unit", poison, |queue| queue.connection(connection));
    let (worker, given_up) = (Arc::clone(job_type), Arc::clone(job_type));
    app.function(unit.handler(move |context, message| deliver(Arc::clone(&worker), context, message)))
        .function(poison.handler(move |context, message| give_up(Arc::clone(&given_up), context, message)))
}

async fn deliver<D: Send + Sync + 'static>(
    job_type: Arc<JobType<D>>,
    context: Context<D>,
    message: QueueMessage<UnitMessage>,
) -> Result<(), QueueFailure> {
    // A run by hand has no message: the invocation stands for it.
    let id = message
        .metadata
        .id
        .unwrap_or_else(|| context.invocation_id().to_owned());
    let stopping = {
        let context = context.clone();
        async move { context.cancelled().await }.boxed()
    };
    let ledger = (job_type.ledger)(context.deps()).clone();
    let attempt = context.attempt();
    let work = Arc::new(AppWork { job_type, context });
    match ledger.deliver(message.payload, id, attempt, work, stopping).await? {
        Acknowledgement::Delete => Ok(()),
        Acknowledgement::DeliverAgain => Err(AgainLater.into()),
    }
}

/// The attempt failed and its unit says why; the message must come again.
#[derive(Debug, thiserror::Error)]
#[error("the unit is to be tried again; its document has the reason")]
struct AgainLater;

/// A trigger on a poison queue drops what it fails at, so this never fails: the sweep does what is left undone.
async fn give_up<D: Send + Sync + 'static>(
    job_type: Arc<JobType<D>>,
    context: Context<D>,
    message: UnitMessage,
) -> Result<(), QueueFailure> {
    if let Err(error) = (job_type.ledger)(context.deps()).poison(&message).await {
        tracing::warn!(job = %message.job, unit = %message.unit, "left to the sweep: {error}");
    }
    Ok(())
}

fn with_timers<D: Send + Sync + 'static>(app: FunctionApp<D>, job_type: &Arc<JobType<D>>) -> FunctionApp<D> {
    let name = job_type.name;
    let each_minute = Schedule::setting(setting_name(name, "SweepSchedule"), "0 * * * * *")
        .describe("When jobs are looked through for work whose worker died. Each minute")
        .without_monitor();
    let each_day = Schedule::setting(setting_name(name, "CleanSchedule"), "0 30 3 * * *")
        .describe("When outputs that no job needs are removed. Each day");
    let again = Retry::FixedDelay {
        max_retry_count: 3,
        delay_interval: TimeSpan::new(Duration::from_secs(60)),
    };
    let sweep = function(named(&[name, "_sweep"])).timer("timer", each_minute);
    let clean = function(named(&[name, "_clean"])).timer("timer", each_day).retry(again);
    let (sweeper, cleaner) = (Arc::clone(job_type), Arc::clone(job_type));
    app.function(sweep.handler(move |context: Context<D>, _: TimerInfo| {
        let job_type = Arc::clone(&sweeper);
        async move { (job_type.ledger)(context.deps()).sweep().await }
    }))
    .function(clean.handler(move |context: Context<D>, _: TimerInfo| {
        let job_type = Arc::clone(&cleaner);
        async move { (job_type.ledger)(context.deps()).clean().await }
    }))
}

fn with_http<D: Send + Sync + 'static>(mut app: FunctionApp<D>, job_type: &Arc<JobType<D>>) -> FunctionApp<D> {
    let route = job_type.route;
    let one = named(&[route, "/{id}"]);
    let endpoints = [
        (Endpoint::Start, "post", route),
        (Endpoint::Status, "get", one),
        (Endpoint::Cancel, "post", named(&[route, "/{id}/terminate"])),
        (Endpoint::Retry, "post", named(&[route, "/{id}/retry"])),
        (Endpoint::Remove, "delete", one),
    ];
    let own = job_type
        .own_status
        .as_ref()
        .map(|(route, _)| (Endpoint::View, "get", *route));
    for (endpoint, method, route) in endpoints.into_iter().chain(own) {
        let name = named(&[job_type.name, endpoint.suffix()]);
        let job_type = Arc::clone(job_type);
        let declared = function(name).http("request", |http| http.method(method).route(route));
        app = app.function(
            declared.handler(move |context, request| answer(Arc::clone(&job_type), endpoint, context, request)),
        );
    }
    app
}

#[derive(Clone, Copy)]
enum Endpoint {
    Start,
    Status,
    View,
    Cancel,
    Retry,
    Remove,
}

impl Endpoint {
    fn suffix(self) -> &'static str {
        match self {
            Self::Start => "_start",
            Self::Status => "_status",
            Self::View => "_view",
            Self::Cancel => "_cancel",
            Self::Retry => "_retry",
            Self::Remove => "_remove",
        }
    }
}

async fn answer<D: Send + Sync + 'static>(
    job_type: Arc<JobType<D>>,
    endpoint: Endpoint,
    context: Context<D>,
    request: HttpRequest,
) -> Result<HttpAnswer, HttpFailure> {
    let ledger = (job_type.ledger)(context.deps());
    if let Endpoint::Start = endpoint {
        return start(&job_type, &context, &request).await;
    }
    let no_such_job = || Problem::new(404, "There is no such job");
    let id = request
        .param("id")
        .and_then(|id| JobId::new(id).ok())
        .ok_or_else(no_such_job)?;
    let status = ledger.status(&id).await?.ok_or_else(no_such_job)?;
    let asked = match endpoint {
        Endpoint::Status => return Ok(answers::status(&status)?),
        Endpoint::View => {
            let body = job_type.own_status.as_ref().map(|(_, body)| body(&status));
            return Ok(HttpAnswer::json(200, &body)?);
        }
        Endpoint::Cancel => {
            ledger
                .cancel(&id, request.query("reason").unwrap_or("asked for"))
                .await?
        }
        Endpoint::Retry => {
            let seen = request.query("epoch").and_then(|epoch| epoch.parse().ok());
            ledger.retry(&id, seen.unwrap_or(status.custom_status.epoch)).await?
        }
        Endpoint::Remove => ledger.remove(&id).await?,
        Endpoint::Start => Asked::Unknown,
    };
    match asked {
        Asked::Granted if matches!(endpoint, Endpoint::Remove) => Ok(HttpAnswer::status(200)),
        Asked::Granted => Ok(HttpAnswer::status(202)),
        Asked::Busy if matches!(endpoint, Endpoint::Remove) => Err(conflict("The job has not ended yet")),
        Asked::Busy => Err(conflict("Another job of its kind is running")),
        Asked::Refused => Err(conflict("That is not possible in the job's present state")),
        Asked::Unknown => Err(Problem::new(503, "Storage gave no clear answer: ask again").into()),
    }
}

async fn start<D: Send + Sync + 'static>(
    job_type: &JobType<D>,
    context: &Context<D>,
    request: &HttpRequest,
) -> Result<HttpAnswer, HttpFailure> {
    let ledger = (job_type.ledger)(context.deps());
    let asked = (job_type.read_start)(request)?;
    let id = match asked.id {
        Some(id) => id,
        None => JobId::new(&context.rng().uuid())
            .map_err(Box::<dyn std::error::Error + Send + Sync>::from)
            .map_err(other)?,
    };
    let kind = job_type
        .root
        .ok_or_else(|| Problem::new(500, "The job type has no unit"))?;
    let new = NewJob {
        slot: job_type.slot.map(str::to_owned),
        ..NewJob::new(id.clone(), kind, &asked.input)?
    };
    ledger.prepare().await?;
    match ledger.start(&new).await? {
        Asked::Granted => Ok(answers::started(&id, request)?),
        Asked::Busy => Err(conflict("Another job of its kind is running")),
        Asked::Refused => Err(conflict("A job with this id is being removed")),
        Asked::Unknown => Err(Problem::new(503, "Storage gave no clear answer: ask again").into()),
    }
}

fn other(error: BoxError) -> HttpFailure {
    Failure::Retry(error)
}

fn conflict(title: &str) -> HttpFailure {
    Problem::new(409, title).into()
}
