//! The metadata of a queue trigger.

use jiff::Timestamp;

use crate::metadata::Metadata;

/// What the host says about a queue message. Every member is optional: a manual run through the admin endpoint has
/// none of them, and a message that is a JSON object can hide each by a property of its own (see [`Metadata`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueMetadata {
    /// The message id; stays the same over all deliveries.
    pub id: Option<String>,
    /// How often the message was received, this time included.
    pub dequeue_count: Option<u64>,
    /// When the message was put into the queue.
    pub insertion_time: Option<Timestamp>,
    /// When the queue drops the message; none also where it never does.
    pub expiration_time: Option<Timestamp>,
    /// When the message becomes visible again unless the host prolongs its lease (it does while the function runs).
    pub next_visible_time: Option<Timestamp>,
    /// The receipt of this delivery; the host renews it behind the handler's back, so it soon is out of date.
    pub pop_receipt: Option<String>,
}

impl QueueMetadata {
    pub(crate) fn from_metadata(metadata: &Metadata<'_>) -> Self {
        Self {
            id: metadata.text("Id").map(Into::into),
            dequeue_count: metadata.text("DequeueCount").and_then(|count| count.parse().ok()),
            insertion_time: metadata.timestamp("InsertionTime"),
            expiration_time: metadata.timestamp("ExpirationTime"),
            next_visible_time: metadata.timestamp("NextVisibleTime"),
            pop_receipt: metadata.text("PopReceipt").map(Into::into),
        }
    }
}
