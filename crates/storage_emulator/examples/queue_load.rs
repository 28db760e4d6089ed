//! A bare load generator for queue services: so many connections, each of which sends, receives and deletes a message of
//! 300 bytes, over and over. It reports cycles per second and, given the server's process id, what the server spent.
//!
//! ```text
//! cargo run --release --example queue_load -- http://127.0.0.1:10001/devstoreaccount1 --pid 4711
//! ```
//!
//! It signs with an account SAS made once and speaks HTTP by hand, so that it costs little beside the server.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Parser;
use determinism::{Clock, Rng};
use hmac::{Hmac, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const BODY_BYTES: usize = 300;

/// Loads a queue service and measures it.
#[derive(Parser)]
struct Arguments {
    /// Address of the queue service with its account, for example http://127.0.0.1:10001/devstoreaccount1
    url: String,
    /// Process id of the server, to read its CPU time and memory from /proc
    #[arg(long)]
    pid: Option<u32>,
    /// Connections at a time
    #[arg(long, default_value_t = 64)]
    connections: u64,
    /// Cycles of send, receive and delete in all
    #[arg(long, default_value_t = 50_000)]
    cycles: u64,
    /// Cycles before the measurement begins
    #[arg(long, default_value_t = 5_000)]
    warm_up: u64,
}

/// Where requests go and what signs them.
struct Service {
    address: SocketAddr,
    host: String,
    account: String,
    signature: String,
}

impl Service {
    fn new(url: &str) -> Result<Self, Failure> {
        let rest = url
            .strip_prefix("http://")
            .ok_or("the address must begin with http://")?;
        let (host, account) = rest.split_once('/').ok_or("the address must end with the account")?;
        let signature = account_sas(account, storage_emulator::DEVELOPMENT_KEY)?;
        Ok(Self {
            address: host.parse()?,
            host: host.to_owned(),
            account: account.to_owned(),
            signature,
        })
    }
}

fn account_sas(account: &str, key: &str) -> Result<String, Failure> {
    let text = format!("{account}\nrwdlacup\nq\nsco\n\n2099-01-01T00:00:00Z\n\n\n2021-12-02\n\n");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&STANDARD.decode(key)?)?;
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
    Ok(format!(
        "sv=2021-12-02&ss=q&srt=sco&sp=rwdlacup&se=2099-01-01T00%3A00%3A00Z&sig={signature}"
    ))
}

/// One connection, kept open.
struct Connection {
    stream: TcpStream,
    service: Arc<Service>,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(service: &Arc<Service>) -> Result<Self, Failure> {
        let stream = TcpStream::connect(service.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            service: Arc::clone(service),
            buffer: Vec::with_capacity(16 << 10),
        })
    }

    /// Sends a request and returns the status and body of its answer.
    async fn call(&mut self, method: &str, path: &str, query: &str, body: &str) -> Result<(u16, String), Failure> {
        let Service {
            host,
            account,
            signature,
            ..
        } = &*self.service;
        let head = format!(
            "{method} /{account}{path}?{query}{signature} HTTP/1.1\r\nHost: {host}\r\nx-ms-version: 2021-12-02\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(head.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if let Some(answer) = whole_answer(&self.buffer) {
                return Ok(answer);
            }
        }
    }
}

/// Status and body once all of them have come; knows lengths and chunks.
fn whole_answer(bytes: &[u8]) -> Option<(u16, String)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?.to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = &bytes[end..];
    if head.contains("transfer-encoding: chunked") {
        let whole = body.ends_with(b"0\r\n\r\n");
        return whole.then(|| (status, String::from_utf8_lossy(body).into_owned()));
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    (body.len() >= length).then(|| (status, String::from_utf8_lossy(body).into_owned()))
}

fn element<'a>(document: &'a str, name: &str) -> Result<&'a str, Failure> {
    let after = document
        .split_once(&format!("<{name}>"))
        .ok_or("no message was received")?
        .1;
    Ok(after.split('<').next().unwrap_or(""))
}

async fn cycle(connection: &mut Connection, queue: &str, message: &str) -> Result<(), Failure> {
    let (status, _) = connection
        .call("POST", &format!("/{queue}/messages"), "", message)
        .await?;
    expect(status, 201)?;
    let (status, body) = connection.call("GET", &format!("/{queue}/messages"), "", "").await?;
    expect(status, 200)?;
    let receipt = utf8_percent_encode(element(&body, "PopReceipt")?, NON_ALPHANUMERIC).to_string();
    let path = format!("/{queue}/messages/{}", element(&body, "MessageId")?);
    let (status, _) = connection
        .call("DELETE", &path, &format!("popreceipt={receipt}&"), "")
        .await?;
    expect(status, 204)
}

fn expect(found: u16, wanted: u16) -> Result<(), Failure> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("status {found} instead of {wanted}").into())
    }
}

/// Runs so many cycles over so many connections.
async fn run(service: &Arc<Service>, queue: &str, connections: u64, cycles: u64) -> Result<(), Failure> {
    let left = Arc::new(AtomicU64::new(cycles));
    let message = format!(
        "<QueueMessage><MessageText>{}</MessageText></QueueMessage>",
        "x".repeat(BODY_BYTES)
    );
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (service, left, queue, message) = (
            Arc::clone(service),
            Arc::clone(&left),
            queue.to_owned(),
            message.clone(),
        );
        tasks.spawn(async move {
            let mut connection = Connection::open(&service).await?;
            let take = |left: u64| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                cycle(&mut connection, &queue, &message).await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

/// User and system time of a process so far, in ticks of 10 ms as Linux counts them.
fn cpu_time(pid: u32) -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(") ").ok_or("unknown /proc format")?.1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

fn peak_memory_mib(pid: u32) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let service = Arc::new(Service::new(&arguments.url)?);
    let queue = format!("load-{}", Rng::from_entropy().below(1_000_000_000));
    let (status, _) = Connection::open(&service)
        .await?
        .call("PUT", &format!("/{queue}"), "", "")
        .await?;
    expect(status, 201)?;
    run(&service, &queue, arguments.connections, arguments.warm_up).await?;
    let clock = Clock::system();
    let (cpu, start) = (arguments.pid.map(cpu_time).transpose()?, clock.monotonic());
    run(&service, &queue, arguments.connections, arguments.cycles).await?;
    let elapsed = (clock.monotonic() - start).as_secs_f64();
    let mut report = format!(
        "{} cycles over {} connections in {elapsed:.2} s: {:.0} cycles/s",
        arguments.cycles,
        arguments.connections,
        arguments.cycles as f64 / elapsed
    );
    if let (Some(pid), Some(before)) = (arguments.pid, cpu) {
        let spent = (cpu_time(pid)? - before).as_secs_f64();
        let per_cycle = spent * 1e6 / arguments.cycles as f64;
        report += &format!(
            "; server: {spent:.2} CPU s, {per_cycle:.1} us a cycle, peak memory {:.1} MiB",
            peak_memory_mib(pid)?
        );
    }
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}
