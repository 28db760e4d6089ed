//! How long a round takes: 1,000 mirrors on loopback, 100 of which take the connection and never answer.
//!
//! `cargo run --release -p scan_mirrors --example mirror_round [mirrors] [hanging]`
//!
//! The app is called as the host calls it: requests in batches of `batchSize`, the next batch once no more than
//! `newBatchThreshold` are in work (both from the app's host.json), a pause for each poll of the queue. The mirrors run in
//! the same process; time and memory are of both together. It needs some 4,000 open files (`ulimit -n 4096`).

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use custom_handler::testing::TestApp;
use custom_handler::{Clock, Settings, TimerInfo};
use package_repos::mirror::MIRROR_REQUESTS;
use scan_mirrors::{Deps, functions};
use serde_json::Value;
use service_fakes::mirrors::{Behaviour, FakeMirrors, Plan, Transport, Validity};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// One GetMessages of a storage queue in the same region.
const POLL: Duration = Duration::from_millis(15);

#[tokio::main]
async fn main() {
    let number = |place, default| {
        std::env::args()
            .nth(place)
            .map_or(default, |text| text.parse::<usize>().unwrap())
    };
    let (count, hanging) = (number(1, 1000), number(2, 100));
    let clock = Clock::system();
    let (mirrors, urls) = mirrors(&clock, count, hanging).await;
    let app = Arc::new(app(&mirrors).await);

    let list = serde_json::to_string(&urls).unwrap();
    let run = app
        .timer("generate_mirror", &TimerInfo::default())
        .blob("inputblobmirrors", list)
        .run()
        .await;
    let requests = run.message_texts(MIRROR_REQUESTS.name());

    let started = clock.monotonic();
    let results = round(&app, &clock, requests).await;
    let took = clock.monotonic() - started;

    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for result in &results {
        let status: Value = serde_json::from_str(result).unwrap();
        let status = status["status"].as_object().unwrap().values().next().unwrap();
        let code = status["findings"][0]["code"].as_str().unwrap_or("healthy").to_owned();
        *codes.entry(code).or_default() += 1;
    }
    println!(
        "{} mirrors, {hanging} hanging: {:.1} s",
        results.len(),
        took.as_secs_f64()
    );
    println!("{codes:?}");
    println!(
        "processor time {:.1} s, peak memory {} MB (app and mirrors)",
        processor_seconds(),
        peak_megabytes()
    );
}

async fn mirrors(clock: &Clock, count: usize, hanging: usize) -> (FakeMirrors, Vec<String>) {
    let mut mirrors = FakeMirrors::new(clock).await.unwrap();
    let mut urls = Vec::new();
    for number in 0..count {
        let behaviour = if number < hanging {
            Behaviour::Hang
        } else {
            Behaviour::HEALTHY
        };
        // Every other one with TLS, as in the world.
        let (scheme, transport) = match number % 2 {
            0 => ("http", Transport::Plain),
            _ => (
                "https",
                Transport::Tls(Validity::Ends(Duration::from_secs(60 * 24 * 3600))),
            ),
        };
        let name = format!("mirror{number}.example");
        mirrors
            .add(&name, &Plan::both(behaviour).over(transport))
            .await
            .unwrap();
        urls.push(format!("{scheme}://{name}/"));
    }
    (mirrors, urls)
}

async fn app(mirrors: &FakeMirrors) -> TestApp<Deps> {
    let connection =
        "DefaultEndpointsProtocol=https;AccountName=unused;AccountKey=dW51c2Vk;EndpointSuffix=core.windows.net";
    let settings: Settings = [
        ("pmcstatusprimary_CONNECTION", connection.to_owned()),
        ("AddressMap", mirrors.address_map_json()),
        ("ExtraTrustRoots", mirrors.trust_roots_pem()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect();
    TestApp::new(functions(), Deps::connect(&settings).await.unwrap())
}

/// Gives the requests to the app as the host's queue listener does, and gathers the results.
async fn round(app: &Arc<TestApp<Deps>>, clock: &Clock, requests: Vec<String>) -> Vec<String> {
    let host: Value = serde_json::from_str(include_str!("../host.json")).unwrap();
    let setting = |name: &str| usize::try_from(host["extensions"]["queues"][name].as_u64().unwrap()).unwrap();
    let (batch, threshold) = (setting("batchSize"), setting("newBatchThreshold"));
    let free = Arc::new(Semaphore::new(batch + threshold));
    let mut running = JoinSet::new();
    let mut requests = requests.into_iter().peekable();
    while requests.peek().is_some() {
        // Room for a whole batch: no more than the threshold in work.
        drop(free.acquire_many(u32::try_from(batch).unwrap()).await.unwrap());
        clock.sleep(POLL).await;
        for request in requests.by_ref().take(batch) {
            let (app, turn) = (Arc::clone(app), Arc::clone(&free).try_acquire_owned().unwrap());
            running.spawn(async move {
                let run = app.queue_text("check_mirror", &request).run().await;
                drop(turn);
                run.message_texts("results-queue").pop().unwrap()
            });
        }
    }
    running.join_all().await
}

fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: f64 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap_or_default();
    line.split_ascii_whitespace()
        .nth(1)
        .and_then(|kilobytes| kilobytes.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}
