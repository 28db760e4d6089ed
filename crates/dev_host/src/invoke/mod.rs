//! One invocation: from what happened to what was written.

mod attempt;
mod event;
mod hints;

use std::sync::Arc;

use host_rules::dotnet::Value;
use host_rules::machine::retry::RetryLoop;
use host_rules::wire::{CallerAnswer, RetryContext};

pub use event::Event;

use crate::app::Function;
use crate::console::Level;
use crate::host::{Host, RunningApp};
use crate::journal::{Content, Output};

/// How an invocation ended.
#[derive(Clone, Debug)]
pub struct Conclusion {
    /// Its id.
    pub invocation: String,
    /// Why it failed; none when it succeeded.
    pub failure: Option<String>,
    /// What an HTTP caller sees.
    pub http: Option<CallerAnswer>,
    /// What was written.
    pub outputs: Vec<Output>,
    /// The `Logs` of the answer.
    pub logs: Vec<String>,
    /// The handler's answer body.
    pub answer: Option<Content>,
    /// From start to the last output.
    pub milliseconds: u64,
}

/// Runs the function for `event`, with the tries of its retry policy, and tells the journal and the console.
pub async fn invoke(host: &Arc<Host>, app: &Arc<RunningApp>, function: &Function, event: Event) -> Conclusion {
    let id = host.new_id();
    let mut retries = function.retry.clone().map(RetryLoop::new);
    let mut exception = Value::Null;
    loop {
        let context = retries.as_ref().map(|retries| RetryContext {
            retry_count: retries.retry_count(),
            max_retry_count: retries.max_retry_count(),
            exception: exception.clone(),
        });
        let conclusion = attempt::attempt(host, app, function, &event, &id, context).await;
        let (Some(reason), Some(retries)) = (&conclusion.failure, &mut retries) else {
            return conclusion;
        };
        let Some(wait) = retries.failed(&host.rng) else {
            return conclusion;
        };
        let text = format!("{}: tried again in {wait:#} by its retry policy", function.name);
        host.console.line(&app.app.name, Level::Info, Some(&id), &text);
        exception = exception_object(reason);
        tokio::select! {
            () = host.clock.sleep(wait.unsigned_abs()) => {}
            () = host.stopping() => return conclusion,
        }
    }
}

/// A small stand-in for the exception object, which in the real host takes some kilobytes of .NET detail.
fn exception_object(reason: &str) -> Value {
    Value::Object(vec![
        (
            "ClassName".to_owned(),
            Value::from("Microsoft.Azure.WebJobs.Host.FunctionInvocationException"),
        ),
        ("Message".to_owned(), Value::from(reason)),
    ])
}
