//! The running ledger under faults: a crash at every storage request, and seeded schedules with everything at once.
//!
//! Everything runs in one thread, on a clock that is moved by hand, against the storage emulator in process: a seed
//! repeats a run exactly.

mod counting;
mod crashes;
mod host;
mod schedule;
mod site;
mod verdict;

pub use crashes::crash_at_every_request;
pub use schedule::{Failure, run_schedules, schedule};
pub use verdict::Wrong;
