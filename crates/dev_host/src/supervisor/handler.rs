//! One app's handler, kept running by the host's rules: this shell carries out what the machine decides.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use determinism::Clock;
use host_rules::machine::LogLevel;
use host_rules::machine::handler::{HandlerEffect, HandlerEvent, HandlerSupervisor};
use jiff::SignedDuration;
use tokio::sync::{mpsc, oneshot, watch};

use super::process::{Executable, Process, Stream, describe};
use super::{Roster, free_port, listening};
use crate::console::Level;
use crate::error_chain::chain;
use crate::handler_client::HandlerClient;

/// How a handler stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerState {
    /// Started, not listening yet.
    Starting,
    /// It takes invocations on this port.
    Ready {
        /// The port on 127.0.0.1.
        port: u16,
    },
    /// It ended with code 0. The real host does nothing then, and every invocation fails to connect.
    Gone {
        /// The port that nobody listens on any more.
        port: u16,
    },
    /// It failed for good; in Azure the whole host would stop now.
    Down {
        /// Why, for people.
        reason: String,
    },
    /// Ended with the development host.
    Stopped,
}

/// Takes a line of a handler.
pub type OnLine = dyn Fn(Stream, &str) + Send + Sync;
/// Takes what a supervisor has to say.
pub type OnMessage = dyn Fn(Level, &str) + Send + Sync;

/// What a handler needs from its surroundings.
pub struct HandlerSetup {
    /// What is started.
    pub executable: Executable,
    /// How long it may take until it listens.
    pub initialization_timeout: Duration,
    /// A fixed port from host.json.
    pub fixed_port: Option<u16>,
    /// The variables for a handler on this port.
    pub environment: Box<dyn Fn(u16) -> BTreeMap<String, String> + Send + Sync>,
    /// Takes every line that the handler prints.
    pub on_line: Arc<OnLine>,
    /// Takes what the supervisor has to say.
    pub on_message: Box<OnMessage>,
    /// Where running handlers are written down.
    pub roster: Roster,
}

/// A supervised handler. Clones speak of the same one.
#[derive(Clone, Debug)]
pub struct Handler {
    state: watch::Receiver<HandlerState>,
    events: mpsc::UnboundedSender<Report>,
}

/// Why no invocation can be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It failed for good. In Azure the whole host would stop, and nothing would run or fail until it is started again.
    #[error("the handler is down: {0}")]
    Down(String),
    /// Ended with the development host.
    #[error("the development host is stopping")]
    Stopping,
}

/// Events of a process count only while it is the current one.
#[derive(Debug)]
enum Report {
    Always(HandlerEvent),
    Of(u64, HandlerEvent),
    /// A person wants a handler that is down to be started again.
    Restart,
    /// The process of this generation ended; the words explain it.
    Ended {
        generation: u64,
        code: Option<i32>,
        words: String,
        last_lines: Vec<String>,
    },
}

/// A dead process is noticed within moments; this is for one whose pipes something else holds open.
const NOTICED: Duration = Duration::from_secs(1);
/// The SDK's exit code for bad settings: the next start would fail in the same way.
const BAD_SETTINGS: i32 = 64;

impl Handler {
    /// Starts the handler and keeps it running until [`Handler::stop`].
    pub fn start(setup: HandlerSetup, clock: Clock) -> Self {
        let (events, inbox) = mpsc::unbounded_channel();
        let (state, receiver) = watch::channel(HandlerState::Starting);
        let timeout = SignedDuration::try_from(setup.initialization_timeout).unwrap_or(SignedDuration::MAX);
        let shell = Shell {
            setup,
            clock,
            machine: HandlerSupervisor::new(timeout),
            state,
            events: events.clone(),
            current: None,
            generation: 0,
            spawned: Duration::ZERO,
            explanation: String::new(),
        };
        tokio::spawn(shell.run(inbox));
        Self {
            state: receiver,
            events,
        }
    }

    /// How it stands now.
    pub fn state(&self) -> HandlerState {
        self.state.borrow().clone()
    }

    /// Waits for a change of its state.
    pub async fn changed(&mut self) {
        // The shell lives until it is stopped; after that nothing changes.
        if self.state.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The port to send an invocation to, waiting while the handler is restarted.
    ///
    /// # Errors
    /// The handler is down for good, or the development host stops.
    pub async fn port(&self) -> Result<u16, Unavailable> {
        let mut state = self.state.clone();
        let mut told = false;
        loop {
            match &*state.borrow_and_update() {
                HandlerState::Ready { port } | HandlerState::Gone { port } => return Ok(*port),
                HandlerState::Down { reason } => return Err(Unavailable::Down(reason.clone())),
                HandlerState::Stopped => return Err(Unavailable::Stopping),
                HandlerState::Starting => {}
            }
            if !told {
                told = true;
                self.report(HandlerEvent::InvocationWaiting);
            }
            if state.changed().await.is_err() {
                return Err(Unavailable::Stopping);
            }
        }
    }

    /// Whether it failed for good.
    pub fn is_down(&self) -> bool {
        matches!(*self.state.borrow(), HandlerState::Down { .. })
    }

    /// Waits until it is down for good.
    pub async fn down(&self) {
        self.reaches(|state| matches!(state, HandlerState::Down { .. })).await;
    }

    /// Waits until invocations are sent to it.
    pub async fn takes_invocations(&self) {
        self.reaches(|state| matches!(state, HandlerState::Ready { .. } | HandlerState::Gone { .. }))
            .await;
    }

    async fn reaches(&self, wanted: impl FnMut(&HandlerState) -> bool) {
        let mut state = self.state.clone();
        // The shell lives until it is stopped; after that nothing changes.
        if state.wait_for(wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Starts a handler that is down again, with a new count of errors.
    pub fn restart(&self) {
        // A stopped shell starts nothing.
        let _ = self.events.send(Report::Restart);
    }

    /// The connection for an invocation on this port broke. When nobody listens there any more the process has ended, and
    /// this returns when that is known: messages tried meanwhile would use up their tries on a handler that is gone.
    pub async fn disconnected(&self, port: u16, clock: &Clock) {
        if tokio::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port))
            .await
            .is_err()
        {
            let mut state = self.state.clone();
            let noticed = state.wait_for(|state| *state != HandlerState::Ready { port });
            // Unnoticed for so long: the invocation has failed in any case.
            let _ = clock.timeout(NOTICED, noticed).await;
        }
    }

    /// An invocation on this port ran into the function timeout: the host kills the handler and all that it was doing.
    /// Returns when no further invocation is sent to the killed one; the message of the one that timed out would otherwise
    /// use up its tries there.
    pub async fn timed_out(&self, port: u16) {
        let mut state = self.state.clone();
        let killed = HandlerState::Ready { port };
        // Another invocation may have had the handler killed already, and the next one be ready.
        if *state.borrow() == killed {
            self.report(HandlerEvent::FunctionTimedOut);
            // An error means that the shell has ended, and its process with it.
            let _ = state.wait_for(|state| *state != killed).await;
        }
    }

    /// Kills it and waits until it is gone.
    pub async fn stop(&self) {
        self.report(HandlerEvent::Stop);
        let mut state = self.state.clone();
        // An error means that the shell has ended, and its process with it.
        let _ = state.wait_for(|state| *state == HandlerState::Stopped).await;
    }

    fn report(&self, event: HandlerEvent) {
        // A stopped shell needs no events.
        let _ = self.events.send(Report::Always(event));
    }
}

struct Shell {
    setup: HandlerSetup,
    clock: Clock,
    machine: HandlerSupervisor,
    state: watch::Sender<HandlerState>,
    events: mpsc::UnboundedSender<Report>,
    current: Option<Current>,
    generation: u64,
    /// When the current process was started, by the clock's monotonic time.
    spawned: Duration,
    /// Why the last start failed, in more words than the machine has.
    explanation: String,
}

struct Current {
    port: u16,
    pid: u32,
    kill: oneshot::Sender<oneshot::Sender<()>>,
}

impl Shell {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Report>) {
        let effects = self.machine.step(self.clock.now(), HandlerEvent::Start);
        self.carry_out(effects).await;
        loop {
            let event = match self.machine.next_deadline() {
                Some(deadline) => tokio::select! {
                    report = inbox.recv() => report.and_then(|report| self.take(report)),
                    () = self.clock.sleep_until(deadline) => Some(HandlerEvent::Tick),
                },
                None => inbox.recv().await.and_then(|report| self.take(report)),
            };
            let Some(event) = event else { continue };
            if event == HandlerEvent::Start {
                let timeout = SignedDuration::try_from(self.setup.initialization_timeout);
                self.machine = HandlerSupervisor::new(timeout.unwrap_or(SignedDuration::MAX));
                self.explanation.clear();
            }
            let stopping = event == HandlerEvent::Stop;
            let effects = self.machine.step(self.clock.now(), event);
            self.carry_out(effects).await;
            if stopping {
                self.kill().await;
                self.state.send_replace(HandlerState::Stopped);
                return;
            }
        }
    }

    fn take(&mut self, report: Report) -> Option<HandlerEvent> {
        match report {
            Report::Always(event) => Some(event),
            Report::Restart => {
                let is_down = matches!(*self.state.borrow(), HandlerState::Down { .. });
                is_down.then_some(HandlerEvent::Start)
            }
            Report::Of(generation, event) => (generation == self.generation).then_some(event),
            Report::Ended { generation, .. } if generation != self.generation => None,
            Report::Ended {
                code,
                words,
                last_lines,
                ..
            } => {
                let port = self.current.take().map_or(0, |current| current.port);
                if code == Some(0) {
                    let text = "the handler exited with code 0; the host does not restart it, and invocations fail";
                    (self.setup.on_message)(Level::Warn, text);
                    self.state.send_replace(HandlerState::Gone { port });
                } else {
                    self.explanation = with_lines(&format!("the handler {words}"), &last_lines);
                }
                if code == Some(BAD_SETTINGS) {
                    let reason = std::mem::take(&mut self.explanation);
                    (self.setup.on_message)(Level::Error, &reason);
                    self.state.send_replace(HandlerState::Down { reason });
                    // Azure would start it twice more; the outcome would be the same. What the machine wants of a process
                    // that has ended is of no interest.
                    let _ = self.machine.step(self.clock.now(), HandlerEvent::Stop);
                    return None;
                }
                let stderr = last_lines.into_iter().rev().take(3).rev().collect();
                Some(HandlerEvent::Exited { code, stderr })
            }
        }
    }

    async fn carry_out(&mut self, effects: Vec<HandlerEffect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                HandlerEffect::Spawn => {
                    self.state.send_replace(HandlerState::Starting);
                    if let Err(reason) = self.spawn() {
                        self.explanation.clone_from(&reason);
                        // What the machine wanted next was for the process that is not there.
                        effects = self
                            .machine
                            .step(self.clock.now(), HandlerEvent::SpawnFailed { reason })
                            .into();
                    }
                }
                HandlerEffect::Probe => self.probe(),
                HandlerEffect::Ready => {
                    let port = self.current.as_ref().map_or(0, |current| current.port);
                    self.explanation.clear();
                    let took = self.clock.monotonic().saturating_sub(self.spawned);
                    if let Some(text) = slow_start(took, self.setup.initialization_timeout) {
                        (self.setup.on_message)(Level::Warn, &text);
                    }
                    self.state.send_replace(HandlerState::Ready { port });
                }
                HandlerEffect::Kill => {
                    if let (HandlerState::Starting, Some(current)) = (&*self.state.borrow(), &self.current) {
                        self.explanation = not_listening(current, self.setup.initialization_timeout);
                    }
                    self.kill().await;
                }
                HandlerEffect::Log(line) => {
                    // The explanation says the same and more.
                    let text = if self.explanation.is_empty() {
                        &line.text
                    } else {
                        &self.explanation
                    };
                    (self.setup.on_message)(level(line.level), text);
                }
                HandlerEffect::StopHost { reason } => {
                    let reason = match self.explanation.is_empty() {
                        true => reason,
                        false => format!("{reason}; last: {}", self.explanation),
                    };
                    let text = "gave up on this app; in Azure the whole host would stop and be started again";
                    (self.setup.on_message)(Level::Error, text);
                    self.state.send_replace(HandlerState::Down { reason });
                }
            }
        }
    }

    fn spawn(&mut self) -> Result<(), String> {
        let port = match self.setup.fixed_port {
            Some(port) => port,
            None => free_port().map_err(|error| format!("no free port: {error}"))?,
        };
        self.generation += 1;
        self.spawned = self.clock.monotonic();
        let generation = self.generation;
        let on_line = self.setup.on_line.clone();
        let environment = (self.setup.environment)(port);
        let mut process = Process::start(&self.setup.executable, &environment, move |stream, line| {
            on_line(stream, line)
        })
        .map_err(|error| chain(&error))?;
        let pid = process.pid();
        if let Err(error) = self.setup.roster.add(pid) {
            (self.setup.on_message)(Level::Warn, &format!("cannot write down process {pid}: {error}"));
        }
        let (kill, killed) = oneshot::channel::<oneshot::Sender<()>>();
        let events = self.events.clone();
        tokio::spawn(async move {
            tokio::select! {
                status = process.wait() => {
                    let (code, words) = match status {
                        Ok(status) => (status.code(), describe(status)),
                        Err(error) => (None, format!("cannot be watched: {error}")),
                    };
                    let last_lines = process.last_lines();
                    // A stopped shell needs no events.
                    let _ = events.send(Report::Ended { generation, code, words, last_lines });
                }
                done = killed => {
                    process.kill().await;
                    if let Ok(done) = done {
                        let _ = done.send(());
                    }
                }
            }
        });
        self.current = Some(Current { port, pid, kill });
        Ok(())
    }

    fn probe(&self) {
        let Some(current) = &self.current else { return };
        let (port, generation, events) = (current.port, self.generation, self.events.clone());
        tokio::spawn(async move {
            let answered = HandlerClient::is_listening(port).await;
            let _ = events.send(Report::Of(generation, HandlerEvent::Probed { answered }));
        });
    }

    async fn kill(&mut self) {
        // Reports still on their way are of no interest any more.
        self.generation += 1;
        if let Some(current) = self.current.take() {
            let (done, gone) = oneshot::channel();
            if current.kill.send(done).is_ok() {
                // An error means that the process had ended by itself.
                let _ = gone.await;
            }
        }
    }
}

fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Information => Level::Info,
        LogLevel::Warning => Level::Warn,
        LogLevel::Error => Level::Error,
    }
}

/// A start that takes a good part of the limit on this machine may miss it on a small, cold instance.
fn slow_start(took: Duration, limit: Duration) -> Option<String> {
    (took >= limit / 6).then(|| {
        format!(
            "the handler listens only after {:.1} s; Azure's limit is {} s",
            took.as_secs_f64(),
            limit.as_secs()
        )
    })
}

fn with_lines(text: &str, lines: &[String]) -> String {
    match lines {
        [] => format!("{text} and printed nothing"),
        lines => format!("{text}; its last lines: {}", lines.join(" ⏎ ")),
    }
}

fn not_listening(current: &Current, limit: Duration) -> String {
    let (port, seconds) = (current.port, limit.as_secs());
    let others: Vec<String> = listening(current.pid)
        .into_iter()
        .filter(|other| *other != port)
        .map(|port| port.to_string())
        .collect();
    match others.as_slice() {
        [] => format!("the handler did not listen on 127.0.0.1:{port} within {seconds} s (it listens on no port)"),
        others => format!(
            "the handler did not listen on 127.0.0.1:{port} within {seconds} s; it listens on port {} instead. The port \
             stands in FUNCTIONS_CUSTOMHANDLER_PORT",
            others.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_nears_the_limit_is_told() {
        let limit = Duration::from_secs(30);
        assert_eq!(slow_start(Duration::from_millis(4_900), limit), None);
        assert_eq!(
            slow_start(Duration::from_millis(6_250), limit).unwrap(),
            "the handler listens only after 6.2 s; Azure's limit is 30 s"
        );
    }
}
