//! The pages.

mod function;
mod invocation;
mod invocations;
mod overview;
mod parts;
mod poison;
mod queue;
mod queues;
mod timers;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};

pub(super) use function::function;
pub(super) use invocation::invocation;
pub(super) use invocations::invocations;
pub(super) use overview::overview;
pub(super) use poison::poison;
pub(super) use queue::queue;
pub(super) use queues::queues;
pub(super) use timers::timers;

use super::page::{Tab, Times, page};
use crate::host::Host;

fn answer(tab: Tab, title: &str, content: &Markup) -> Response {
    Html(page(tab, title, content).into_string()).into_response()
}

fn not_found(tab: Tab, what: &str) -> Response {
    let content = html! { h1 { "Not found" } p.lead { (what) } };
    (
        StatusCode::NOT_FOUND,
        Html(page(tab, "Not found", &content).into_string()),
    )
        .into_response()
}

fn times(host: &Arc<Host>) -> Times {
    Times::new(host.zone.clone(), host.clock.now())
}
