//! The contract, held against what the host's own code sent and concluded, and against arbitrary bytes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod answers;
mod cases;
mod function_documents;
mod host_documents;
mod host_model;
mod http_answers;
mod http_requests;
mod outputs;
mod properties;
mod queue_limits;
mod requests;
mod timers;
