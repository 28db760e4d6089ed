//! Readiness: what the supervisor makes of the captured probes.

use host_rules::machine::handler::{HandlerEffect, HandlerEvent, HandlerSupervisor};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::agreement::{all_agree, equal};
use crate::case::{cases, name, text};

/// Plays a case: when does something accept connections, if ever?
fn conclude(case: &Json) -> &'static str {
    let seconds: i64 = text(case, "/initializationTimeout")
        .trim_end_matches(" s")
        .parse()
        .unwrap();
    let refuses = |now: Timestamp| match case.get("listener").and_then(Json::as_str) {
        Some("starts after 400 ms") => now < "2026-11-21T00:00:00.4Z".parse().unwrap(),
        Some(_) => true,
        // A redirect to a port where nobody listens is a connection refused, too.
        None => name(case) == "redirect_to_dead_port",
    };
    let answers = name(case) != "accepts_but_never_answers";
    let mut supervisor = HandlerSupervisor::new(SignedDuration::from_secs(seconds));
    let mut now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let mut effects = supervisor.step(now, HandlerEvent::Start);
    let mut probes = 0;
    for _ in 0..1000 {
        if effects.contains(&HandlerEffect::Ready) {
            return "ready";
        }
        if effects.contains(&HandlerEffect::Kill) {
            let waiting_lines = case["waitingLogLines"].as_u64();
            assert!(
                waiting_lines.is_none_or(|lines| probes == lines),
                "{probes} probes, {waiting_lines:?} captured"
            );
            return "not ready";
        }
        if effects.contains(&HandlerEffect::Probe) {
            probes += 1;
            if refuses(now) {
                effects = supervisor.step(now, HandlerEvent::Probed { answered: false });
                continue;
            }
            if answers {
                effects = supervisor.step(now, HandlerEvent::Probed { answered: true });
                continue;
            }
        }
        let Some(deadline) = supervisor.next_deadline() else {
            return "no result within 6 s";
        };
        now = deadline;
        effects = supervisor.step(now, HandlerEvent::Tick);
    }
    panic!("no end in {}", name(case))
}

#[test]
fn readiness_is_concluded_as_captured() {
    let file = "host/readiness.json";
    all_agree(
        file,
        &cases(file),
        |case| name(case).to_owned(),
        |case| equal("readiness", &conclude(case), &text(case, "/concluded")),
    );
}
