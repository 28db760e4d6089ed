//! What users of the emulator see, over HTTP and in process.

mod conformance;
mod durability;
mod faults;
mod foreign_bytes;
mod listeners;
mod queue_time;
mod signing;
mod wire;
