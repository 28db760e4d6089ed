//! One line of the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Content;

/// The version written into every line. Readers skip lines of versions that they do not know.
pub(super) const VERSION: u32 = 1;

/// A line: its version and what happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    /// [`VERSION`].
    pub v: u32,
    /// What happened.
    #[serde(flatten)]
    pub record: Record,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// An invocation is about to be sent to the handler.
    Started(Started),
    /// An invocation has ended, whichever way.
    Finished(Finished),
    /// The handler printed a line that names the invocation.
    Log(LogLine),
    /// A storage request that carried the invocation's id put a message.
    Sent(Sent),
    /// The host put a message aside.
    Poisoned(Poisoned),
}

/// The beginning of an invocation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Started {
    /// Invocation id.
    pub id: String,
    /// App name.
    pub app: String,
    /// Function name.
    pub function: String,
    /// What triggered it.
    pub trigger: TriggerKind,
    /// When.
    pub at: Timestamp,
    /// From 1: the message's dequeue count, or the try of a retry policy.
    pub attempt: u32,
    /// The invocation that sent the message, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The message, for queue triggers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageReference>,
    /// The trigger's value as the function understands it.
    pub payload: Content,
    /// The request body exactly as sent to the handler.
    pub request: Content,
}

/// What triggered an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// An HTTP request.
    Http,
    /// A queue message.
    Queue,
    /// A timer.
    Timer,
    /// A person: `cargo dev run`, the dashboard or the admin endpoint.
    Manual,
}

/// A queue message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReference {
    /// Queue name.
    pub queue: String,
    /// Message id, given by the queue service.
    pub id: String,
}

/// The end of an invocation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// Invocation id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Milliseconds from start to the last output written.
    pub milliseconds: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The handler's answer, when one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// What the host wrote for the function, in order.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// The `Logs` of the answer.
    #[serde(default)]
    pub logs: Vec<String>,
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The handler answered well and its outputs were written.
    Succeeded,
    /// It failed; the trigger's rules decide what follows.
    Failed,
}

/// The handler's answer as it came over the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The body.
    pub body: Content,
}

/// One thing that the host wrote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Output {
    /// Binding name.
    pub binding: String,
    /// Binding type: `queue`, `blob` or `http`.
    pub to: String,
    /// Queue name, blob path or status code.
    pub target: String,
    /// Id of the message, for queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What was written.
    pub content: Content,
}

/// A line that the handler printed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// Invocation id found in the line.
    pub id: String,
    /// When it was read.
    pub at: Timestamp,
    /// Level word.
    pub level: String,
    /// The line.
    pub text: String,
}

/// A message that the handler itself put.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sent {
    /// Invocation id.
    pub id: String,
    /// The message.
    pub message: MessageReference,
}

/// A message that the host moved to the poison queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Poisoned {
    /// When.
    pub at: Timestamp,
    /// The copy in the poison queue.
    pub message: MessageReference,
    /// The message as it was.
    pub original: MessageReference,
    /// How often it was tried.
    pub attempts: u32,
    /// The last run, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation: Option<String>,
    /// Why it is here.
    pub reason: String,
}
