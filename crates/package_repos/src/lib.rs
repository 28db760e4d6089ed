//! What apt and yum repositories and their mirrors are, and what is wrong with one.
//!
//! Pure: bytes, observed facts and a moment go in, decisions come out. Nothing here opens a connection or
//! reads a clock.
//!
//! * [`release`], [`repomd`] and [`listing`] read the files that package clients ask for first. They treat their input
//!   as hostile: sizes are capped, and a reader that cannot go on says why.
//! * [`mirror`] has the requests to check a mirror, the facts that a check observes and the verdict on them.
//! * [`finding`] has the one table of stable codes with which everything that is wrong is named.

pub mod deb822;
pub mod finding;
pub mod listing;
pub mod mirror;
pub mod release;
pub mod repomd;

pub use finding::{Code, Finding, Severity};
