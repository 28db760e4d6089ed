//! The contract between the Azure Functions host and a custom handler, as data.
//!
//! The handler's side of it: what the host's invocation requests mean ([`Invocation`]), answers whose meaning is what
//! the app meant ([`Answer`]), and the two documents by which an app declares itself ([`FunctionJson`], [`HostJson`]).
//! No I/O, no clock, no runtime: bytes and values in, bytes and values out.
//!
//! The host encodes values in surprising ways and reinterprets what it is given back (text that looks like base64 or
//! like a timestamp, for instance). Those rules live in this crate and nowhere else; `fixtures/` holds what the host's
//! own code sent and concluded, and the tests read every case.

mod answer;
mod document;
pub mod function_json;
pub mod host_json;
mod http_answer;
mod http_request;
mod invocation;
mod metadata;
pub mod names;
mod output;
pub mod payload;
mod payload_store;
pub mod poison;
mod queue_metadata;
mod reinterpretation;
mod retry_context;
pub mod time_span;
mod timer_info;
mod value;

pub use answer::Answer;
pub use document::{Read, Warning};
pub use function_json::FunctionJson;
pub use host_json::{HostJson, MessageEncoding};
pub use http_answer::{HttpAnswer, HttpAnswerError};
pub use http_request::{Claim, HttpBody, HttpRequest, Identity};
pub use invocation::{Invocation, InvocationError};
pub use metadata::{Metadata, SystemMetadata};
pub use output::{Message, Output, OutputError};
pub use payload_store::{CLAIMS_CONTAINER, PayloadStore, StoreFuture};
pub use queue_metadata::QueueMetadata;
pub use retry_context::RetryContext;
pub use time_span::TimeSpan;
pub use timer_info::{ScheduleStatus, TimerInfo};
pub use value::ValueError;
