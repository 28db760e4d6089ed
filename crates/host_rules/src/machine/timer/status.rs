use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dotnet::{DateTime, DateTimeKind, Value};
use crate::newtonsoft::{self, Reader};
use crate::schedule::Schedule;

/// What the schedule monitor keeps per timer, in the container `azure-webjobs-hosts` under
/// `timers/<host id>/Host.Functions.<Function>/status`. `None` is .NET's default time, the start of the year 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimerStatus {
    /// The last run.
    pub last: Option<Timestamp>,
    /// The next run; `None` also when the schedule never occurs again.
    pub next: Option<Timestamp>,
    /// The time from which `next` was computed.
    pub last_updated: Option<Timestamp>,
}

/// What a stored status says at the start of the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastDue {
    /// The status to be stored, when it changes.
    pub updated: Option<TimerStatus>,
    /// The status as it stands afterwards.
    pub status: TimerStatus,
    /// Whether a run was missed.
    pub is_past_due: bool,
}

impl TimerStatus {
    /// Reads a stored document; `None` when it is none.
    pub fn parse(text: &str, zone: &TimeZone) -> Option<Self> {
        let document = Reader::new(text, zone).read_document().ok()?;
        let moment = |name| match document.member_ignoring_case(name) {
            Some(Value::DateTime(time)) => to_timestamp(*time, zone),
            _ => None,
        };
        Some(Self {
            last: moment("Last"),
            next: moment("Next"),
            last_updated: moment("LastUpdated"),
        })
    }

    /// The document as stored, and as the function sees it: local times with offset.
    pub fn to_value(&self, zone: &TimeZone) -> Value {
        let local = |moment: Option<Timestamp>| Value::DateTime(from_timestamp(moment, zone));
        Value::Object(vec![
            ("Last".to_owned(), local(self.last)),
            ("Next".to_owned(), local(self.next)),
            ("LastUpdated".to_owned(), local(self.last_updated)),
        ])
    }

    /// The text that is stored.
    pub fn to_json(&self, zone: &TimeZone) -> String {
        newtonsoft::compact(&self.to_value(zone), zone)
    }
}

fn to_timestamp(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let moment = match time.kind {
        DateTimeKind::Utc => TimeZone::UTC.to_timestamp(time.wall).ok()?,
        DateTimeKind::Local | DateTimeKind::Unspecified => zone.to_timestamp(time.wall).ok()?,
    };
    let in_use = (2..9999).contains(&TimeZone::UTC.to_datetime(moment).year());
    in_use.then_some(moment)
}

fn from_timestamp(moment: Option<Timestamp>, zone: &TimeZone) -> DateTime {
    let moment = moment.unwrap_or_else(|| {
        let start = jiff::civil::date(1, 1, 1).at(0, 0, 0, 0);
        TimeZone::UTC.to_timestamp(start).unwrap_or(Timestamp::MIN)
    });
    DateTime::local(moment, zone)
}

/// `ScheduleMonitor.CheckPastDueAsync`: a schedule that differs from the stored one is recalculated and never past due.
pub fn check_past_due(stored: Option<TimerStatus>, schedule: &Schedule, now: Timestamp, zone: &TimeZone) -> PastDue {
    let Some(stored) = stored else {
        let status = TimerStatus {
            last: None,
            next: schedule.next_after(now, zone),
            last_updated: Some(now),
        };
        return PastDue {
            updated: Some(status),
            status,
            is_past_due: false,
        };
    };
    let mut computed_from = stored.last.or(stored.last_updated).unwrap_or(now);
    let mut expected = schedule.next_after(computed_from, zone);
    let mut status = stored;
    let mut updated = None;
    if stored.next != expected {
        if expected.is_some_and(|expected| now > expected) {
            computed_from = now;
            expected = schedule.next_after(now, zone);
        }
        status = TimerStatus {
            last: None,
            next: expected,
            last_updated: Some(computed_from),
        };
        updated = Some(status);
    }
    PastDue {
        updated,
        status,
        is_past_due: status.next.is_some_and(|next| now > next),
    }
}
