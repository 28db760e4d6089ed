//! Timer triggers, and durations as schedules have them.

use functions_protocol::{Invocation, ScheduleStatus, TimeSpan, TimerInfo};
use jiff::Timestamp;
use serde_json::Value;

/// The timer that the host held.
pub(crate) fn timer_of(held: &Value) -> TimerInfo {
    let moment = |text: &Value| -> Option<Timestamp> {
        let text = text.as_str().unwrap();
        (!text.starts_with("0001")).then(|| text.parse().unwrap())
    };
    let status = &held["ScheduleStatus"];
    TimerInfo {
        is_past_due: held["IsPastDue"].as_bool().unwrap(),
        schedule_status: (!status.is_null()).then(|| ScheduleStatus {
            last: moment(&status["Last"]),
            next: moment(&status["Next"]),
            last_updated: moment(&status["LastUpdated"]),
        }),
        adjust_for_dst: held["Schedule"]["AdjustForDST"].as_bool().unwrap(),
    }
}

#[test]
fn a_timer_without_members_is_a_plain_run() {
    let body = br#"{"Data":{"timer":{}},"Metadata":{}}"#;
    let timer = Invocation::parse(body).unwrap().timer("timer").unwrap();
    assert_eq!(
        timer,
        TimerInfo {
            is_past_due: false,
            schedule_status: None,
            adjust_for_dst: true
        }
    );
}

#[test]
fn durations_are_read_as_the_host_reads_interval_schedules() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ncrontab.json")).unwrap();
    let schedules: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut intervals = 0;
    for schedule in &schedules {
        let expression = schedule["expression"].as_str().unwrap();
        let span = expression.parse::<TimeSpan>();
        let Some(constant) = schedule["schedule"]
            .as_str()
            .and_then(|text| text.strip_prefix("Constant: "))
        else {
            assert!(span.is_err(), "{expression} is no interval");
            continue;
        };
        intervals += 1;
        // Durations here are never negative; as a schedule a negative one would run without end.
        if constant.starts_with('-') {
            assert!(span.is_err(), "{expression}");
        } else {
            assert_eq!(span.unwrap().to_string(), constant, "{expression}");
        }
    }
    assert_eq!(intervals, 9);
}
