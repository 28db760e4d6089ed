//! What the host sends to a custom handler and what it concludes from the answer, in its default mode.

mod answer;
mod binding_data;
mod conclusion;
mod encoding;
mod exception;
mod headers;
mod http_answer;
mod http_call;
mod identity;
mod invocation;
mod outputs;
mod query;
mod text;
mod trigger;

pub use answer::{AnswerError, HandlerAnswer, HandlerResponse, HandlerResult, read_answer};
pub use binding_data::BindingData;
pub use conclusion::{BoundOutput, Conclusion, Failure, Outcome, conclude};
pub use exception::exception_value;
pub use headers::{Activity, invocation_headers};
pub use http_answer::CallerAnswer;
pub use http_call::HttpCall;
pub use identity::{anonymous, with_key};
pub use invocation::{Invocation, RequestBody, RetryContext, build_invocation};
pub use outputs::{Collector, Delivered, OutputError, deliver};
pub(crate) use query::unescape_path_segment;
pub use trigger::{
    NotUtf8, Trigger, TriggerValue, blob_input, http_trigger, manual_trigger, queue_trigger, timer_trigger,
};
