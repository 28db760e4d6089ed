use std::fmt;

use jiff::civil::{Date, DateTime, Time};

use super::field::{Field, FieldError, FieldKind};

/// An NCrontab expression: five fields (minutes first) or six (seconds first).
///
/// Day of month and day of week must both match. An impossible date is a valid expression that never occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronExpression {
    with_seconds: bool,
    second: Field,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    day_of_week: Field,
}

/// Why a text is no NCrontab expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Neither five nor six fields separated by blanks (tabs do not separate).
    #[error("'{0}' is an invalid crontab expression: it must contain 5 or 6 components")]
    FieldCount(String),
    /// A field is wrong.
    #[error("field {kind} of the crontab expression is invalid")]
    Field {
        /// Which field.
        kind: FieldKind,
        /// What is wrong with it.
        #[source]
        source: FieldError,
    },
}

const KINDS: [FieldKind; 6] = [
    FieldKind::Second,
    FieldKind::Minute,
    FieldKind::Hour,
    FieldKind::Day,
    FieldKind::Month,
    FieldKind::DayOfWeek,
];

impl CronExpression {
    /// Reads an expression.
    pub fn parse(expression: &str) -> Result<Self, CronError> {
        let components: Vec<&str> = expression
            .split(' ')
            .filter(|component| !component.is_empty())
            .collect();
        let with_seconds = match components.len() {
            5 => false,
            6 => true,
            _ => return Err(CronError::FieldCount(expression.to_owned())),
        };
        let kinds = if with_seconds { &KINDS[..] } else { &KINDS[1..] };
        let mut fields = Vec::with_capacity(6);
        if !with_seconds {
            fields.push(Field::only(FieldKind::Second, 0));
        }
        for (kind, component) in kinds.iter().zip(components) {
            fields.push(Field::parse(*kind, component).map_err(|source| CronError::Field { kind: *kind, source })?);
        }
        Ok(Self {
            with_seconds,
            second: fields[0],
            minute: fields[1],
            hour: fields[2],
            day: fields[3],
            month: fields[4],
            day_of_week: fields[5],
        })
    }

    /// Whether the expression has a field for seconds.
    pub fn has_seconds(&self) -> bool {
        self.with_seconds
    }

    /// Whether seconds, minutes or hours hold a wildcard or a range after steps are written out: such schedules run in both
    /// passes of an hour that a zone repeats.
    pub fn is_interval(&self) -> bool {
        (self.with_seconds && self.second.is_open()) || self.minute.is_open() || self.hour.is_open()
    }

    /// The first matching time after `base` on a clock that never jumps. Fractions of a second do not count.
    pub(super) fn next_after(&self, base: DateTime) -> Option<DateTime> {
        // The calendar repeats after 400 years: a date not found by then never comes.
        const CALENDAR_CYCLE_YEARS: i16 = 400;
        let mut date = base.date();
        if self.matches_date(date)
            && let Some(time) = self.next_time_after(base.time())
        {
            return Some(date.to_datetime(time));
        }
        let first = Time::new(self.hour.first(), self.minute.first(), self.second.first(), 0).ok()?;
        let last_year = base.year().saturating_add(CALENDAR_CYCLE_YEARS);
        loop {
            date = date.tomorrow().ok()?;
            if date.year() > last_year {
                return None;
            }
            if !self.month.contains(date.month()) {
                date = date.last_of_month();
                continue;
            }
            if self.matches_date(date) {
                return Some(date.to_datetime(first));
            }
        }
    }

    fn matches_date(&self, date: Date) -> bool {
        self.month.contains(date.month())
            && self.day.contains(date.day())
            && self.day_of_week.contains(date.weekday().to_sunday_zero_offset())
    }

    /// The next time of the same day. As in NCrontab 3.3.2, seconds start over only when they have run out: after
    /// 12:34:56, `* */5 * * * *` comes at 12:35:57.
    fn next_time_after(&self, base: Time) -> Option<Time> {
        let (mut minute, mut hour) = (base.minute(), base.hour());
        let second = self.second.first_from(base.second() + 1).unwrap_or_else(|| {
            minute += 1;
            self.second.first()
        });
        let mut minute = self.minute.first_from(minute).unwrap_or_else(|| {
            hour += 1;
            self.minute.first()
        });
        let hour = self.hour.first_from(hour)?;
        if hour > base.hour() {
            minute = self.minute.first();
        }
        Time::new(hour, minute, second, 0).ok()
    }
}

impl fmt::Display for CronExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.with_seconds {
            write!(f, "{} ", self.second)?;
        }
        write!(
            f,
            "{} {} {} {} {}",
            self.minute, self.hour, self.day, self.month, self.day_of_week
        )
    }
}
