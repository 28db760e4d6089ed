//! The development host as a whole: the real binary runs a real handler process on storage of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, also in the parts that tests share"
)]

mod bench;
mod bindings;
mod crash;
mod dashboard;
mod down;
mod front;
mod http;
mod inside;
mod lines;
mod poison;
mod repeats;
mod run;
mod sharing;
mod stop;
mod triggers;
mod website;
