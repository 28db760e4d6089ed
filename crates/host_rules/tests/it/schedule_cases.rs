//! Schedules: every captured expression and every captured clock change.

use host_rules::schedule::{Schedule, ScheduleError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::agreement::{all_agree, equal};
use crate::case::{cases, text, zone};

fn expression(case: &Json) -> String {
    text(case, "/expression").to_owned()
}

fn resolved(case: &Json) -> String {
    // The one setting that the captured run had.
    expression(case).replace("%CRON%", "0 */5 * * * *")
}

fn wall(text: &str) -> Timestamp {
    let wall: jiff::civil::DateTime = text.parse().unwrap();
    TimeZone::UTC.to_timestamp(wall).unwrap()
}

#[test]
fn all_captured_expressions_agree() {
    all_agree("ncrontab.json", &cases("ncrontab.json"), expression, |case| {
        let accepted = case["accepted"].as_bool().unwrap();
        let schedule = match (Schedule::parse(&resolved(case)), accepted) {
            (Ok(schedule), true) => schedule,
            (Err(error), false) => return equal("kind of error", &kind(&error), &captured_kind(case)),
            (result, _) => return Err(format!("accepted is {accepted}, ours {result:?}")),
        };
        let form = case.get("normalized").and_then(Json::as_str);
        let form = form
            .or_else(|| {
                case["schedule"]
                    .as_str()
                    .map(|text| text.trim_start_matches("Constant: "))
            })
            .unwrap();
        equal("normal form", &schedule.normal_form(), &form.to_owned())?;
        if let (Schedule::Cron(cron), Some(interval)) = (&schedule, case["isInterval"].as_bool()) {
            equal("is an interval", &cron.is_interval(), &interval)?;
            equal(
                "has seconds",
                &cron.has_seconds(),
                &case["withSeconds"].as_bool().unwrap(),
            )?;
        }
        // The host looked from some moment of that night; nothing depends on which.
        let captured_at = "2026-11-21T00:18:30Z".parse().unwrap();
        let forced_off = schedule.forces_monitor_off(captured_at, &TimeZone::UTC);
        equal(
            "monitor forced off",
            &forced_off,
            &case["monitorForcedOff"].as_bool().unwrap(),
        )?;
        for start in case["occurrences"].as_array().unwrap() {
            let mut moment = wall(start["after"].as_str().unwrap());
            for next in start["next"].as_array().unwrap() {
                let expected = next.as_str().unwrap();
                let ours = schedule.next_after(moment, &TimeZone::UTC);
                if expected.starts_with("9999") {
                    equal("never", &ours, &None)?;
                    break;
                }
                equal("next", &ours, &Some(wall(expected)))?;
                moment = wall(expected);
            }
        }
        Ok(())
    });
}

fn kind(error: &ScheduleError) -> &'static str {
    match error {
        ScheduleError::Empty => "empty",
        ScheduleError::NotRecognized { .. } => "not recognized",
        ScheduleError::Overflow { .. } => "overflow",
    }
}

fn captured_kind(case: &Json) -> &'static str {
    match text(case, "/error") {
        error if error.contains("was not recognized") => "not recognized",
        error if error.contains("too large") => "overflow",
        error if error.contains("cannot be null") => "empty",
        // A missing setting fails before the schedule is read; as an expression it is none.
        error if error.contains("does not resolve") => "not recognized",
        other => panic!("{other}"),
    }
}

#[test]
fn clock_changes_agree() {
    let file = "host/timer_schedules_dst.json";
    let name = |case: &Json| {
        format!(
            "{} {} {}",
            text(case, "/zone"),
            text(case, "/expression"),
            text(case, "/after")
        )
    };
    all_agree(file, &cases(file), name, |case| {
        let zone = zone(case);
        let schedule = Schedule::parse(text(case, "/expression")).unwrap();
        let mut moment: Timestamp = text(case, "/after").parse().unwrap();
        for next in case["next"].as_array().unwrap() {
            let expected: Timestamp = next.as_str().unwrap().parse().unwrap();
            let ours = schedule.next_after(moment, &zone);
            equal(&format!("next after {moment}"), &ours, &Some(expected))?;
            moment = expected;
        }
        Ok(())
    });
}
