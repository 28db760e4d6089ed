//! One function: its declaration, a form to run it, its last runs.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;

use super::{answer, not_found, parts, times};
use crate::by_hand::example;
use crate::dashboard::page::Tab;
use crate::host::Host;
use crate::journal::Invocation;

const SHOWN: usize = 20;

pub(in super::super) async fn function(
    State(host): State<Arc<Host>>,
    Path((app, function)): Path<(String, String)>,
) -> Response {
    let Some(app) = host.app(&app) else {
        return not_found(Tab::Overview, "There is no app of this name.");
    };
    let Some(function) = app.app.function(&function) else {
        return not_found(Tab::Overview, "There is no function of this name.");
    };
    let times = times(&host);
    let own = |each: &&Invocation| each.started.app == app.app.name && each.started.function == function.name;
    let runs: Vec<Invocation> = host
        .journal
        .look(|ring| ring.newest().filter(own).take(SHOWN).cloned().collect());
    let example = example(app, function);
    let content = html! {
        h1 { (app.app.name) " / " (function.name) }
        p.lead { (function.trigger.word()) " · " (parts::place(app, function, &times)) }
        div.columns {
            section.card {
                div.head { h2 { "Run now" } span.side { "with this payload" } }
                div.body {
                    form method="post" action="/actions/run" {
                        input type="hidden" name="app" value=(app.app.name);
                        input type="hidden" name="function" value=(function.name);
                        p { textarea name="input" aria-label="Payload" spellcheck="false" { (example.as_deref().unwrap_or_default()) } }
                        @if example.is_none() {
                            p.quiet { "It has no example payload: dev/examples/" (function.name) ".json in the app's folder." }
                        }
                        button.strong type="submit" { "Run" }
                    }
                }
            }
            section.card { div.head { h2 { "function.json" } } div.body { pre tabindex="0" { (function.document) } } }
        }
        section.card id="runs" data-live="invocations" {
            div.head { h2 { "Latest runs" } span.side { a href={ "/invocations?function=" (function.name) } { "all" } } }
            @if runs.is_empty() { p.empty { "It has not run yet." } }
            @else { div.scroll { table { (parts::invocation_head()) tbody { (parts::invocation_rows(runs.iter(), &times)) } } } }
        }
    };
    answer(Tab::Overview, &function.name, &content)
}
