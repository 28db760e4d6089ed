//! One call of a handler: decode, run, encode; and what becomes of errors, panics and a passed deadline.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use determinism::Clock;
use functions_protocol::Invocation as WireInvocation;
use functions_protocol::PayloadStore;
use futures::FutureExt;

use crate::context::{Cancellation, Context, Invocation, Process};
use crate::failure::{Failure, HandlerError};
use crate::input::Inputs;
use crate::logs::{AnswerLines, in_invocation};
use crate::output::Outputs;
use crate::reply::Reply;
use crate::server::HeldBody;
use crate::trigger::{Edge, Trigger};

/// What every call of an app shares.
pub(crate) struct Shared<D> {
    pub(crate) deps: Arc<D>,
    pub(crate) store: Option<Arc<dyn PayloadStore>>,
    pub(crate) process: Arc<Process>,
}

/// One request of the host.
pub(crate) struct Call<D> {
    pub(crate) shared: Arc<Shared<D>>,
    pub(crate) invocation: Arc<Invocation>,
    pub(crate) body: HeldBody,
}

impl<D> Call<D> {
    pub(crate) fn new(
        shared: &Arc<Shared<D>>,
        function: &'static str,
        id: String,
        clock: Clock,
        body: HeldBody,
    ) -> Self {
        let process = Arc::clone(&shared.process);
        let deadline = process
            .time_allowed
            .and_then(|allowed| clock.now().checked_add(allowed).ok());
        let invocation = Invocation {
            function,
            id,
            process,
            clock,
            deadline,
            attempt: AtomicU32::new(0),
            cancellation: Cancellation::default(),
            lines: AnswerLines::default(),
        };
        Self {
            shared: Arc::clone(shared),
            invocation: Arc::new(invocation),
            body,
        }
    }
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
        in_invocation(&call.invocation, self.answer(&call)).await
    }

    async fn answer<D, F>(&self, call: &Call<D>) -> Reply
    where
        D: Send + Sync + 'static,
        H: Fn(Context<D>, I::With<T::Value>) -> F + Send + Sync + 'static,
        F: Future + Send,
        F::Output: HandlerResult<T, O::Values>,
    {
        let invocation = match WireInvocation::parse(&call.body.bytes) {
            Ok(invocation) => invocation,
            Err(error) => {
                let reason = crate::failure::log_retry(&error);
                return self.trigger.refuse(400, &reason);
            }
        };
        let (shared, process) = (&call.shared, &call.invocation.process);
        let edge = Edge {
            invocation: &invocation,
            store: shared.store.as_deref(),
            encoding: process.encoding,
            id: &call.invocation.id,
        };
        let attempt = self.trigger.attempt(&invocation);
        call.invocation.attempt.store(attempt, Ordering::Relaxed);
        let context = Context::new(Arc::clone(&shared.deps), Arc::clone(&call.invocation));
        let running = AssertUnwindSafe(self.run(context, &edge)).catch_unwind();
        let outcome = match process.time_allowed {
            None => Ok(running.await),
            Some(limit) => call
                .invocation
                .clock
                .timeout(limit, running)
                .await
                .map_err(|_| DeadlinePassed(limit)),
        };
        let outcome = match outcome {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(Panicked(panic_message(&*panic).to_owned()).into()),
            Err(passed) => {
                call.invocation.cancellation.raise();
                Err(passed.into())
            }
        };
        match outcome {
            Ok(answer) => {
                tracing::debug!(attempt, "succeeded");
                Reply::success(
                    &call
                        .invocation
                        .lines
                        .take()
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
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
