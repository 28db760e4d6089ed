//! Apps with their state, functions and recent work.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;
use maud::{Markup, html};

use super::{answer, parts, times};
use crate::dashboard::page::{Tab, Times, count};
use crate::host::{Host, RunningApp};
use crate::journal::{Outcome, Ring};
use crate::supervisor::HandlerState;

/// Bars of the small diagram: one a minute.
const BARS: usize = 22;

pub(in super::super) async fn overview(State(host): State<Arc<Host>>) -> Response {
    let times = times(&host);
    let content = html! {
        h1 { "Overview" }
        p.lead { "The function apps of this workspace, run by the rules of the Azure Functions host." }
        div id="tiles" data-live="apps invocations" { (tiles(&host)) }
        div id="apps" data-live="apps invocations timers" {
            @for app in &host.apps { (card(&host, app, &times)) }
        }
        section.card id="recent" data-live="invocations" {
            div.head { h2 { "Latest invocations" } span.side { a href="/invocations" { "all" } } }
            @let recent = host.journal.look(|ring| ring.newest().take(8).cloned().collect::<Vec<_>>());
            @if recent.is_empty() { p.empty { "Nothing has run yet." } }
            @else {
                div.scroll { table { (parts::invocation_head()) tbody { (parts::invocation_rows(recent.iter(), &times)) } } }
            }
        }
    };
    answer(Tab::Overview, "Overview", &content)
}

fn tiles(host: &Host) -> Markup {
    let ready = host
        .apps
        .iter()
        .filter(|app| matches!(app.handler.state(), HandlerState::Ready { .. }))
        .count();
    let since = host
        .clock
        .now()
        .checked_sub(SignedDuration::from_mins(5))
        .unwrap_or(jiff::Timestamp::MIN);
    let (mut ran, mut failed, mut running) = (0_u64, 0_u64, 0_u64);
    host.journal.look(|ring| {
        for invocation in ring.newest().take_while(|invocation| invocation.started.at >= since) {
            ran += 1;
            match invocation.finished.as_ref().map(|finished| finished.outcome) {
                Some(Outcome::Failed) => failed += 1,
                None => running += 1,
                Some(Outcome::Succeeded) => {}
            }
        }
    });
    let tile = |figure: String, name: &str| html! { div.tile { div.figure { (figure) } div.name { (name) } } };
    html! {
        div.tiles {
            (tile(format!("{ready} of {}", host.apps.len()), "apps ready"))
            (tile(count(ran), "invocations in the last 5 minutes"))
            (tile(count(failed), "of them failed"))
            (tile(count(running), "running now"))
        }
    }
}

fn card(host: &Host, app: &RunningApp, times: &Times) -> Markup {
    html! {
        section.card {
            div.head {
                h2 { (app.app.name) }
                (parts::state(app))
                span.side { a href=(app.address()) rel="noreferrer" { "localhost:" (app.front_port) } }
            }
            @if let HandlerState::Down { reason } = app.handler.state() {
                div.body { div.notice {
                    b { "This app is down: its queues and timers wait, HTTP callers get 503." }
                    pre { (host.redactor.redact(&reason)) }
                    form.inline method="post" action="/actions/restart" {
                        input type="hidden" name="app" value=(app.app.name);
                        button type="submit" id={ "restart-" (app.app.name) } { "Start again" }
                    }
                } }
            }
            @for problem in &app.app.problems {
                div.body { div.notice { b { (problem.function) " cannot run: " } (problem.reason) } }
            }
            div.scroll { table {
                thead { tr { th { "Function" } th { "Trigger" } th { "URL, queue or next run" } th { "Last minutes" } th {} } }
                tbody {
                    @for function in &app.app.functions {
                        tr {
                            td.tight {
                                a href={ "/functions/" (app.app.name) "/" (function.name) } { (function.name) }
                                @if function.disabled { " " span.pill.warn { "disabled" } }
                            }
                            td.tight { (function.trigger.word()) }
                            td { (parts::place(app, function, times)) }
                            td.tight { (host.journal.look(|ring| spark(host, ring, &app.app.name, &function.name))) }
                            td.tight { (parts::run_button(app, function, "overview")) }
                        }
                    }
                }
            } }
        }
    }
}

/// Invocations per minute; failed ones in another colour.
fn spark(host: &Host, ring: &Ring, app: &str, function: &str) -> Markup {
    let now = host.clock.now();
    let (mut all, mut failed) = ([0_u32; BARS], [0_u32; BARS]);
    for invocation in ring.newest() {
        let age = now.duration_since(invocation.started.at).as_secs() / 60;
        let Some(bar) = usize::try_from(age).ok().filter(|age| *age < BARS) else {
            break;
        };
        if invocation.started.app == app && invocation.started.function == function {
            all[BARS - 1 - bar] += 1;
            if invocation
                .finished
                .as_ref()
                .is_some_and(|finished| finished.outcome == Outcome::Failed)
            {
                failed[BARS - 1 - bar] += 1;
            }
        }
    }
    let most = all.iter().copied().max().unwrap_or_default().max(1);
    let total: u32 = all.iter().sum();
    let height = |count: u32| (f64::from(count) / f64::from(most) * 26.0).ceil();
    html! {
        svg.spark viewBox="0 0 132 28" role="img" aria-label={ (total) " invocations in the last " (BARS) " minutes" } {
            @for bar in 0..BARS {
                @let (x, tall, low) = (bar * 6, height(all[bar]), height(failed[bar]));
                @if all[bar] > 0 { rect x=(x) y=(28.0 - tall) width="4" height=(tall) rx="1" {} }
                @if failed[bar] > 0 { rect.bad x=(x) y=(28.0 - low) width="4" height=(low) rx="1" {} }
            }
        }
    }
}
