//! Messages that no function could handle: why, and back with them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::{answer, parts, times};
use crate::dashboard::page::{Tab, Times, count};
use crate::dashboard::text;
use crate::host::Host;
use crate::queues::{self, PeekedMessage, QueueName};

pub(in super::super) async fn poison(State(host): State<Arc<Host>>) -> Response {
    let mut shown = Vec::new();
    for state in queues::all(&host).await {
        let waiting = matches!(state.count, Ok(Some(number)) if number > 0);
        if waiting && state.name.queue.ends_with("-poison") {
            let messages = queues::peek(&host, &state.name).await.unwrap_or_default();
            shown.push((state.name, state.count.ok().flatten().unwrap_or_default(), messages));
        }
    }
    let times = times(&host);
    let content = html! {
        h1 { "Poison messages" }
        p.lead { "Messages that were put aside after too many failed tries, or because their content is unusable. "
            "Replay puts the same bytes back into the queue they came from." }
        div id="poison" data-live="queues" {
            @if shown.is_empty() { section.card { p.empty { "None. Every message could be handled." } } }
            @for (name, number, messages) in &shown { (card(&host, name, *number, messages, &times)) }
        }
    };
    answer(Tab::Poison, "Poison messages", &content)
}

fn card(host: &Host, name: &QueueName, number: u64, messages: &[PeekedMessage], times: &Times) -> Markup {
    html! {
        section.card {
            div.head {
                h2 { a href=(parts::queue_address(name)) { (name.queue) } }
                span.pill.bad { (count(number)) }
                span.side {
                    form.inline method="post" action="/actions/replay-all" data-confirm="Replay all messages of this queue?" {
                        (parts::queue_fields(name, "/poison"))
                        button type="submit" id={ "replay-all-" (name.queue) } { "Replay all" }
                    }
                }
            }
            @if messages.is_empty() { p.empty { "They are hidden at the moment." } }
            @for message in messages {
                div.body { (entry(host, name, message, times)) }
            }
        }
    }
}

fn entry(host: &Host, name: &QueueName, message: &PeekedMessage, times: &Times) -> Markup {
    let (told, sender) = host.journal.look(|ring| {
        (
            ring.poisoned(&message.id).cloned(),
            ring.sender(&message.id).map(str::to_owned),
        )
    });
    let reason = message
        .reason
        .clone()
        .or_else(|| told.as_ref().map(|told| told.reason.clone()));
    let invocation = told.as_ref().and_then(|told| told.invocation.clone()).or(sender);
    let original = message
        .original
        .clone()
        .or_else(|| told.as_ref().map(|told| told.original.id.clone()));
    html! {
        div.notice { (reason.unwrap_or_else(|| "The reason is not remembered.".to_owned())) }
        dl.facts {
            @if let Some(put) = message.inserted { div { dt { "Put aside" } dd { (times.short(put)) " " span.quiet { (times.relative(put)) } } } }
            @if let Some(told) = &told { div { dt { "Tries" } dd { (told.attempts) } } }
            @if let Some(original) = original { div { dt { "Original message" } dd.mono { (original) } } }
            @if let Some(invocation) = invocation {
                div { dt { "Last run" } dd { a.mono href={ "/invocations/" (invocation) } { (text::beginning(&invocation, 8)) } } }
            }
        }
        p {}
        details id={ "poison-" (message.id) } { summary { (text::beginning(&message.content.text, 110)) } (text::block(&message.content)) }
        p {}
        form.inline method="post" action="/actions/replay" {
            (parts::queue_fields(name, "/poison"))
            input type="hidden" name="message" value=(message.id);
            button.strong type="submit" id={ "replay-" (message.id) } { "Replay" }
        }
        " "
        form.inline method="post" action="/actions/drop" data-confirm="Delete this message for good?" {
            (parts::queue_fields(name, "/poison"))
            input type="hidden" name="message" value=(message.id);
            button.danger type="submit" id={ "drop-" (message.id) } { "Delete" }
        }
    }
}
