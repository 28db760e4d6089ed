//! Pieces that several pages show.

use maud::{Markup, html};

use crate::app::{Function, Trigger};
use crate::dashboard::page::{Times, milliseconds};
use crate::host::RunningApp;
use crate::journal::{Invocation, Outcome, TriggerKind};
use crate::queues::QueueName;
use crate::supervisor::HandlerState;

/// How an invocation stands.
pub(super) fn outcome(invocation: &Invocation) -> Markup {
    match invocation.finished.as_ref().map(|finished| finished.outcome) {
        None => html! { span.pill.busy { "running" } },
        Some(Outcome::Succeeded) => html! { span.pill.good { "succeeded" } },
        Some(Outcome::Failed) => html! { span.pill.bad { "failed" } },
    }
}

/// How an app stands.
pub(super) fn state(app: &RunningApp) -> Markup {
    match app.handler.state() {
        HandlerState::Ready { .. } => html! { span.pill.good { span.dot {} "ready" } },
        HandlerState::Starting => html! { span.pill.busy { "starting" } },
        HandlerState::Gone { .. } => html! { span.pill.warn { "ended with code 0" } },
        HandlerState::Down { .. } => html! { span.pill.bad { "down" } },
        HandlerState::Stopped => html! { span.pill { "stopped" } },
    }
}

/// The trigger in a word.
pub(super) fn trigger(kind: TriggerKind) -> &'static str {
    match kind {
        TriggerKind::Http => "HTTP",
        TriggerKind::Queue => "queue",
        TriggerKind::Timer => "timer",
        TriggerKind::Manual => "by hand",
    }
}

/// Rows of invocations; the columns are those of [`invocation_head`].
pub(super) fn invocation_rows<'a>(invocations: impl Iterator<Item = &'a Invocation>, times: &Times) -> Markup {
    html! {
        @for invocation in invocations {
            @let started = &invocation.started;
            tr {
                td.tight { (times.short(started.at)) }
                td.tight { (outcome(invocation)) }
                td.tight { (started.app) }
                td { a href={ "/invocations/" (started.id) } { (started.function) } }
                td.tight { (trigger(started.trigger)) @if let Some(message) = &started.message { span.quiet { " " (message.queue) } } }
                td.number.tight { @if started.attempt > 1 { span.pill.warn { "try " (started.attempt) } } }
                td.number.tight { @if let Some(finished) = &invocation.finished { (milliseconds(finished.milliseconds)) } }
            }
        }
    }
}

/// The head of such a table.
pub(super) fn invocation_head() -> Markup {
    html! {
        thead { tr {
            th { "Time" } th { "Outcome" } th { "App" } th { "Function" } th { "Trigger" } th.number { "Try" } th.number { "Took" }
        } }
    }
}

/// The button that runs a function with its example.
pub(super) fn run_button(app: &RunningApp, function: &Function, place: &str) -> Markup {
    html! {
        form.inline method="post" action="/actions/run" {
            input type="hidden" name="app" value=(app.app.name);
            input type="hidden" name="function" value=(function.name);
            button type="submit" id={ "run-" (place) "-" (app.app.name) "-" (function.name) } { "Run now" }
        }
    }
}

/// Where or when a function runs.
pub(super) fn place(app: &RunningApp, function: &Function, times: &Times) -> Markup {
    match &function.trigger {
        Trigger::Http { template, methods, .. } => {
            let prefix = app.app.host.extensions.http.route_prefix();
            let address = app.address();
            let parts = [address.as_str(), prefix, template.as_str()];
            let url = parts
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join("/");
            html! { @if !methods.is_empty() { span.quiet { (methods.join(" ")) " " } } code { (url) } }
        }
        Trigger::Queue { queue, connection } => {
            let name = QueueName {
                app: app.app.name.clone(),
                connection: connection.clone(),
                queue: queue.clone(),
            };
            html! { a href=(queue_address(&name)) { (queue) } }
        }
        Trigger::Timer { text, .. } => {
            let state = app.timer_state(&function.name);
            html! {
                @match (state.running, state.next) {
                    (true, _) => span.pill.busy { "running" },
                    (false, Some(next)) => { (times.short(next)) " " span.quiet { (times.relative(next)) } },
                    (false, None) => span.quiet { "not scheduled" },
                }
                " " code { (text) }
            }
        }
    }
}

/// The address of a queue's page.
pub(super) fn queue_address(name: &QueueName) -> String {
    let part = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    format!(
        "/queues/{}/{}/{}",
        part(&name.app),
        part(&name.connection),
        part(&name.queue)
    )
}

/// The hidden fields that name a queue in a form.
pub(super) fn queue_fields(name: &QueueName, back: &str) -> Markup {
    html! {
        input type="hidden" name="app" value=(name.app);
        input type="hidden" name="connection" value=(name.connection);
        input type="hidden" name="queue" value=(name.queue);
        input type="hidden" name="back" value=(back);
    }
}
