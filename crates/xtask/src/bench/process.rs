//! A program under measurement, and what the kernel says about it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, io};

use determinism::Clock;

use super::load::Connection;

const PING: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A handler process that is killed when this goes out of scope.
pub(crate) struct Handler {
    child: Child,
    address: SocketAddr,
    /// From starting the process to its first answer.
    pub(crate) started_in: Duration,
}

impl Handler {
    /// Starts the program as the host does and waits for its first answer.
    pub(crate) fn start(program: &Path, settings: &[(&str, &str)]) -> io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let clock = Clock::system();
        let before = clock.monotonic();
        let child = Command::new(program)
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| io::Error::other(format!("cannot start {}: {error}", program.display())))?;
        let mut handler = Self {
            child,
            address,
            started_in: Duration::ZERO,
        };
        loop {
            if Connection::open(address)
                .and_then(|mut connection| connection.exchange(PING).map(drop))
                .is_ok()
            {
                handler.started_in = clock.monotonic() - before;
                return Ok(handler);
            }
            if let Some(status) = handler.child.try_wait()? {
                return Err(io::Error::other(format!(
                    "{} ended at once: {status}",
                    program.display()
                )));
            }
            if clock.monotonic() - before > Duration::from_secs(10) {
                return Err(io::Error::other(format!(
                    "{} does not answer on {address}",
                    program.display()
                )));
            }
            std::thread::yield_now();
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time used so far, user and system, in seconds.
    pub(crate) fn cpu_seconds(&self) -> io::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field, the name in parentheses, may hold spaces.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }

    /// Resident memory now and at its peak, in KiB.
    pub(crate) fn memory_kib(&self) -> io::Result<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        field("VmRSS:")
            .zip(field("VmHWM:"))
            .ok_or_else(|| io::Error::other("no VmRSS in /proc: this needs Linux"))
    }
}

/// `sysconf(_SC_CLK_TCK)` is 100 on every Linux that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

impl Drop for Handler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
