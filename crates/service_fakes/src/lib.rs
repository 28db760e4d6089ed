//! Stand-ins for outside services, for development and tests. No app links this crate.
//!
//! They listen on loopback addresses and speak the real protocols, faults included, so that the programs under test
//! use the code that they use in earnest.

pub mod mirrors;
