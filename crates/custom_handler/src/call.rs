//! One call of a handler: decode, run, encode; and what becomes of errors, panics and a passed deadline.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use determinism::{Clock, Rng};
use functions_protocol::Invocation as WireInvocation;
use functions_protocol::host_json::MessageEncoding;
use futures::FutureExt;
use tracing::Instrument;

use crate::blocking::BlockingPool;
use crate::claims::PayloadStore;
use crate::context::{Cancellation, Context, Invocation};
use crate::failure::{Failure, HandlerError};
use crate::input::Inputs;
use crate::logs::{invocation_span, take_lines};
use crate::output::Outputs;
use crate::reply::Reply;
use crate::trigger::{Edge, Trigger};

/// What every call of a process shares.
pub(crate) struct Shared<D> {
    pub(crate) deps: Arc<D>,
    pub(crate) store: Option<Arc<dyn PayloadStore>>,
    pub(crate) encoding: MessageEncoding,
    pub(crate) rng: Rng,
    pub(crate) blocking: BlockingPool,
    pub(crate) stopping: Cancellation,
    /// Time for one invocation; `None` without a limit.
    pub(crate) time_allowed: Option<Duration>,
}

/// One request of the host.
pub(crate) struct Call<D> {
    pub(crate) shared: Arc<Shared<D>>,
    pub(crate) function: &'static str,
    pub(crate) id: String,
    pub(crate) clock: Clock,
    pub(crate) body: Bytes,
}

/// A handler panicked; what it said.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked: {0}")]
pub(crate) struct Panicked(pub(crate) String);

/// A handler was still running when its time was over.
#[derive(Debug, thiserror::Error)]
#[error("the handler was ended after {0:?}: the host would kill the process and all other invocations soon after")]
struct DeadlinePassed(Duration);

/// What a handler may return for declared outputs `Values`.
#[diagnostic::on_unimplemented(
    message = "the handler returns `{Self}`, but its function declares outputs of type `{Values}`",
    label = "return `Result<{Values}, _>`: `()` without outputs, one value for one, a tuple for several, in the order of declaration",
    note = "`queue_output(..)` takes a `T`, `.optional()` makes it `Option<T>`, `.many()` makes it `Vec<T>`"
)]
pub trait HandlerResult<T: Trigger, Values> {
    #[doc(hidden)]
    fn into_outcome(self) -> Result<Values, Failure<T::Known>>;
}

impl<T: Trigger, Values, E: HandlerError<T>> HandlerResult<T, Values> for Result<Values, E> {
    fn into_outcome(self) -> Result<Values, Failure<T::Known>> {
        self.map_err(E::into_failure)
    }
}

/// The typed parts of a function, as its declaration left them.
pub(crate) struct Declared<T, I, O, H> {
    pub(crate) trigger: T,
    pub(crate) inputs: I,
    pub(crate) outputs: O,
    pub(crate) handler: H,
}

impl<T: Trigger, I: Inputs, O: Outputs, H> Declared<T, I, O, H> {
    pub(crate) async fn call<D, F>(self: Arc<Self>, call: Call<D>) -> Reply
    where
        D: Send + Sync + 'static,
        H: Fn(Context<D>, I::With<T::Value>) -> F + Send + Sync + 'static,
        F: Future + Send,
        F::Output: HandlerResult<T, O::Values>,
    {
        let span = invocation_span(call.function, &call.id);
        self.call_in_span(call, &span).instrument(span.clone()).await
    }

    async fn call_in_span<D, F>(&self, call: Call<D>, span: &tracing::Span) -> Reply
    where
        D: Send + Sync + 'static,
        H: Fn(Context<D>, I::With<T::Value>) -> F + Send + Sync + 'static,
        F: Future + Send,
        F::Output: HandlerResult<T, O::Values>,
    {
        let invocation = match WireInvocation::parse(&call.body) {
            Ok(invocation) => invocation,
            Err(error) => {
                let reason = crate::failure::log_retry(&error);
                return self.trigger.refuse(400, &reason);
            }
        };
        let shared = &*call.shared;
        let edge = Edge {
            invocation: &invocation,
            store: shared.store.as_deref(),
            encoding: shared.encoding,
            id: &call.id,
        };
        let attempt = self.trigger.attempt(&invocation);
        let context = self.context(&call, attempt);
        let cancellation = context.cancellation();
        let running = AssertUnwindSafe(self.run(context, &edge)).catch_unwind();
        let outcome = match shared.time_allowed {
            None => Ok(running.await),
            Some(limit) => call
                .clock
                .timeout(limit, running)
                .await
                .map_err(|_| DeadlinePassed(limit)),
        };
        let outcome = match outcome {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(Panicked(panic_message(&*panic).to_owned()).into()),
            Err(passed) => {
                cancellation.raise();
                Err(passed.into())
            }
        };
        match outcome {
            Ok(answer) => {
                tracing::debug!(attempt, "succeeded");
                Reply::success(
                    &take_lines(span)
                        .into_iter()
                        .fold(answer, functions_protocol::Answer::log),
                )
            }
            Err(failure) => self.trigger.settle(failure, &edge).await,
        }
    }

    async fn run<D, F>(
        &self,
        context: Context<D>,
        edge: &Edge<'_>,
    ) -> Result<functions_protocol::Answer, Failure<T::Known>>
    where
        D: Send + Sync + 'static,
        H: Fn(Context<D>, I::With<T::Value>) -> F + Send + Sync + 'static,
        F: Future + Send,
        F::Output: HandlerResult<T, O::Values>,
    {
        let trigger = self.trigger.read(edge).await?;
        let input = self.inputs.read(trigger, edge.invocation).map_err(Failure::Retry)?;
        let values = (self.handler)(context, input).await.into_outcome()?;
        let written = self.outputs.write(values).map_err(Failure::Retry)?;
        written.into_answer(edge).await.map_err(Failure::Retry)
    }

    fn context<D>(&self, call: &Call<D>, attempt: u32) -> Context<D> {
        let shared = &call.shared;
        let deadline = shared
            .time_allowed
            .and_then(|allowed| call.clock.now().checked_add(allowed).ok());
        let invocation = Invocation {
            function: call.function,
            id: call.id.clone(),
            attempt,
            deadline,
            clock: call.clock.clone(),
            rng: shared.rng.clone(),
            blocking: shared.blocking.clone(),
            cancellation: Cancellation::default(),
            stopping: shared.stopping.clone(),
        };
        Context::new(Arc::clone(&shared.deps), Arc::new(invocation))
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
