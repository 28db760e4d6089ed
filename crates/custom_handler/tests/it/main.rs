//! Behaviour of apps that are built with the SDK: over a socket, through the test harness, and as generated files.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod app;
mod calls;
mod captured;
mod compile_fail;
mod declarations;
mod http_server;
mod manifest;
mod messages;
mod start;
mod stores;
