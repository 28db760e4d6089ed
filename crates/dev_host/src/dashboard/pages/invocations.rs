//! What ran, newest first, with filters.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use maud::html;
use serde::Deserialize;

use super::{answer, parts, times};
use crate::dashboard::page::{Tab, count};
use crate::host::Host;
use crate::journal::{Invocation, Outcome};

const SHOWN: usize = 200;

/// What the page is narrowed to. Empty means all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Filter {
    app: String,
    function: String,
    outcome: String,
}

impl Filter {
    fn accepts(&self, invocation: &Invocation) -> bool {
        let outcome = match invocation.finished.as_ref().map(|finished| finished.outcome) {
            None => "running",
            Some(Outcome::Succeeded) => "succeeded",
            Some(Outcome::Failed) => "failed",
        };
        let is = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        is(&self.app, &invocation.started.app)
            && is(&self.function, &invocation.started.function)
            && is(&self.outcome, outcome)
    }
}

pub(in super::super) async fn invocations(State(host): State<Arc<Host>>, Query(filter): Query<Filter>) -> Response {
    let times = times(&host);
    let (found, total) = host.journal.look(|ring| {
        let found: Vec<Invocation> = ring
            .newest()
            .filter(|each| filter.accepts(each))
            .take(SHOWN)
            .cloned()
            .collect();
        let total = ring.newest().filter(|each| filter.accepts(each)).count() as u64;
        (found, total)
    });
    let mut functions: Vec<&str> = host
        .apps
        .iter()
        .flat_map(|app| &app.app.functions)
        .map(|function| function.name.as_str())
        .collect();
    functions.sort_unstable();
    functions.dedup();
    let select = |name: &str, label: &str, chosen: &str, choices: &[&str]| {
        html! {
            label { (label)
                select name=(name) {
                    option value="" selected[chosen.is_empty()] { "all" }
                    @for choice in choices { option value=(choice) selected[*choice == chosen] { (choice) } }
                }
            }
        }
    };
    let apps: Vec<&str> = host.apps.iter().map(|app| app.app.name.as_str()).collect();
    let content = html! {
        h1 { "Invocations" }
        p.lead { "Every run of a function, with what went in and what came out. The journal lies in target/dev/journal." }
        form.filters method="get" action="/invocations" {
            (select("app", "App", &filter.app, &apps))
            (select("function", "Function", &filter.function, &functions))
            (select("outcome", "Outcome", &filter.outcome, &["succeeded", "failed", "running"]))
            noscript { button type="submit" { "Filter" } }
        }
        section.card id="invocations" data-live="invocations" {
            div.head { h2 { "Newest first" } span.side { (count(total)) " remembered" @if total > SHOWN as u64 { ", the newest " (SHOWN) " shown" } } }
            @if found.is_empty() { p.empty { "No invocation matches." } }
            @else {
                div.scroll { table { (parts::invocation_head()) tbody { (parts::invocation_rows(found.iter(), &times)) } } }
            }
        }
    };
    answer(Tab::Invocations, "Invocations", &content)
}
