//! Long jobs as checkpointed, splittable units on queues and blobs.
//!
//! A job's work is cut into units, each a small blob and one queue message. A unit works until its budget is spent,
//! writes outputs, may leave children, and commits with one conditional write; whatever dies in between is repaired by a
//! sweep. The decisions are those of [`ledger_protocol`]; this crate carries them out on storage ([`Ledger`]) and makes a
//! function app of a job type ([`JobType`]).

mod answers;
mod error;
mod functions;
mod job_type;
mod jobs;
mod ledger;
mod manifest;
mod message;
mod progress;
mod status;
mod store;
mod sweeping;
mod unit_context;
mod worker;

pub use error::LedgerError;
pub use functions::host_settings;
pub use job_type::{JobType, StartRequest};
pub use jobs::{Asked, NewJob};
pub use ledger::{Ledger, LedgerOptions, LedgerPlace};
pub use ledger_protocol::{Counters, JobId, JobState, OutputName, UnitName};
pub use manifest::{CommittedUnit, Manifest};
pub use message::UnitMessage;
pub use progress::Progress;
pub use status::{JobStatus, RuntimeStatus};
pub use unit_context::UnitContext;
pub use worker::{Acknowledgement, Ended, FinalUnit, Work};
