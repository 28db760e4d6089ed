//! All queues with their counts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::html;

use super::{answer, parts};
use crate::dashboard::page::{Tab, count};
use crate::host::Host;
use crate::queues;

pub(in super::super) async fn queues(State(host): State<Arc<Host>>) -> Response {
    let all = queues::all(&host).await;
    let content = html! {
        h1 { "Queues" }
        p.lead { "The storage queues that the apps read and write. A count includes messages that are being handled." }
        section.card id="queues" data-live="queues" {
            @if all.is_empty() { p.empty { "No app uses a queue." } }
            @else {
                div.scroll { table {
                    thead { tr { th { "Queue" } th.number { "Messages" } th { "Read by" } th { "Written by" } } }
                    tbody {
                        @for state in &all {
                            tr {
                                td { a href=(parts::queue_address(&state.name)) { (state.name.queue) } }
                                td.number.tight {
                                    @match &state.count {
                                        Ok(Some(number)) if *number > 0 && state.name.queue.ends_with("-poison") => span.pill.bad { (count(*number)) },
                                        Ok(Some(number)) => (count(*number)),
                                        Ok(None) => span.quiet { "not made yet" },
                                        Err(problem) => span.pill.bad title=(problem) { "unreachable" },
                                    }
                                }
                                td { (state.readers.join(", ")) }
                                td { (state.writers.join(", ")) }
                            }
                        }
                    }
                } }
            }
        }
    };
    answer(Tab::Queues, "Queues", &content)
}
