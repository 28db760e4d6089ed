//! The queue between scanners and delivery.

use functions_protocol::names::Queue;

use crate::StatusMessage;

/// Results and lists, from every scanner to the one function that merges them.
pub const RESULTS: Queue<StatusMessage> = Queue::named("results-queue");
