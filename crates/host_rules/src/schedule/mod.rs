//! Timer schedules: NCrontab expressions with five or six fields, and constant intervals.

mod cron;
mod field;
mod occurrence;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use self::cron::{CronError, CronExpression};
pub use self::field::{FieldError, FieldKind};
use crate::dotnet::{parse_time_span, time_span_text};

/// When a timer function runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// An NCrontab expression, read on the clocks of a zone.
    Cron(CronExpression),
    /// A constant interval, counted from the last run.
    Interval(SignedDuration),
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Nothing there: the host fails on the missing value.
    #[error("the schedule is empty")]
    Empty,
    /// Neither an NCrontab expression nor a time span.
    #[error("the schedule expression '{expression}' was not recognized as a valid cron expression or timespan string")]
    NotRecognized {
        /// The text.
        expression: String,
        /// What the cron reader says about it.
        #[source]
        cause: CronError,
    },
    /// A number that does not fit 32 bits; the host reports .NET's overflow as it is.
    #[error("a number in the schedule expression '{expression}' is too large")]
    Overflow {
        /// The text.
        expression: String,
    },
}

impl Schedule {
    /// Reads a schedule in which settings are resolved already.
    pub fn parse(expression: &str) -> Result<Self, ScheduleError> {
        if expression.is_empty() {
            return Err(ScheduleError::Empty);
        }
        match CronExpression::parse(expression) {
            Ok(cron) => Ok(Self::Cron(cron)),
            Err(CronError::Field {
                source: FieldError::Overflow,
                ..
            }) => Err(ScheduleError::Overflow {
                expression: expression.to_owned(),
            }),
            Err(cause) => match parse_time_span(expression) {
                Some(interval) => Ok(Self::Interval(interval)),
                None => Err(ScheduleError::NotRecognized {
                    expression: expression.to_owned(),
                    cause,
                }),
            },
        }
    }

    /// The first occurrence after `now`; `None` when there is none before the year 10000.
    ///
    /// A cron time inside the hour that a zone skips runs once, at the shifted time. In the hour that a zone repeats,
    /// schedules that leave seconds, minutes or hours open run in both, others in the first only.
    pub fn next_after(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Cron(cron) => occurrence::next_after(cron, now, zone),
            Self::Interval(interval) => now.checked_add(*interval).ok(),
        }
    }

    /// Whether the host switches `useMonitor` off: two occurrences within the minute after `now`, or an interval below one
    /// minute.
    pub fn forces_monitor_off(&self, now: Timestamp, zone: &TimeZone) -> bool {
        const MINUTE: SignedDuration = SignedDuration::from_mins(1);
        match self {
            Self::Interval(interval) => *interval < MINUTE,
            Self::Cron(_) => {
                let second = self
                    .next_after(now, zone)
                    .and_then(|first| self.next_after(first, zone));
                second.is_some_and(|second| second.duration_since(now) < MINUTE)
            }
        }
    }

    /// Whether the trigger's `AdjustForDST` is true: cron schedules follow the clock, intervals do not.
    pub fn adjusts_for_daylight_saving(&self) -> bool {
        matches!(self, Self::Cron(_))
    }

    /// The normal form that the host prints: lists and ranges for a cron expression, `[d.]hh:mm:ss` for an interval.
    pub fn normal_form(&self) -> String {
        match self {
            Self::Cron(cron) => cron.to_string(),
            Self::Interval(interval) => time_span_text(*interval),
        }
    }
}
