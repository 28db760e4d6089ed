//! The messages that scanners send, merging them, and the public status document.
//!
//! Pure: texts, values and moments go in, documents come out.
//!
//! * [`StatusMessage`] is what travels on the queue [`queues::RESULTS`]: results of checks, and lists of what exists.
//! * [`StateDocument`] is the private truth. [`StateDocument::merge`] is idempotent, and the last status does not depend
//!   on the order in which messages arrive, so messages may be repeated, delayed and merged by several writers.
//! * [`public::render`] makes the document that everybody reads.

mod canonical;
mod limits;
mod message;
pub mod naive_time;
mod place;
pub mod public;
pub mod queues;
mod reading;
mod section;
mod state;
mod weight;

pub use message::{
    DistState, DistStatus, InvalidMessage, ListMessage, MirrorStatus, RepoStatus, Section, StatusMessage,
};
pub use state::{Merged, Rejected, StateDocument, StateError};
