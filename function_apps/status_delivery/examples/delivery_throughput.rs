//! How many results one instance delivers per second, against the storage emulator over HTTP.
//!
//! `cargo run --release -p status_delivery --example delivery_throughput -- [results] [mirrors]`
//!
//! Storage runs in this process too, on its own sockets and threads, so the figure is that of both sides on one machine. A
//! real queue gives out about 2,000 messages a second. The process's peak memory is printed at a quarter of the way and at
//! the end: the emulator holds the waiting messages, so its share shrinks as the queue empties.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::time::Duration;

use custom_handler::testing::TestApp;
use custom_handler::{Clock, Settings};
use futures::{StreamExt, TryStreamExt, stream};
use scan_status::StatusMessage;
use serde_json::{Map, json};
use status_delivery::Deps;
use storage_access::{Connection, Queue, SendOptions, Storage, Transport};
use storage_emulator::{Emulator, Endpoints, Listeners};
use tokio::net::TcpListener;

const PRIMARY: &str = "pmcstatusprimary_CONNECTION";

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (results, mirrors) = (number(20_000)?, number(1_000)?);
    let mut out = std::io::stdout();

    let emulator = Emulator::builder().in_memory().build()?;
    let blob = TcpListener::bind(("127.0.0.1", 0)).await?;
    let queue = TcpListener::bind(("127.0.0.1", 0)).await?;
    let text = emulator.connection_string(&Endpoints::http(blob.local_addr()?, queue.local_addr()?));
    tokio::spawn(async move { emulator.serve(Listeners::new(blob, queue)).await });

    let clock = Clock::system();
    let storage = Storage::connect(&Connection::from_string(PRIMARY, &text)?, Transport::http())?;
    let queue = storage.queue("results-queue");
    queue.create_if_absent().await?;
    fill(&queue, &clock, results, mirrors).await?;

    let settings = Settings::from_iter([
        (PRIMARY.to_owned(), text),
        ("JsonContainerName".to_owned(), "dynamic-public-data".to_owned()),
        ("JsonBlobName".to_owned(), "repository_status.json".to_owned()),
    ]);
    let app = TestApp::new(status_delivery::functions(), Deps::connect(&settings).await?);
    let (before, started) = (peak_memory(), clock.monotonic());
    let mut quarter = None;
    while let Some(message) = queue.receive(1, Duration::from_secs(600)).await?.pop() {
        let text = String::from_utf8(message.body?)?;
        let run = app
            .queue_text("publish_status_result", &text)
            .attempt(message.dequeue_count)
            .run()
            .await;
        if let Some(reason) = run.failure() {
            return Err(reason.into());
        }
        queue.delete(&message.id, &message.pop_receipt).await?;
        quarter = quarter.or_else(peak_memory);
    }
    let spent = clock.monotonic().saturating_sub(started);
    let left = queue.approximate_count().await?;
    writeln!(
        out,
        "{results} results on {mirrors} mirrors in {:.2} s: {:.0} results/s; {left} left",
        spent.as_secs_f64(),
        results as f64 / spent.as_secs_f64()
    )?;
    writeln!(
        out,
        "peak memory, emulator included: {} before, {} after",
        shown(before),
        shown(peak_memory())
    )?;
    Ok(())
}

/// Results of a thousand bytes or so, in rounds over all mirrors.
async fn fill(queue: &Queue, clock: &Clock, results: u64, mirrors: u64) -> Result<(), Failure> {
    let start = clock.now();
    stream::iter(0..results)
        .map(|number| {
            let observed_at = start + Duration::from_millis(number / mirrors.max(1));
            let details = Map::from_iter([
                (
                    "findings".to_owned(),
                    json!([{"code": "LAG", "severity": "warning", "message": "x".repeat(400)}]),
                ),
                (
                    "facts".to_owned(),
                    json!({"latency_ms": number % 500, "families": {"ipv4": "y".repeat(200)}}),
                ),
            ]);
            let url = format!("https://mirror-{}.example/debian/", number % mirrors.max(1));
            let message = StatusMessage::mirror(&url, observed_at, observed_at, &[], details);
            async move {
                queue
                    .send(message.to_json().to_string().as_bytes(), SendOptions::default())
                    .await
            }
        })
        .buffer_unordered(64)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    Ok(())
}

/// The largest resident size so far, in bytes; only on Linux.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .trim_end_matches("kB")
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kibibytes| kibibytes * 1024)
}

fn shown(bytes: Option<u64>) -> String {
    bytes.map_or_else(
        || "unknown".to_owned(),
        |bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
    )
}
