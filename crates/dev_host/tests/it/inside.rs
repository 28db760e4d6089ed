//! The development host inside the test's process, where its clock can be moved.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::mpsc::{Sender, channel};

use clap::Parser;
use determinism::{Clock, Rng};
use dev_host::cli::Cli;
use dev_host::console::{Console, Style};
use dev_host::start::{Running, Setup, start};
use dev_host::workspace::Workspace;
use jiff::tz::TimeZone;
use serde_json::Value;
use storage_access::{Connection, Storage, Transport};
use storage_emulator::{Emulator, Endpoints, FaultPlan, Listeners};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::bench::{ANY_PORTS, Bench};
use crate::lines::Lines;

/// A running development host. Stopped when dropped.
pub(crate) struct Inside<'w> {
    world: &'w World,
    running: Option<Running>,
    lines: Lines,
    pub(crate) dashboard: String,
    pub(crate) front: String,
    pub(crate) website: Option<String>,
}

/// One time for several development hosts: the machine's, and as much further as the test moves it.
pub(crate) struct World {
    runtime: Runtime,
    pub(crate) clock: Clock,
}

/// A storage emulator that is not the one of a development host.
pub(crate) struct Account {
    pub(crate) connection_string: String,
    pub(crate) faults: FaultPlan,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            runtime: Runtime::new().unwrap(),
            clock: Clock::system().shifted(std::time::Duration::ZERO),
        }
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Starts an emulator of its own, on ports of its own.
    pub(crate) fn account(&self) -> Account {
        let builder = Emulator::builder().clock(self.clock.clone()).rng(Rng::seeded(7));
        let emulator = builder.in_memory().build().unwrap();
        let listener = || self.wait(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (blob, queue) = (listener(), listener());
        let endpoints = Endpoints::http(blob.local_addr().unwrap(), queue.local_addr().unwrap());
        let connection_string = emulator.connection_string(&endpoints);
        let faults = emulator.faults().clone();
        self.runtime
            .spawn(async move { emulator.serve(Listeners::new(blob, queue)).await });
        Account {
            connection_string,
            faults,
        }
    }

    /// Starts the development host in the bench's workspace and waits until all apps are ready.
    pub(crate) fn start(&self, bench: &Bench, arguments: &[&str]) -> Inside<'_> {
        let (sender, lines) = channel();
        let out = Box::new(Out {
            sender,
            line: Vec::new(),
        });
        let words = ["cargo dev"].iter().chain(&ANY_PORTS).chain(arguments);
        let setup = Setup {
            workspace: Workspace::at(bench.folder().to_path_buf()),
            options: Cli::try_parse_from(words).unwrap().start,
            environment: BTreeMap::new(),
            settings: BTreeMap::new(),
            seeds: Vec::new(),
            triggers: true,
            console: Console::new(self.clock.clone(), TimeZone::UTC, Style::Json, out),
            clock: self.clock.clone(),
            rng: Rng::from_entropy(),
            zone: TimeZone::UTC,
        };
        let running = self.wait(start(setup)).unwrap();
        let mut lines = Lines::new(lines);
        let started = lines.started();
        Inside {
            world: self,
            running: Some(running),
            lines,
            dashboard: started.dashboard,
            front: started.front,
            website: started.website,
        }
    }
}

impl Account {
    pub(crate) fn storage(&self) -> Storage {
        let connection = Connection::from_string("Account", &self.connection_string).unwrap();
        Storage::connect(&connection, Transport::http()).unwrap()
    }
}

impl Inside<'_> {
    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        self.lines.wait(1, part)
    }

    pub(crate) fn wait(&mut self, count: usize, part: &str) -> String {
        self.lines.wait(count, part)
    }

    /// Its own storage, from outside.
    pub(crate) fn storage(&self) -> Storage {
        let running = self.running.as_ref().unwrap();
        let settings = &running.host.apps[0].app.settings;
        let connection =
            Connection::from_settings("AzureWebJobsStorage", &|name| settings.get(name).map(str::to_owned));
        Storage::connect(&connection.unwrap(), Transport::http()).unwrap()
    }

    pub(crate) fn has_said(&self, part: &str) -> bool {
        self.lines.have(part)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.world.wait(running.stop());
        }
    }
}

/// Takes the console's lines.
struct Out {
    sender: Sender<Value>,
    line: Vec<u8>,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            // A test that has ended reads no more.
            let _ = self.sender.send(serde_json::from_slice(&line)?);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
