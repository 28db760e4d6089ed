//! Handler processes: start, readiness, crash, restart, end.

mod environment;
mod handler;
mod lines;
mod orphans;
mod ports;
mod process;

pub use environment::{Place, environment};
pub use handler::{Handler, HandlerSetup, HandlerState, OnLine, OnMessage, Unavailable};
pub use lines::HandlerLine;
pub use orphans::Roster;
pub use ports::{bind_from, free_port, listening};
pub use process::{Executable, Process, StartError, Stream, describe, locate};
