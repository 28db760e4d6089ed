//! The decisions of the work ledger, without I/O.
//!
//! [`protocol`] holds machines: a command out, a reply in. The running ledger and its model drive the same machines;
//! only who carries out the commands differs. [`codec`] is how documents stand in blobs, [`names`] where.

pub mod codec;
mod job;
pub mod names;
pub mod protocol;
mod unit;

pub use job::{Job, JobState, Totals};
pub use names::{JobId, OutputName, UnitName};
pub use unit::{Child, Claim, Counters, Unit, UnitState, UnitSummary};
