//! The value of a timer trigger.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::value::{self, ValueError};

/// Why a timer fired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimerInfo {
    /// The occurrence was missed while the app did not run; the host makes up for it once at its start.
    pub is_past_due: bool,
    /// What the host stored about earlier runs; none where `useMonitor` is off, which the host enforces for
    /// intervals below one minute.
    pub schedule_status: Option<ScheduleStatus>,
    /// The schedule follows wall-clock time: true for cron expressions, false for constant intervals.
    pub adjust_for_dst: bool,
}

/// What the host stored about the schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleStatus {
    /// The last occurrence that ran; none before the first.
    pub last: Option<Timestamp>,
    /// The occurrence that was due next when the status was written.
    pub next: Option<Timestamp>,
    /// When the status was last corrected; none before the first run.
    pub last_updated: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Wire {
    schedule: WireSchedule,
    schedule_status: Option<WireStatus>,
    is_past_due: bool,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            schedule: WireSchedule { adjust_for_dst: true },
            schedule_status: None,
            is_past_due: false,
        }
    }
}

#[derive(Deserialize)]
struct WireSchedule {
    #[serde(rename = "AdjustForDST")]
    adjust_for_dst: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WireStatus {
    last: Option<String>,
    next: Option<String>,
    last_updated: Option<String>,
}

impl TimerInfo {
    pub(crate) fn from_raw(raw: &RawValue) -> Result<Self, ValueError> {
        let wire: Wire = value::object(raw)?;
        Ok(Self {
            is_past_due: wire.is_past_due,
            schedule_status: wire.schedule_status.map(|status| ScheduleStatus {
                last: moment(status.last),
                next: moment(status.next),
                last_updated: moment(status.last_updated),
            }),
            adjust_for_dst: wire.schedule.adjust_for_dst,
        })
    }
}

/// The host writes year 1 for "never yet", in its own zone's offset of that time; its year 9999 does not fit a
/// [`Timestamp`] and means "never again".
fn moment(text: Option<String>) -> Option<Timestamp> {
    let text = text?;
    if text.starts_with("0001-01-0") {
        return None;
    }
    text.parse().ok()
}
