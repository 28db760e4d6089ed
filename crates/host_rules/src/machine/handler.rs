//! Supervision of the handler's process: start, readiness, exits, restarts.

use jiff::{SignedDuration, Timestamp};

use super::{LogLevel, LogLine};

const PROBE_INTERVAL: SignedDuration = SignedDuration::from_millis(25);
/// `initializationTimeout` unless host.json sets it.
pub const DEFAULT_INITIALIZATION_TIMEOUT: SignedDuration = SignedDuration::from_secs(30);
/// The error count at which the host itself stops.
const FATAL_ERRORS: usize = 3;
/// An error later than this after the one before starts a new count.
const ERROR_WINDOW: SignedDuration = SignedDuration::from_mins(30);
/// How long an invocation waits for a handler that is being restarted: (3 + 1) x 30 s. After that the host stops.
const INVOCATION_WAIT: SignedDuration = SignedDuration::from_secs(120);
const INTENTIONAL_RESTART: i32 = 200;

/// What the shell reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerEvent {
    /// Start the handler (only when the app has a function).
    Start,
    /// `next_deadline` has come.
    Tick,
    /// The probe of the current process is done. Any HTTP answer, even garbage or a connection closed at once, counts as an
    /// answer; only a failure to connect does not.
    Probed {
        /// Whether something accepted the connection.
        answered: bool,
    },
    /// The process could not be started at all.
    SpawnFailed {
        /// The operating system's reason.
        reason: String,
    },
    /// The process ended.
    Exited {
        /// Its exit code; `None` when a signal ended it.
        code: Option<i32>,
        /// The last lines it wrote to stderr, at most three.
        stderr: Vec<String>,
    },
    /// An invocation exceeded the function timeout: the process is killed, with everything else it was doing.
    FunctionTimedOut,
    /// An invocation waits for the handler to become ready.
    InvocationWaiting,
    /// The host stops.
    Stop,
}

/// What the shell must do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerEffect {
    /// Start the process.
    Spawn,
    /// `GET /` once, without a limit of its own, and report [`HandlerEvent::Probed`].
    Probe,
    /// Invocations may be sent.
    Ready,
    /// Kill the process (SIGKILL, no warning); its exit is not reported any more.
    Kill,
    /// Write to the host's log.
    Log(LogLine),
    /// The host stops.
    StopHost {
        /// Why.
        reason: String,
    },
}

/// The supervisor of one handler.
#[derive(Debug)]
pub struct HandlerSupervisor {
    initialization_timeout: SignedDuration,
    state: State,
    /// Times of the errors that count; never more than [`FATAL_ERRORS`].
    errors: Vec<Timestamp>,
    waiting_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// `waited` is the sum of the pauses between probes: a handler that accepts and never answers is not cut off.
    Starting {
        next_probe: Option<Timestamp>,
        waited: SignedDuration,
    },
    Ready,
    /// Ended with exit code 0: never restarted, later invocations fail to connect.
    Gone,
    Stopped,
}

impl HandlerSupervisor {
    /// A supervisor before the start.
    pub fn new(initialization_timeout: SignedDuration) -> Self {
        Self {
            initialization_timeout,
            state: State::Idle,
            errors: Vec::new(),
            waiting_since: None,
        }
    }

    /// Whether invocations may be sent. A handler that ended with code 0 still gets them, and they fail.
    pub fn accepts_invocations(&self) -> bool {
        matches!(self.state, State::Ready | State::Gone)
    }

    /// When the next [`HandlerEvent::Tick`] is due.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let probe = if let State::Starting { next_probe, .. } = self.state {
            next_probe
        } else {
            None
        };
        let wait = self
            .waiting_since
            .and_then(|since| since.checked_add(INVOCATION_WAIT).ok());
        probe.into_iter().chain(wait).min()
    }

    /// Takes an event and says what to do.
    pub fn step(&mut self, now: Timestamp, event: HandlerEvent) -> Vec<HandlerEffect> {
        let mut effects = Vec::new();
        match event {
            _ if self.state == State::Stopped => {}
            HandlerEvent::Start => {
                if self.state == State::Idle {
                    self.spawn(&mut effects);
                }
            }
            HandlerEvent::Tick => self.tick(now, &mut effects),
            HandlerEvent::Probed { answered } => self.probed(now, answered, &mut effects),
            HandlerEvent::SpawnFailed { reason } => {
                self.failed(now, format!("failed to start: {reason}"), &mut effects)
            }
            HandlerEvent::Exited { code, stderr } => self.exited(now, code, &stderr, &mut effects),
            HandlerEvent::FunctionTimedOut => {
                if matches!(self.state, State::Ready | State::Starting { .. }) {
                    effects.push(HandlerEffect::Kill);
                    self.spawn(&mut effects);
                }
            }
            HandlerEvent::InvocationWaiting => {
                if !self.accepts_invocations() {
                    self.waiting_since.get_or_insert(now);
                }
            }
            HandlerEvent::Stop => {
                if matches!(self.state, State::Ready | State::Starting { .. }) {
                    effects.push(HandlerEffect::Kill);
                }
                self.state = State::Stopped;
                self.waiting_since = None;
            }
        }
        effects
    }

    fn spawn(&mut self, effects: &mut Vec<HandlerEffect>) {
        self.state = State::Starting {
            next_probe: None,
            waited: SignedDuration::ZERO,
        };
        effects.extend([HandlerEffect::Spawn, HandlerEffect::Probe]);
    }

    fn tick(&mut self, now: Timestamp, effects: &mut Vec<HandlerEffect>) {
        let gave_up = |since: Timestamp| since.checked_add(INVOCATION_WAIT).is_ok_and(|end| end <= now);
        if self.waiting_since.is_some_and(gave_up) {
            return self.stop_host("an invocation waited too long for the handler", effects);
        }
        if let State::Starting { next_probe, .. } = &mut self.state
            && next_probe.is_some_and(|at| at <= now)
        {
            *next_probe = None;
            effects.push(HandlerEffect::Probe);
        }
    }

    fn probed(&mut self, now: Timestamp, answered: bool, effects: &mut Vec<HandlerEffect>) {
        let State::Starting { next_probe, waited } = &mut self.state else {
            return;
        };
        if answered {
            self.state = State::Ready;
            self.waiting_since = None;
            return effects.push(HandlerEffect::Ready);
        }
        if *waited >= self.initialization_timeout {
            effects.push(HandlerEffect::Kill);
            return self.failed(now, "did not start listening in time".to_owned(), effects);
        }
        *waited += PROBE_INTERVAL;
        *next_probe = now.checked_add(PROBE_INTERVAL).ok();
    }

    fn exited(&mut self, now: Timestamp, code: Option<i32>, stderr: &[String], effects: &mut Vec<HandlerEffect>) {
        if !matches!(self.state, State::Ready | State::Starting { .. }) {
            return;
        }
        match code {
            Some(0) => self.state = State::Gone,
            Some(INTENTIONAL_RESTART) => self.spawn(effects),
            _ => {
                let code = code.map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
                self.failed(now, format!("exited with {code}. {}", stderr.join(",")), effects);
            }
        }
    }

    /// Counts an error: restart at once, or stop the host at the third.
    fn failed(&mut self, now: Timestamp, what: String, effects: &mut Vec<HandlerEffect>) {
        let text = format!("The custom handler {what}");
        effects.push(HandlerEffect::Log(LogLine::new(LogLevel::Error, text)));
        if self
            .errors
            .last()
            .is_some_and(|last| now.duration_since(*last) > ERROR_WINDOW)
        {
            self.errors.clear();
        }
        self.errors.push(now);
        if self.errors.len() >= FATAL_ERRORS {
            return self.stop_host("the custom handler failed three times", effects);
        }
        self.spawn(effects);
    }

    fn stop_host(&mut self, reason: &str, effects: &mut Vec<HandlerEffect>) {
        self.state = State::Stopped;
        self.waiting_since = None;
        effects.push(HandlerEffect::StopHost {
            reason: reason.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{DEFAULT_INITIALIZATION_TIMEOUT, HandlerEffect, HandlerEvent, HandlerSupervisor};

    fn minutes(count: i64) -> Timestamp {
        let start: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        start + SignedDuration::from_mins(count)
    }

    fn ready() -> HandlerSupervisor {
        let mut supervisor = HandlerSupervisor::new(DEFAULT_INITIALIZATION_TIMEOUT);
        assert_eq!(
            supervisor.step(minutes(0), HandlerEvent::Start),
            [HandlerEffect::Spawn, HandlerEffect::Probe]
        );
        let effects = supervisor.step(minutes(0), HandlerEvent::Probed { answered: true });
        assert_eq!(effects, [HandlerEffect::Ready]);
        supervisor
    }

    fn exit(supervisor: &mut HandlerSupervisor, at: Timestamp, code: Option<i32>) -> Vec<HandlerEffect> {
        let mut effects = supervisor.step(
            at,
            HandlerEvent::Exited {
                code,
                stderr: vec!["last words".into()],
            },
        );
        if effects.contains(&HandlerEffect::Spawn) {
            effects.extend(supervisor.step(at, HandlerEvent::Probed { answered: true }));
        }
        effects
    }

    fn stops_the_host(effects: &[HandlerEffect]) -> bool {
        effects
            .iter()
            .any(|effect| matches!(effect, HandlerEffect::StopHost { .. }))
    }

    #[test]
    fn exit_code_0_is_for_good() {
        let mut supervisor = ready();
        assert!(exit(&mut supervisor, minutes(1), Some(0)).is_empty());
        assert!(supervisor.accepts_invocations(), "they are sent, and fail to connect");
        assert_eq!(supervisor.next_deadline(), None);
    }

    #[test]
    fn exit_code_200_is_a_restart_that_does_not_count() {
        let mut supervisor = ready();
        for minute in 1..10 {
            let effects = exit(&mut supervisor, minutes(minute), Some(200));
            assert_eq!(
                effects,
                [HandlerEffect::Spawn, HandlerEffect::Probe, HandlerEffect::Ready]
            );
        }
    }

    #[test]
    fn the_third_error_stops_the_host_unless_half_an_hour_lies_between() {
        let mut supervisor = ready();
        assert!(!stops_the_host(&exit(&mut supervisor, minutes(1), Some(1))));
        assert!(!stops_the_host(&exit(&mut supervisor, minutes(2), None)));
        assert!(stops_the_host(&exit(&mut supervisor, minutes(30), Some(101))));
        assert!(
            supervisor.step(minutes(31), HandlerEvent::Start).is_empty(),
            "a stopped host starts nothing"
        );

        let mut supervisor = ready();
        for minute in [1, 2, 33, 34, 65] {
            assert!(
                !stops_the_host(&exit(&mut supervisor, minutes(minute), Some(1))),
                "minute {minute}"
            );
        }
    }

    #[test]
    fn a_function_timeout_restarts_the_process() {
        let mut supervisor = ready();
        let effects = supervisor.step(minutes(5), HandlerEvent::FunctionTimedOut);
        assert_eq!(
            effects,
            [HandlerEffect::Kill, HandlerEffect::Spawn, HandlerEffect::Probe]
        );
        assert!(!supervisor.accepts_invocations());
    }

    #[test]
    fn an_invocation_waits_two_minutes_for_a_restart() {
        let mut supervisor = ready();
        supervisor.step(minutes(1), HandlerEvent::FunctionTimedOut);
        supervisor.step(minutes(1), HandlerEvent::InvocationWaiting);
        assert_eq!(supervisor.next_deadline(), Some(minutes(3)));
        assert!(stops_the_host(&supervisor.step(minutes(3), HandlerEvent::Tick)));
    }

    #[test]
    fn a_stop_kills_without_asking() {
        let mut supervisor = ready();
        assert_eq!(supervisor.step(minutes(1), HandlerEvent::Stop), [HandlerEffect::Kill]);
        assert!(
            supervisor
                .step(
                    minutes(2),
                    HandlerEvent::Exited {
                        code: None,
                        stderr: Vec::new()
                    }
                )
                .is_empty()
        );
    }
}
