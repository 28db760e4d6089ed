//! The timer listener: schedule monitor, past-due start, catch-up, one run at a time.

mod listener;
mod status;

pub use listener::{RunReason, TimerEffect, TimerEvent, TimerListener, TimerOptions};
pub use status::{PastDue, TimerStatus, check_past_due};
