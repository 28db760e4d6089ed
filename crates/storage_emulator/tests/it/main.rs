//! What users of the emulator see, over HTTP and in process.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is a failed test")]

mod conformance;
mod durability;
mod faults;
mod foreign_bytes;
mod listeners;
mod queue_time;
mod same_story;
mod signing;
mod wire;
