//! The app against mirrors on loopback, without a host and without storage: what goes in and what comes out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod checks;
mod demo;
mod documents;
mod lists;
mod requests;
mod stage;
mod time;
