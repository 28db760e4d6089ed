//! The client against mirrors on loopback, one fault at a time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod connection;
mod hostile;
mod http;
mod polite;
mod stage;
mod tls;
