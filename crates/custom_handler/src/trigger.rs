//! What starts a function.

mod http;
mod queue;
mod timer;

use std::future::Future;

use functions_protocol::host_json::MessageEncoding;
use functions_protocol::{Invocation, PayloadStore};

pub(crate) use http::ANSWER_BINDING;
pub use http::{AuthLevel, HttpTrigger};
pub(crate) use queue::POISON_BINDING;
pub use queue::{Bare, QueueMessage, QueueTrigger, QueueValue, WithMetadata, unwrap_message};
pub use timer::TimerTrigger;

use crate::declaration::Declaration;
use crate::failure::{Failure, Permanent};
use crate::reply::Reply;

/// A trigger of a function. Apps meet it in bounds only; this crate implements it.
pub trait Trigger: sealed::Sealed + Send + Sync + 'static {
    /// What the handler gets from the trigger.
    type Value: Send + 'static;

    /// Failures that this trigger treats in a way of its own, beside the retryable ones.
    type Known: Send + 'static;

    #[doc(hidden)]
    fn declare(&self, declaration: &mut Declaration);

    #[doc(hidden)]
    fn read(&self, at: &Edge<'_>) -> impl Future<Output = Result<Self::Value, Failure<Self::Known>>> + Send;

    #[doc(hidden)]
    fn attempt(&self, invocation: &Invocation<'_>) -> u32 {
        attempt_of_retry_policy(invocation)
    }

    /// Writes the failure into the log, once, and makes the answer for it.
    #[doc(hidden)]
    fn settle(&self, failure: Failure<Self::Known>, at: &Edge<'_>) -> impl Future<Output = Reply> + Send;

    /// The answer to an invocation whose request could not be read.
    #[doc(hidden)]
    fn refuse(&self, status: u16, reason: &str) -> Reply {
        let _ = status;
        Reply::failure(reason)
    }
}

/// A trigger with a place for messages that no retry makes usable.
#[diagnostic::on_unimplemented(
    message = "`Permanent` needs a poison place, and `{Self}` has none",
    label = "the trigger of this function cannot put an input aside",
    note = "only a queue trigger has a poison queue; here, answer with an error (it is retried) or decide in the handler"
)]
pub trait PoisonPlace: Trigger<Known = Permanent> {}

/// One invocation as the edge of the SDK sees it.
#[doc(hidden)]
pub struct Edge<'a> {
    pub(crate) invocation: &'a Invocation<'a>,
    pub(crate) store: Option<&'a dyn PayloadStore>,
    pub(crate) encoding: MessageEncoding,
    pub(crate) id: &'a str,
}

fn attempt_of_retry_policy(invocation: &Invocation<'_>) -> u32 {
    invocation
        .metadata()
        .retry()
        .map_or(1, |retry| retry.retry_count.saturating_add(1))
}

mod sealed {
    pub trait Sealed {}
}
