//! A bare load generator: keep-alive connections, one request under way on each, nothing parsed but the length.
//!
//! Plain threads and sockets, not an HTTP client: the generator shares the machine's cores with what it measures, so its own
//! cost must be small and the same for both sides of a comparison.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use determinism::Clock;

/// What a run of the generator saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Requests answered with 200 within the time.
    pub(crate) answered: u64,
    /// How long it ran.
    pub(crate) took: Duration,
}

impl Load {
    /// Requests per second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }
}

/// Sends `request` over `connections` connections for `duration`.
pub(crate) fn run(address: SocketAddr, request: &[u8], connections: usize, duration: Duration) -> io::Result<Load> {
    let clock = Clock::system();
    let stop = AtomicBool::new(false);
    let answered = AtomicU64::new(0);
    let before = clock.monotonic();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| worker(address, request, &stop, &answered)))
            .collect();
        #[expect(clippy::disallowed_methods, reason = "the measured span is real time")]
        std::thread::sleep(duration);
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a connection of the load generator panicked")))
        })
    })?;
    Ok(Load {
        answered: answered.load(Ordering::Relaxed),
        took: clock.monotonic() - before,
    })
}

fn worker(address: SocketAddr, request: &[u8], stop: &AtomicBool, answered: &AtomicU64) -> io::Result<()> {
    let mut connection = Connection::open(address)?;
    while !stop.load(Ordering::Relaxed) {
        connection.exchange(request)?;
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// One keep-alive connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            line: String::new(),
            body: Vec::new(),
        })
    }

    /// Sends a request and reads its whole answer; anything but 200 is an error that quotes the body.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.get_mut().write_all(request)?;
        let status = self.read_line()?.to_owned();
        let mut length = 0;
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        if !status.contains(" 200") {
            return Err(io::Error::other(format!(
                "{status}: {}",
                String::from_utf8_lossy(&self.body)
            )));
        }
        Ok(&self.body)
    }

    fn read_line(&mut self) -> io::Result<&str> {
        self.line.clear();
        if self.stream.read_line(&mut self.line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.line.trim_end())
    }
}
