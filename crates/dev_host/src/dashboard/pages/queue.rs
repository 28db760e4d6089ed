//! One queue: its first visible messages.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;

use super::{answer, not_found, times};
use crate::dashboard::page::Tab;
use crate::dashboard::text;
use crate::error_chain::chain;
use crate::host::Host;
use crate::queues::{self, QueueName};

pub(in super::super) async fn queue(
    State(host): State<Arc<Host>>,
    Path((app, connection, queue)): Path<(String, String, String)>,
) -> Response {
    let name = QueueName { app, connection, queue };
    let messages = match queues::peek(&host, &name).await {
        Ok(messages) => messages,
        Err(error) => return not_found(Tab::Queues, &chain(&error)),
    };
    let times = times(&host);
    let content = html! {
        h1 { (name.queue) }
        p.lead { "The first " (queues::SHOWN) " visible messages, looked at without taking them." }
        section.card id="messages" data-live="queues" {
            @if messages.is_empty() { p.empty { "No visible message." } }
            @else {
                div.scroll { table {
                    thead { tr { th { "Put" } th { "Message" } th.number { "Received" } th { "Content" } } }
                    tbody {
                        @for message in &messages {
                            tr {
                                td.tight { @if let Some(put) = message.inserted { (times.short(put)) } }
                                td.tight.mono { (text::beginning(&message.id, 8)) }
                                td.number.tight { (message.dequeue_count) "×" }
                                td {
                                    details id={ "message-" (message.id) } {
                                        summary { (text::beginning(&message.content.text, 90)) }
                                        (text::block(&message.content))
                                    }
                                }
                            }
                        }
                    }
                } }
            }
        }
    };
    answer(Tab::Queues, &name.queue, &content)
}
