//! Drives triggers: shells around the machines of `host_rules`.

mod notes;
mod queue;
mod singleton;
mod timer;

pub use queue::listen as listen_to_queue;
pub use timer::{TimerState, listen as listen_to_timer};
