//! Package mirrors on loopback, healthy and broken in the ways in which mirrors break.
//!
//! Every mirror has a name of its own under `.example`, and an address map leads the scanner from the names to the
//! loopback addresses. IPv4 and IPv6 are played by 127.0.0.1 and ::1, each with a behaviour of its own. The dates in
//! the files follow the clock: what is up to date stays so, and what lags lags by the same time.

mod authority;
mod behaviour;
mod connection;
mod content;
mod demo;
mod fleet;

pub use authority::{Authority, Validity};
pub use behaviour::Behaviour;
pub use demo::{DemoMirror, DemoMirrors, demo_mirrors};
pub use fleet::{FakeError, FakeMirrors, Plan, Transport};
