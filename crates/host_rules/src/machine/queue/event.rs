use super::storage::{CallId, ReceivedMessage, StorageAnswer, StorageCall, StorageFailure};
use crate::machine::LogLine;

/// Names one run of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub(super) u64);

/// A decoded message, handed to the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerMessage {
    /// The message as received.
    pub received: ReceivedMessage,
    /// The decoded body.
    pub body: Vec<u8>,
}

/// What the shell reports.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueEvent {
    /// The host starts its listeners.
    Start,
    /// `next_deadline` has come.
    Tick,
    /// Storage answered a call, or the try failed.
    Answered {
        /// The call.
        id: CallId,
        /// The answer of this one try.
        answer: StorageAnswer,
    },
    /// The function ended.
    RunEnded {
        /// The run.
        run: RunId,
        /// Whether the invocation succeeded.
        succeeded: bool,
    },
    /// A poison copy was put into this listener's queue by the same host.
    MessageAdded,
    /// No more polling; running functions end first.
    Stop(StopKind),
}

/// How a listener ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopKind {
    /// The host stops: running functions are told.
    Stop,
    /// Drain mode: running functions are not told.
    Drain,
}

/// What the shell must do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueEffect {
    /// Make one try of a call and report [`QueueEvent::Answered`]. The same id comes again for a retry.
    Call {
        /// Names the call.
        id: CallId,
        /// The request.
        call: StorageCall,
    },
    /// Cut the call off; its answer is ignored.
    AbandonCall(CallId),
    /// Run the function and report [`QueueEvent::RunEnded`].
    Run {
        /// Names the run.
        run: RunId,
        /// The message.
        message: TriggerMessage,
    },
    /// Set the run's cancellation token (the Functions host does not pass it on to a custom handler).
    SignalCancellation(RunId),
    /// Report [`QueueEvent::MessageAdded`] to the listeners of this queue in the same host.
    Notify {
        /// The queue that received a poison copy.
        queue: String,
    },
    /// Write to the host's log.
    Log(LogLine),
    /// An unhandled exception: the whole host shuts down (and will report [`QueueEvent::Stop`]).
    StopHost {
        /// What happened.
        reason: StorageFailure,
    },
    /// The stop is complete.
    Stopped,
}
