//! Messages on their way into the state.

use jiff::Timestamp;
use scan_status::{Merged, Rejected, StateDocument, StatusMessage};

/// A message and the moment at which it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub(crate) message: StatusMessage,
    pub(crate) sent_at: Timestamp,
}

/// What merging made of some messages.
pub(crate) struct MergeOutcome {
    /// Whether the document is another now.
    pub(crate) changed: bool,
    /// For each message, in order, why it can never be merged.
    pub(crate) rejected: Vec<Option<Rejected>>,
}

/// Merges the messages, as read at `now`.
pub(crate) fn merge(document: &mut StateDocument, messages: &[Delivered], now: Timestamp) -> MergeOutcome {
    let mut changed = false;
    let rejected = messages
        .iter()
        .map(
            |delivered| match document.merge(&delivered.message, delivered.sent_at, now) {
                Ok(merged) => {
                    changed |= merged == Merged::Changed;
                    None
                }
                Err(rejected) => Some(rejected),
            },
        )
        .collect();
    MergeOutcome { changed, rejected }
}
