//! Timers: past-due decisions, start-up behaviour, long runs.

use host_rules::machine::timer::{
    RunReason, TimerEffect, TimerEvent, TimerListener, TimerOptions, TimerStatus, check_past_due,
};
use host_rules::newtonsoft::compact;
use host_rules::schedule::Schedule;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::agreement::{all_agree, equal};
use crate::case::{canonical, cases, name, text, zone};

fn name_and_zone(case: &Json) -> String {
    format!("{} in {}", name(case), text(case, "/zone"))
}

#[test]
fn past_due_is_decided_as_captured() {
    let file = "host/timer_past_due.json";
    all_agree(file, &cases(file), name_and_zone, |case| {
        let zone = zone(case);
        let schedule = Schedule::parse(text(case, "/expression")).unwrap();
        let now: Timestamp = text(case, "/now").parse().unwrap();
        let stored = case["storedStatus"]
            .as_str()
            .map(|stored| TimerStatus::parse(stored, &zone).unwrap());
        let found = check_past_due(stored, &schedule, now, &zone);
        equal(
            "past due",
            &found.is_past_due,
            &case["concluded"]["isPastDue"].as_bool().unwrap(),
        )?;
        let by = found
            .is_past_due
            .then(|| now.duration_since(found.status.next.unwrap()));
        let by = by.map(host_rules::dotnet::time_span_text);
        equal("past due by", &by.as_deref(), &case["concluded"]["pastDueBy"].as_str())?;
        let written = found.updated.map(|status| status.to_json(&zone));
        equal(
            "status written",
            &written.as_deref(),
            &case["concluded"]["statusWritten"].as_str(),
        )
    });
}

fn listener(case: &Json, now: Timestamp) -> TimerListener {
    let flag = |name: &str, default: bool| case.get(name).and_then(Json::as_bool).unwrap_or(default);
    let options = TimerOptions {
        schedule: Schedule::parse(text(case, "/expression")).unwrap(),
        use_monitor: flag("useMonitor", true),
        run_on_startup: flag("runOnStartup", false),
        zone: case.get("zone").map_or(TimeZone::UTC, |_| zone(case)),
    };
    TimerListener::new(options, now)
}

/// The last moment in a written status, which is when the captured listener looked at the clock.
fn captured_now(case: &Json) -> Timestamp {
    let written = case["statusWritten"].as_str();
    let moment = written.and_then(|written| TimerStatus::parse(written, &zone(case)).unwrap().last_updated);
    moment.unwrap_or("2026-11-21T00:15:48.5Z".parse().unwrap())
}

#[test]
fn timers_start_as_captured() {
    let file = "host/timer_listener.json";
    all_agree(file, &cases(file), name_and_zone, |case| {
        let regular = name(case) == "regular_invocation_with_monitor";
        let mut now = if regular {
            "2026-11-21T00:15:48Z".parse().unwrap()
        } else {
            captured_now(case)
        };
        let mut listener = listener(case, now);
        if let Some(forced_off) = case.get("monitorForcedOff").and_then(Json::as_bool) {
            let monitored = case["useMonitor"].as_bool().unwrap() && !forced_off;
            equal("monitored", &listener.is_monitored(), &monitored)?;
        }
        let mut effects = listener.step(now, TimerEvent::Start);
        let mut runs = Vec::new();
        let mut written = None;
        let stored = case["storedStatus"].as_str().map(str::to_owned);
        // Frequent schedules were watched until their first run, the forced one is due at its time.
        let waits_for_first = regular || case["monitorForcedOff"].as_bool() == Some(true);
        for _ in 0..10 {
            let mut next = Vec::new();
            for effect in std::mem::take(&mut effects) {
                match effect {
                    TimerEffect::ReadStatus => {
                        next.extend(listener.step(now, TimerEvent::StatusRead { stored: stored.clone() }));
                    }
                    TimerEffect::WriteStatus { json } => written = Some(json),
                    TimerEffect::Run { timer_info, reason } => {
                        runs.push((timer_info, reason));
                        next.extend(listener.step(now, TimerEvent::RunEnded));
                    }
                }
            }
            if next.is_empty() && runs.is_empty() && waits_for_first {
                now = listener.next_deadline().unwrap();
                next = listener.step(now, TimerEvent::Tick);
            }
            effects = next;
        }
        let captured_runs = usize::try_from(case["invocations"].as_u64().unwrap()).unwrap();
        equal("runs", &runs.len(), &captured_runs)?;
        equal("status written", &written.as_deref(), &case["statusWritten"].as_str())?;
        let Some((timer_info, reason)) = runs.first() else {
            return Ok(());
        };
        let timer_info = compact(timer_info, &zone(case));
        equal(
            "timer info",
            &canonical(&timer_info),
            &canonical(text(case, "/timerInfo")),
        )?;
        let unscheduled = case["triggerDetails"]
            .get("UnscheduledInvocationReason")
            .and_then(Json::as_str);
        equal("reason", &reason.unscheduled_reason(), &unscheduled)?;
        match reason {
            RunReason::PastDue { original } => {
                let captured: Timestamp = text(case, "/triggerDetails/OriginalSchedule").parse().unwrap();
                equal("original schedule", original, &captured)
            }
            RunReason::Scheduled | RunReason::RunOnStartup => Ok(()),
        }
    });
}

#[test]
fn missed_occurrences_are_caught_up_once_as_captured() {
    let file = "host/timer_long_run.json";
    all_agree(
        file,
        &cases(file),
        |case| name(case).to_owned(),
        |case| {
            // The first captured run started on an even second.
            let start: Timestamp = "2026-11-21T00:00:10Z".parse().unwrap();
            let mut listener = listener(case, start);
            let mut now = start.checked_sub(SignedDuration::from_secs(1)).unwrap();
            let interval = !name(case).starts_with("cron");
            if interval {
                now = start.checked_sub(SignedDuration::from_secs(2)).unwrap();
            }
            assert!(listener.step(now, TimerEvent::Start).is_empty());
            let captured = case["runs"].as_array().unwrap();
            for (index, run) in captured.iter().enumerate() {
                let deadline = listener.next_deadline().unwrap();
                now = now.max(deadline);
                let effects = listener.step(now, TimerEvent::Tick);
                let [TimerEffect::Run { reason, .. }] = effects.as_slice() else {
                    return Err(format!("{effects:?}"));
                };
                equal("is past due", reason, &RunReason::Scheduled)?;
                let started = now.duration_since(start).as_secs_f64();
                equal(
                    &format!("start of run {index}"),
                    &started,
                    &run["start"].as_f64().unwrap(),
                )?;
                let took = run["end"].as_f64().unwrap() - run["start"].as_f64().unwrap();
                now += SignedDuration::from_secs_f64(took);
                assert!(listener.step(now, TimerEvent::RunEnded).is_empty());
            }
            Ok(())
        },
    );
}
