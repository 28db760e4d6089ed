//! A small function app that the tests of the development host run: an HTTP function and a timer feed a queue, a queue
//! function writes down what it was given, and another HTTP function reads and writes blobs.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use custom_handler::{
    Context, FunctionApp, HttpAnswer, HttpFailure, HttpRequest, Permanent, Queue, QueueFailure, Schedule, Setting,
    Settings, SettingsError, TimerInfo, blob_text, blob_text_output, function, queue_output,
};

const WORK: Queue<String> = Queue::named("work");
const RESULTS: Queue<String> = Queue::named("results");

/// A folder in which the app leaves `done.txt`, and in which a test may put `mended`, `blocked` and `timer is
/// broken`.
struct Deps {
    folder: PathBuf,
}

fn functions() -> FunctionApp<Deps> {
    FunctionApp::new("work_app")
        .setting(Setting::required("Folder").describe("Where the app writes."))
        .function(
            function("tick")
                .timer("timer", Schedule::setting("TickSchedule", "* * * * * *"))
                .output(queue_output("msg", WORK))
                .handler(tick),
        )
        .function(
            function("feed")
                .http("req", |http| http.post().route("feed/{count:int?}"))
                .output(queue_output("msg", WORK).many())
                .handler(feed),
        )
        .function(
            function("copy")
                .http("req", |http| http.post().route("copy/{name}"))
                .input(blob_text("before", "box/{name}.txt"))
                .output(blob_text_output("after", "copies/{name}.txt"))
                .handler(copy),
        )
        .function(
            function("work")
                .queue("msg", WORK, |queue| queue)
                .output(queue_output("result", RESULTS))
                .handler(work),
        )
}

async fn tick(ctx: Context<Deps>, _: TimerInfo) -> Result<String, std::io::Error> {
    if ctx.deps().folder.join("timer is broken").exists() {
        return Err(std::io::Error::other("the timer is broken"));
    }
    Ok("tick".to_owned())
}

/// Each line of the body becomes a message, once there is no `hold`.
async fn feed(ctx: Context<Deps>, request: HttpRequest) -> Result<(HttpAnswer, Vec<String>), HttpFailure> {
    tracing::info!("feeding");
    while ctx.deps().folder.join("hold").exists() {
        ctx.clock().sleep(Duration::from_millis(10)).await;
    }
    let lines: Vec<String> = request.text().unwrap_or_default().lines().map(str::to_owned).collect();
    let answer = format!(
        "{} lines, count {}",
        lines.len(),
        request.param("count").unwrap_or("none")
    );
    Ok((HttpAnswer::text(200, answer), lines))
}

/// The body is appended to the blob, which need not be there.
async fn copy(
    _: Context<Deps>,
    (request, before): (HttpRequest, Option<String>),
) -> Result<(HttpAnswer, String), HttpFailure> {
    let found = if before.is_some() { "found" } else { "missing" };
    let after = before.unwrap_or_default() + request.text().unwrap_or_default();
    Ok((HttpAnswer::text(200, found), after))
}

async fn work(ctx: Context<Deps>, message: String) -> Result<String, QueueFailure> {
    let folder = &ctx.deps().folder;
    // Before the line that tests wait for: what they change then is for the next run.
    let (mended, blocked) = (folder.join("mended").exists(), folder.join("blocked").exists());
    tracing::info!("working on {message}");
    if !mended {
        match message.split(' ').next() {
            Some("bad") => return Err(std::io::Error::other(format!("cannot work on {message}")).into()),
            Some("unusable") => return Err(Permanent::new("nobody can use this").into()),
            Some("crash") => std::process::abort(),
            Some("stuck") => std::future::pending().await,
            _ if blocked => std::future::pending().await,
            _ => {}
        }
    }
    if message.starts_with("slow") {
        ctx.clock().sleep(Duration::from_millis(150)).await;
    }
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("done.txt"))?;
    file.write_all(format!("{message}\n").as_bytes())?;
    Ok(format!("done {message}"))
}

async fn connect(settings: &Settings) -> Result<Deps, SettingsError> {
    Ok(Deps {
        folder: PathBuf::from(settings.required("Folder")?),
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    custom_handler::run(functions(), connect).await
}
