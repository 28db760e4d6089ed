//! The host's listeners and supervisors as pure state machines.
//!
//! Every machine works the same way: a shell calls `step` with the time and an event and carries out the effects in
//! order; between events it sleeps until the machine's `next_deadline` and then reports `Tick`. A machine never blocks,
//! reads no clock and draws randomness only from the generator it is given, so a run is repeatable from its events.

mod backoff;
pub mod handler;
pub mod queue;
pub mod retry;
pub mod timer;

/// A line for the host's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How serious it is.
    pub level: LogLevel,
    /// The text.
    pub text: String,
}

/// The log levels that the host uses here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Only for the curious.
    Debug,
    /// Normal operation.
    Information,
    /// Something a developer should look at.
    Warning,
    /// Something failed.
    Error,
}

impl LogLine {
    pub(crate) fn new(level: LogLevel, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
        }
    }
}
