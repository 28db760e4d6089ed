//! Timers with their next runs.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::html;

use super::{answer, parts, times};
use crate::app::Trigger;
use crate::dashboard::page::Tab;
use crate::host::Host;

const NEXT_RUNS: usize = 5;

pub(in super::super) async fn timers(State(host): State<Arc<Host>>) -> Response {
    let times = times(&host);
    let mut rows = Vec::new();
    for app in &host.apps {
        for function in &app.app.functions {
            let Trigger::Timer { text, schedule, .. } = &function.trigger else {
                continue;
            };
            let mut next = Vec::new();
            let mut from = host.clock.now();
            while next.len() < NEXT_RUNS
                && let Some(moment) = schedule.next_after(from, &host.zone)
            {
                next.push(moment);
                from = moment;
            }
            rows.push((app, function, text, next, app.timer_state(&function.name)));
        }
    }
    let content = html! {
        h1 { "Timers" }
        p.lead { "Schedules in this machine's time zone, as the host reads them (in Azure: UTC unless set otherwise)." }
        section.card id="timers" data-live="timers" {
            @if rows.is_empty() { p.empty { "No function is triggered by a timer." } }
            @else {
                div.scroll { table {
                    thead { tr { th { "Function" } th { "Schedule" } th { "State" } th { "Next five" } th {} } }
                    tbody {
                        @for (app, function, text, next, state) in &rows {
                            tr {
                                td { a href={ "/functions/" (app.app.name) "/" (function.name) } { (app.app.name) " / " (function.name) } }
                                td.tight { code { (text) } }
                                td.tight {
                                    @if state.running { span.pill.busy { "running" } }
                                    @else if function.disabled { span.pill.warn { "disabled" } }
                                    @else if state.elsewhere { span.pill.warn { "another host fires it" } }
                                    @else if let Some(moment) = state.next { span.pill { (times.relative(moment)) } }
                                    @else { span.pill.warn { "paused" } }
                                    @if let Some(last) = state.last { br; span.quiet { "last " (times.short(last)) } }
                                }
                                td { @for moment in next { div { (times.short(*moment)) } } }
                                td.tight { (parts::run_button(app, function, "timers")) }
                            }
                        }
                    }
                } }
            }
        }
    };
    answer(Tab::Timers, "Timers", &content)
}
