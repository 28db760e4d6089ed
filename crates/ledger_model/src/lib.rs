//! Searches of the work ledger's protocol: every order of steps, with kills, lost answers and doubled messages.
//!
//! The machines are those that run; this crate carries out their commands against a storage that fits into a few words,
//! in every way in which a real one could. It checks every state that can be reached, and that each of them can still
//! come to an end. Rules can be broken on purpose, each in the way commands are carried out, to see that the search
//! notices.

mod actor;
mod broken;
mod etag;
mod execute;
mod invariants;
mod liveness;
mod reading;
mod run;
pub mod scenarios;
mod search;
mod step;
mod successors;
mod trace;
mod work;
mod world;

pub use broken::Rule;
pub use run::run;
pub use scenarios::{Faults, Requests, Scenario, Shape, Start};
pub use search::{Outcome, Report, Violation, search};
