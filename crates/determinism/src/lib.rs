//! Time and chance as passed values, so that every run can be repeated.
//!
//! Nothing in this workspace reads a clock or draws a random number on its own: it is handed a [`Clock`] and an
//! [`Rng`]. A test hands in a clock that it moves and a generator whose seed it prints, and the run is the same again.

mod clock;
mod rng;

pub use clock::{Clock, Elapsed, ManualClock};
pub use rng::Rng;
