//! What the SDK costs beside the work.

use std::net::SocketAddr;
use std::time::Duration;
use std::{io, thread};

use determinism::Clock;

use super::load::{self, Connection, Load};
use super::process::Handler;
use super::{build, mebibytes, median, release};
use crate::workspace::Workspace;
use crate::{Outcome, apps, say};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(3);

/// The SDK's echo app against a bare axum handler that does the same three parses and answers the same JSON.
pub(super) fn run(workspace: &Workspace) -> Outcome {
    build(
        workspace,
        &[
            "--package",
            "custom_handler",
            "--example",
            "echo",
            "--example",
            "bare_axum",
        ],
    )?;
    let request = request("echo", &payload(1024));
    let echo = Handler::start(&release(workspace, "examples/echo"), &SETTINGS)?;
    let bare = Handler::start(&release(workspace, "examples/bare_axum"), &[])?;
    let answers = [&echo, &bare].map(|handler| {
        let answer = Connection::open(handler.address())?
            .exchange(&request)
            .map(<[u8]>::to_vec)?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&answer).into_owned())
    });
    let [Ok(ours), Ok(theirs)] = answers else {
        return Err(format!("no answer: {answers:?}").into());
    };
    if ours != theirs {
        return Err(format!("the two answer differently:\n{ours}\n{theirs}").into());
    }
    let mut rates = [Vec::new(), Vec::new()];
    let mut costs = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (side, handler) in [&echo, &bare].into_iter().enumerate() {
            let (load, cpu) = measure(handler, &request)?;
            // The first round warms both up.
            if round > 0 {
                rates[side].push(load.rate());
                costs[side].push(cpu * 1e6 / load.answered as f64);
            }
        }
    }
    let ratio = |values: &[Vec<f64>; 2]| median(values[0].iter().zip(&values[1]).map(|(a, b)| a / b).collect());
    let (rate_ratio, cost_ratio) = (ratio(&rates), ratio(&costs));
    let [our_rate, their_rate] = rates.map(median);
    let [our_cost, their_cost] = costs.map(median);
    say("| figure | SDK | bare axum | ratio |\n|---|---|---|---|");
    say(&format!(
        "| requests/s, {CONNECTIONS} connections | {our_rate:.0} | {their_rate:.0} | {rate_ratio:.2} |"
    ));
    say(&format!(
        "| server CPU, µs/request | {our_cost:.1} | {their_cost:.1} | {cost_ratio:.2} |"
    ));
    let (ours, theirs) = (echo.memory_kib()?, bare.memory_kib()?);
    say(&format!(
        "| peak memory, MiB | {:.1} | {:.1} | |",
        mib(ours.1),
        mib(theirs.1)
    ));
    let pings = pings_under_load(echo.address(), &request)?;
    say(&format!(
        "| `GET /` under full load, worst of {}, ms | {:.1} | | |",
        pings.len(),
        worst(&pings)
    ));
    Ok(())
}

/// Size, start and idle memory of every app.
pub(super) fn apps(workspace: &Workspace) -> Outcome {
    let names: Vec<&str> = apps::all().iter().map(|app| app.name).collect();
    let packages: Vec<&str> = names.iter().flat_map(|name| ["--package", *name]).collect();
    build(workspace, &packages)?;
    say("| app | binary, MiB | start to first answer, ms (median of 9) | idle memory, MiB |\n|---|---|---|---|");
    for app in apps::all() {
        let program = release(workspace, app.name);
        let settings = apps::example_settings(workspace, app.name)?;
        let settings: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut starts = Vec::new();
        let mut memory = 0.0;
        for _ in 0..9 {
            let handler = Handler::start(&program, &settings)?;
            starts.push(handler.started_in.as_secs_f64() * 1e3);
            memory = mib(handler.memory_kib()?.0);
        }
        say(&format!(
            "| {} | {:.2} | {:.1} | {memory:.1} |",
            app.name,
            mebibytes(&program)?,
            median(starts)
        ));
    }
    Ok(())
}

const SETTINGS: [(&str, &str); 2] = [
    ("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
    ("FUNCTIONS_WORKER_RUNTIME", "custom"),
];

fn measure(handler: &Handler, request: &[u8]) -> io::Result<(Load, f64)> {
    let before = handler.cpu_seconds()?;
    let load = load::run(handler.address(), request, CONNECTIONS, ROUND)?;
    Ok((load, handler.cpu_seconds()? - before))
}

/// Times of `GET /`, one after the other, while the handler is under full load.
fn pings_under_load(address: SocketAddr, request: &[u8]) -> io::Result<Vec<f64>> {
    thread::scope(|scope| {
        let load = scope.spawn(|| load::run(address, request, 256, ROUND));
        let clock = Clock::system();
        let mut times = Vec::new();
        while !load.is_finished() {
            let before = clock.monotonic();
            Connection::open(address)?.exchange(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
            times.push((clock.monotonic() - before).as_secs_f64() * 1e3);
        }
        load.join()
            .unwrap_or_else(|_| Err(io::Error::other("the load generator panicked")))?;
        Ok(times)
    })
}

fn worst(times: &[f64]) -> f64 {
    times.iter().copied().fold(0.0, f64::max)
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// A JSON object of about `bytes` bytes.
fn payload(bytes: usize) -> String {
    serde_json::json!({ "id": 7, "text": "m".repeat(bytes.saturating_sub(22)) }).to_string()
}

/// The request that the host sends for a queue message: the text is encoded twice, the metadata is what a listener has.
fn request(function: &str, message: &str) -> Vec<u8> {
    let encode = |text: &str| serde_json::Value::from(serde_json::Value::from(text).to_string());
    let body = serde_json::json!({
        "Data": { "message": encode(message) },
        "Metadata": {
            "DequeueCount": "1",
            "ExpirationTime": "2026-11-27T10:00:00+00:00",
            "Id": encode("3f0c9e53-6c7e-4a43-9d5e-6a8b1f1f1a11"),
            "InsertionTime": "2026-11-20T10:00:00+00:00",
            "NextVisibleTime": "2026-11-20T10:10:00+00:00",
            "PopReceipt": encode("AgAAAAMAAAAAAAAAnQp8lYQP2gE="),
            "sys": {
                "MethodName": function,
                "UtcNow": "2026-11-21T00:18:25.0652734Z",
                "RandGuid": "1534622b-785b-40bc-852b-ba76461d185a",
            },
        },
    })
    .to_string();
    // Chunked, without a length: this is how the host sends it.
    format!(
        "POST /{function} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Azure-Functions-HostVersion: 4.1037.0.0\r\n\
         X-Azure-Functions-InvocationId: 21d5f2ce-fc0a-4e56-a418-2014e26ee4d9\r\n\
         User-Agent: Azure-Functions-Host/4.1037.0.0\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: application/json; charset=utf-8\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    )
    .into_bytes()
}
