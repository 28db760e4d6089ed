//! One invocation: from what happened to what was written.

mod attempt;
mod event;
mod hints;

use std::sync::Arc;

use host_rules::dotnet::Value;
use host_rules::machine::retry::RetryLoop;
use host_rules::wire::{AnswerError, CallerAnswer, Failure, RetryContext, exception_value};
use jiff::Timestamp;

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
    /// Why it failed, without secrets; none when it succeeded.
    pub failure: Option<String>,
    /// The handler was down: the function was not run. In Azure the host would have stopped and not have asked it.
    pub handler_down: bool,
    /// What in the handler's answer made it fail, if it was the answer.
    pub failed_by: Option<Failure>,
    /// What an HTTP caller sees.
    pub http: Option<CallerAnswer>,
    /// What was written.
    pub outputs: Vec<Output>,
    /// The `Logs` of the answer, without secrets.
    pub logs: Vec<String>,
    /// The handler's answer body.
    pub answer: Option<Content>,
    /// From start to the last output.
    pub milliseconds: u64,
}

/// Runs the function for `event`, with the tries of its retry policy, and tells the journal and the console. It goes on when
/// the caller does not wait any more: an HTTP caller that hangs up must not keep its outputs from being written.
pub async fn invoke(host: &Arc<Host>, app: &Arc<RunningApp>, function: &Function, event: Event) -> Conclusion {
    let begun = host.under_way.begin();
    let (host, app, function) = (host.clone(), app.clone(), function.clone());
    let running = tokio::spawn(async move {
        let conclusion = tries(&host, &app, &function, event).await;
        drop(begun);
        conclusion
    });
    match running.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(conclusion) => conclusion,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // Nothing aborts it; the runtime goes down, and the caller with it.
        Err(Err(_)) => std::future::pending().await,
    }
}

async fn tries(host: &Arc<Host>, app: &Arc<RunningApp>, function: &Function, event: Event) -> Conclusion {
    let id = host.new_id();
    hints::look_at_keys(host, app, function, &event);
    let mut retries = function.retry.clone().map(RetryLoop::new);
    let mut exception = Value::Null;
    loop {
        let context = retries.as_ref().map(|retries| RetryContext {
            retry_count: retries.retry_count(),
            max_retry_count: retries.max_retry_count(),
            exception: exception.clone(),
        });
        let conclusion = attempt::attempt(host, app, function, &event, &id, context).await;
        let (Some(reason), Some(retries), false) = (&conclusion.failure, &mut retries, conclusion.handler_down) else {
            return conclusion;
        };
        let Some(wait) = retries.failed(&host.rng) else {
            return conclusion;
        };
        let again = host.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        let text = format!("{}: tried again in {wait:#} by its retry policy", function.name);
        host.console.line(&app.app.name, Level::Info, Some(&id), &text);
        let broken = || Failure::Answer(AnswerError::Broken(reason.clone()));
        let failure = conclusion.failed_by.clone().unwrap_or_else(broken);
        exception = exception_value(&function.name, &id, &failure);
        tokio::select! {
            () = host.clock.sleep_until(again) => {}
            () = host.stopping() => return conclusion,
        }
    }
}
