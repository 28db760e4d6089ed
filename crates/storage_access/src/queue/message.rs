//! Messages as they are sent, received and peeked at.

use std::time::Duration;

use jiff::Timestamp;

use crate::encoding::UndecodableMessage;

/// How a message is put into a queue. The default: visible at once, kept for seven days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Invisible for this long (whole seconds, at most seven days).
    pub delay: Duration,
    /// How long the message is kept.
    pub time_to_live: TimeToLive,
}

/// How long a message is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeToLive {
    /// Seven days, the service's default.
    #[default]
    SevenDays,
    /// This long, in whole seconds.
    For(Duration),
    /// For ever.
    Unlimited,
}

/// A message just sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The message's id.
    pub id: String,
    /// The right to update or delete it.
    pub pop_receipt: String,
}

/// A message received: invisible to others until its time is up, unless it is updated or deleted with its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// The message's id.
    pub id: String,
    /// The right to update or delete it.
    pub pop_receipt: String,
    /// How often it was received, this time included.
    pub dequeue_count: u32,
    /// When it was sent.
    pub inserted: Option<Timestamp>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// When others see it again.
    pub next_visible: Option<Timestamp>,
    /// The text as it stands in the queue, for a poison queue when the body cannot be decoded.
    pub raw: String,
    /// The decoded body.
    pub body: Result<Vec<u8>, UndecodableMessage>,
}

/// A message seen without receiving it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peeked {
    /// The message's id.
    pub id: String,
    /// How often it was received.
    pub dequeue_count: u32,
    /// When it was sent.
    pub inserted: Option<Timestamp>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// The text as it stands in the queue.
    pub raw: String,
    /// The decoded body.
    pub body: Result<Vec<u8>, UndecodableMessage>,
}
