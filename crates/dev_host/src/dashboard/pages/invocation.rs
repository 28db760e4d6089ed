//! One invocation: what went in, what came out, where it came from and what it led to.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::{answer, not_found, parts, times};
use crate::dashboard::page::{Tab, Times, count, milliseconds};
use crate::dashboard::text;
use crate::host::Host;
use crate::journal::{Finished, Invocation, Ring};

const MOST_RELATIVES: usize = 50;

pub(in super::super) async fn invocation(State(host): State<Arc<Host>>, Path(id): Path<String>) -> Response {
    let found = host.journal.look(|ring| {
        ring.get(&id)
            .map(|found| (found.clone(), relatives(ring, found), sender(ring, found)))
    });
    let Some((invocation, relatives, sender)) = found else {
        return not_found(Tab::Invocations, "This invocation is not remembered (any more).");
    };
    let times = times(&host);
    let started = &invocation.started;
    let content = html! {
        div id="invocation" data-live="invocations" {
            h1 { (started.app) " / " (started.function) }
            p.lead { span.mono { (started.id) } }
            section.card { div.body { (facts(&invocation, sender.as_deref(), &times)) } }
            @if let Some(reason) = invocation.finished.as_ref().and_then(|finished| finished.reason.as_ref()) {
                div.notice { b { "It failed." } pre { (reason) } }
            }
            div.columns {
                div {
                    section.card { div.head { h2 { "Payload" } span.side { "as the function understands it" } } div.body { (text::block(&started.payload)) } }
                    section.card { div.head { h2 { "Raw request" } span.side { "POST /" (started.function) } } div.body { (text::block(&started.request)) } }
                }
                div {
                    section.card { div.head { h2 { "Outputs" } } (outputs(invocation.finished.as_ref())) }
                    section.card { div.head { h2 { "Answer" } } div.body { (handler_answer(invocation.finished.as_ref())) } }
                }
            }
            section.card { div.head { h2 { "Log" } } div.body { (log(&invocation, &times)) } }
            @for (title, list) in relatives {
                @if !list.is_empty() {
                    section.card {
                        div.head { h2 { (title) } }
                        div.scroll { table { (parts::invocation_head()) tbody { (parts::invocation_rows(list.iter(), &times)) } } }
                    }
                }
            }
        }
        @if let Some(app) = host.app(&started.app) && let Some(function) = app.app.function(&started.function) {
            section.card {
                div.head { h2 { "Run again" } span.side { "the same or another payload" } }
                div.body {
                    form method="post" action="/actions/run" {
                        input type="hidden" name="app" value=(app.app.name);
                        input type="hidden" name="function" value=(function.name);
                        p { textarea name="input" aria-label="Payload" spellcheck="false" { (body_text(&invocation)) } }
                        button.strong type="submit" { "Run " (function.name) }
                    }
                }
            }
        }
    };
    answer(Tab::Invocations, &started.function, &content)
}

fn facts(invocation: &Invocation, sender: Option<&str>, times: &Times) -> Markup {
    let started = &invocation.started;
    html! {
        dl.facts {
            div { dt { "Outcome" } dd { (parts::outcome(invocation)) } }
            div { dt { "Trigger" } dd { (parts::trigger(started.trigger)) } }
            div { dt { "Started" } dd { (times.exact(started.at)) } }
            @if let Some(finished) = &invocation.finished { div { dt { "Took" } dd { (milliseconds(finished.milliseconds)) } } }
            div { dt { "Attempt" } dd { (started.attempt) } }
            @if let Some(message) = &started.message {
                div { dt { "Message" } dd { (message.queue) br; span.mono.quiet { (message.id) } } }
            }
            @if let Some(parent) = &started.parent {
                div { dt { "Sent by" } dd {
                    a href={ "/invocations/" (parent) } { (sender.unwrap_or("an invocation that is forgotten")) }
                    br; span.mono.quiet { (parent) }
                } }
            }
        }
    }
}

fn outputs(finished: Option<&Finished>) -> Markup {
    let outputs = finished.map(|finished| finished.outputs.as_slice()).unwrap_or_default();
    if outputs.is_empty() {
        return html! { p.empty { "Nothing was written." } };
    }
    html! {
        div.body {
            @for output in outputs.iter().take(MOST_RELATIVES) {
                h3 { (output.binding) " → " (output.to) " " (output.target) " · " (count(output.content.bytes)) " bytes" }
                p { (text::block(&output.content)) }
            }
            @if outputs.len() > MOST_RELATIVES { p.quiet { "and " (outputs.len() - MOST_RELATIVES) " more" } }
        }
    }
}

fn handler_answer(finished: Option<&Finished>) -> Markup {
    match finished.map(|finished| &finished.answer) {
        None => html! { p.quiet { "not yet" } },
        Some(None) => html! { p.quiet { "The handler gave no answer." } },
        Some(Some(answer)) => html! {
            p { "Status " b { (answer.status) } @if let Some(kind) = &answer.content_type { ", " code { (kind) } } }
            (text::block(&answer.body))
        },
    }
}

fn log(invocation: &Invocation, times: &Times) -> Markup {
    let from_answer = invocation
        .finished
        .as_ref()
        .map(|finished| finished.logs.as_slice())
        .unwrap_or_default();
    let class = |level: &str| match level {
        "ERROR" => Some("bad"),
        "WARN" => Some("warn"),
        _ => None,
    };
    html! {
        @if invocation.printed.is_empty() && from_answer.is_empty() { p.quiet { "no lines" } }
        @if !invocation.printed.is_empty() {
            ul.log {
                @for line in &invocation.printed {
                    li class=[class(&line.level)] { span.quiet { (times.short(line.at)) " " } (line.level) " " (line.text) }
                }
            }
        } @else {
            ul.log { @for line in from_answer { li { (line) } } }
        }
    }
}

/// Invocations that this one's messages started, and other tries of its message.
/// The function that sent the message, while the journal remembers it.
fn sender(ring: &Ring, invocation: &Invocation) -> Option<String> {
    let parent = ring.get(invocation.started.parent.as_deref()?)?;
    Some(format!("{} / {}", parent.started.app, parent.started.function))
}

fn relatives(ring: &Ring, invocation: &Invocation) -> [(&'static str, Vec<Invocation>); 2] {
    let started = &invocation.started;
    let find = |related: &dyn Fn(&Invocation) -> bool| {
        ring.newest()
            .filter(|each| related(each))
            .take(MOST_RELATIVES)
            .cloned()
            .collect::<Vec<_>>()
    };
    let children = find(&|each| each.started.parent.as_deref() == Some(started.id.as_str()));
    let tries = match &started.message {
        Some(message) => find(&|each| each.started.message.as_ref() == Some(message) && each.started.id != started.id),
        None => Vec::new(),
    };
    [
        ("Started by its messages", children),
        ("Other tries of the same message", tries),
    ]
}

/// The text that a new run starts from.
fn body_text(invocation: &Invocation) -> &str {
    let payload = &invocation.started.payload;
    match invocation.started.trigger {
        _ if payload.binary || payload.cut => "",
        crate::journal::TriggerKind::Timer => "",
        crate::journal::TriggerKind::Http => payload.text.split_once('\n').map_or("", |(_, body)| body),
        _ => &payload.text,
    }
}
