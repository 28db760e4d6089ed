//! The declaration of a function: name, trigger, inputs, outputs, handler.

use std::future::Future;
use std::sync::Arc;

use functions_protocol::function_json::Retry;
use functions_protocol::names::Queue;
use functions_protocol::payload::Payload;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::call::{Call, Declared, HandlerResult};
use crate::context::Context;
use crate::declaration::Declaration;
use crate::input::{Input, Inputs};
use crate::output::{HttpOutput, Output, Outputs};
use crate::reply::Reply;
use crate::schedule::Schedule;
use crate::trigger::{HttpTrigger, QueueTrigger, TimerTrigger, Trigger};
use crate::tuple::Append;

/// Begins the declaration of a function. The name is its folder's name and the path of the host's call.
pub const fn function(name: &'static str) -> NamedFunction {
    NamedFunction { name }
}

/// A function that has a name and still needs a trigger.
#[derive(Clone, Copy, Debug)]
#[must_use = "a function needs a trigger and a handler"]
pub struct NamedFunction {
    name: &'static str,
}

impl NamedFunction {
    /// Runs it on a schedule. The handler gets a [`TimerInfo`](crate::TimerInfo).
    pub fn timer(self, binding: &'static str, schedule: Schedule) -> TriggeredFunction<TimerTrigger, (), ()> {
        self.triggered(TimerTrigger { binding, schedule }, ())
    }

    /// Runs it for each message of a queue. The handler gets the decoded payload. `configure` sets what else the
    /// trigger has: `|queue| queue.connection("Store")`.
    pub fn queue<T, Q>(
        self,
        binding: &'static str,
        queue: Queue<T>,
        configure: impl FnOnce(QueueTrigger<T>) -> Q,
    ) -> TriggeredFunction<Q, (), ()>
    where
        T: Payload + Send + 'static,
        Q: Trigger,
    {
        self.triggered(configure(QueueTrigger::new(binding, queue)), ())
    }

    /// Runs it for each HTTP request. The handler gets an [`HttpRequest`](crate::HttpRequest) and returns an
    /// [`HttpAnswer`](crate::HttpAnswer), in a tuple before the values of other outputs. `configure` sets route,
    /// methods and keys: `|http| http.get().route("status/{id}").anonymous()`.
    pub fn http(
        self,
        binding: &'static str,
        configure: impl FnOnce(HttpTrigger) -> HttpTrigger,
    ) -> TriggeredFunction<HttpTrigger, (), (HttpOutput,)> {
        self.triggered(configure(HttpTrigger::new(binding)), (HttpOutput,))
    }

    fn triggered<T, O>(self, trigger: T, outputs: O) -> TriggeredFunction<T, (), O> {
        TriggeredFunction {
            name: self.name,
            trigger,
            inputs: (),
            outputs,
            retry: None,
        }
    }
}

/// A function that has a trigger and still needs a handler; inputs and outputs are added here.
#[derive(Debug)]
#[must_use = "a function needs a handler"]
pub struct TriggeredFunction<T, I, O> {
    name: &'static str,
    trigger: T,
    inputs: I,
    outputs: O,
    retry: Option<Retry>,
}

impl<T: Trigger, I: Inputs, O: Outputs> TriggeredFunction<T, I, O> {
    /// Adds an input that the host reads before each invocation; the handler's input becomes a tuple.
    pub fn input<N: Input>(self, input: N) -> TriggeredFunction<T, I::Longer, O>
    where
        I: Append<N>,
    {
        let Self {
            name,
            trigger,
            inputs,
            outputs,
            retry,
        } = self;
        TriggeredFunction {
            name,
            trigger,
            inputs: inputs.append(input),
            outputs,
            retry,
        }
    }

    /// Adds an output that the host writes after each successful invocation.
    pub fn output<N: Output>(self, output: N) -> TriggeredFunction<T, I, O::Longer>
    where
        O: Append<N>,
    {
        let Self {
            name,
            trigger,
            inputs,
            outputs,
            retry,
        } = self;
        TriggeredFunction {
            name,
            trigger,
            inputs,
            outputs: outputs.append(output),
            retry,
        }
    }

    /// Lets the host repeat a failed invocation by itself. For timers: queues have their own tries.
    pub fn retry(self, policy: Retry) -> Self {
        Self {
            retry: Some(policy),
            ..self
        }
    }

    /// Completes the declaration with the function that does the work:
    /// `async fn(Context<D>, input) -> Result<outputs, error>`.
    ///
    /// The input is the trigger's value, or a tuple of it and the inputs. The outputs are `()` without any, the value
    /// of the only one, or a tuple. For the error see [`HandlerError`](crate::HandlerError).
    pub fn handler<D, H, F>(self, handler: H) -> Function<D>
    where
        D: Send + Sync + 'static,
        H: Fn(Context<D>, I::With<T::Value>) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: HandlerResult<T, O::Values>,
    {
        let mut declaration = Declaration::new(self.name);
        self.trigger.declare(&mut declaration);
        self.inputs.declare(&mut declaration);
        self.outputs.declare(&mut declaration);
        declaration.set_retry(self.retry);
        let declared = Arc::new(Declared {
            trigger: self.trigger,
            inputs: self.inputs,
            outputs: self.outputs,
            handler,
        });
        let refuse = Arc::clone(&declared);
        Function {
            declaration,
            call: Box::new(move |call| Arc::clone(&declared).call(call).boxed()),
            refuse: Box::new(move |status, reason| refuse.trigger.refuse(status, reason)),
        }
    }
}

/// Makes the answer to a request that cannot be handled: from a status for HTTP callers, and the reason.
type Refusal = Box<dyn Fn(u16, &str) -> Reply + Send + Sync>;

/// A complete function of an app with dependencies `D`.
pub struct Function<D> {
    pub(crate) declaration: Declaration,
    pub(crate) call: Box<dyn Fn(Call<D>) -> BoxFuture<'static, Reply> + Send + Sync>,
    pub(crate) refuse: Refusal,
}
