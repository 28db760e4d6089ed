//! Timer schedules: checked where they are declared, written into the settings.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use functions_protocol::TimeSpan;

/// When a timer function runs: the name of an app setting, and the value that it has unless someone changes it.
///
/// function.json carries `%NAME%`, so a schedule can be changed in Azure without a deployment. The value has six
/// fields (second, minute, hour, day of month, month, day of week) or is a time span (`00:05:00`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub(crate) setting: &'static str,
    pub(crate) default: &'static str,
    pub(crate) description: &'static str,
    pub(crate) run_on_startup: bool,
    pub(crate) use_monitor: bool,
}

impl Schedule {
    /// The schedule in the setting `setting`, with its default. A default that is no schedule is reported with the
    /// app's other declaration errors, so by its first test or start.
    pub const fn setting(setting: &'static str, default: &'static str) -> Self {
        Self {
            setting,
            default,
            description: "",
            run_on_startup: false,
            use_monitor: true,
        }
    }

    /// Text for the settings table.
    #[must_use]
    pub const fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Also runs at each start of the host. In Azure that is every scale-out and every restart: for development only.
    #[must_use]
    pub const fn run_on_startup(self) -> Self {
        Self {
            run_on_startup: true,
            ..self
        }
    }

    /// Forgets missed occurrences: without the monitor the host does not run a timer that was due while it was down.
    #[must_use]
    pub const fn without_monitor(self) -> Self {
        Self {
            use_monitor: false,
            ..self
        }
    }
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Neither six fields nor a time span.
    #[error(
        "has {fields} fields; a schedule has six (second minute hour day month weekday), or is a time span like 00:05:00"
    )]
    Shape {
        /// Fields found, separated by blanks.
        fields: usize,
    },
    /// One field cannot be read.
    #[error("{field} \"{text}\": {problem}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// The field as written.
        text: String,
        /// What is wrong.
        problem: &'static str,
    },
}

struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: [Field; 6] = [
    Field {
        name: "second",
        first: 0,
        last: 59,
        names: &[],
    },
    Field {
        name: "minute",
        first: 0,
        last: 59,
        names: &[],
    },
    Field {
        name: "hour",
        first: 0,
        last: 23,
        names: &[],
    },
    Field {
        name: "day",
        first: 1,
        last: 31,
        names: &[],
    },
    Field {
        name: "month",
        first: 1,
        last: 12,
        names: MONTHS,
    },
    Field {
        name: "weekday",
        first: 0,
        last: 6,
        names: WEEKDAYS,
    },
];

/// Checks a schedule more strictly than the host does: it refuses what the host accepts but reads in a way that
/// nobody expects (five fields, reversed ranges, `*/0`, names cut to a prefix, `5` as five days).
///
/// # Errors
/// The first field that is wrong, or the wrong shape.
pub fn check_schedule(text: &str) -> Result<(), ScheduleError> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    if let [span] = fields[..] {
        return check_time_span(span);
    }
    if fields.len() != FIELDS.len() || text.contains(['\t', '\n', '\r']) {
        return Err(ScheduleError::Shape { fields: fields.len() });
    }
    for (field, text) in FIELDS.iter().zip(fields) {
        for part in text.split(',') {
            check_part(field, part).map_err(|problem| ScheduleError::Field {
                field: field.name,
                text: text.to_owned(),
                problem,
            })?;
        }
    }
    Ok(())
}

fn check_part(field: &Field, part: &str) -> Result<(), &'static str> {
    let (range, step) = part
        .split_once('/')
        .map_or((part, None), |(range, step)| (range, Some(step)));
    if let Some(step) = step
        && number(step).is_none_or(|step| step == 0 || step > field.last)
    {
        return Err("a step is a number from 1 to the field's last value");
    }
    if range == "*" {
        return Ok(());
    }
    let (first, last) = range
        .split_once('-')
        .map_or((range, None), |(first, last)| (first, Some(last)));
    let first = value(field, first)?;
    match last.map(|last| value(field, last)).transpose()? {
        Some(last) if last < first => Err("a range must not be reversed"),
        _ => Ok(()),
    }
}

fn value(field: &Field, text: &str) -> Result<u32, &'static str> {
    let named = || field.names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let value = match number(text) {
        Some(value) => value,
        None => {
            named()
                .and_then(|index| u32::try_from(index).ok())
                .ok_or("not a value of this field")?
                + field.first
        }
    };
    if (field.first..=field.last).contains(&value) {
        Ok(value)
    } else {
        Err("out of range")
    }
}

/// True if more than `limit` (at most an hour) can lie between two occurrences of a valid schedule.
pub(crate) fn can_pause_longer_than(schedule: &str, limit: Duration) -> bool {
    let fields: Vec<&str> = schedule.split_ascii_whitespace().collect();
    let [_, minute, hour, day, month, weekday] = fields[..] else {
        return schedule
            .trim()
            .parse::<TimeSpan>()
            .is_ok_and(|span| span.duration() > limit);
    };
    let is_every = |(field, text): (&Field, &str)| values(field, text).len() == (field.last - field.first + 1) as usize;
    if !FIELDS[2..].iter().zip([hour, day, month, weekday]).all(is_every) {
        return true;
    }
    let minutes = values(&FIELDS[1], minute);
    let next = minutes
        .iter()
        .skip(1)
        .copied()
        .chain(minutes.first().map(|first| first + 60));
    let longest = minutes.iter().zip(next).map(|(from, to)| to - from).max().unwrap_or(60);
    Duration::from_secs(u64::from(longest) * 60) > limit
}

/// The values that a valid field stands for.
fn values(field: &Field, text: &str) -> BTreeSet<u32> {
    let part = |part: &str| {
        let (range, step) = part
            .split_once('/')
            .map_or((part, 1), |(range, step)| (range, number(step).unwrap_or(1)));
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (value(field, first), value(field, last)),
            None if range == "*" => (Ok(field.first), Ok(field.last)),
            // A step after a single value runs to the end of the field.
            None if part.contains('/') => (value(field, range), Ok(field.last)),
            None => (value(field, range), value(field, range)),
        };
        let range = first.unwrap_or(field.first)..=last.unwrap_or(field.first);
        range.step_by(step.max(1) as usize).collect::<Vec<u32>>()
    };
    text.split(',').flat_map(part).collect()
}

/// `[d.]hh:mm:ss`, positive. The host also reads other forms, in surprising ways: `5` is five days.
fn check_time_span(text: &str) -> Result<(), ScheduleError> {
    let problem = |problem| ScheduleError::Field {
        field: "time span",
        text: text.to_owned(),
        problem,
    };
    let (days, time) = text
        .split_once('.')
        .map_or((Some(0), text), |(days, time)| (number(days), time));
    let parts: Vec<Option<u32>> = time
        .split(':')
        .map(|part| number(part).filter(|_| part.len() == 2))
        .collect();
    let (Some(days), [Some(hours), Some(minutes), Some(seconds)]) = (days, &parts[..]) else {
        return if text.contains(':') {
            Err(problem("write it as hh:mm:ss"))
        } else {
            Err(ScheduleError::Shape { fields: 1 })
        };
    };
    if *hours > 23 || *minutes > 59 || *seconds > 59 || days > 366 {
        return Err(problem("out of range"));
    }
    if days + hours + minutes + seconds == 0 {
        return Err(problem("must be longer than zero"));
    }
    Ok(())
}

fn number(text: &str) -> Option<u32> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}%", self.setting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_fields_and_time_spans_are_schedules() {
        for text in [
            "0 */3 * * * *",
            "0 0 6-18/2 * jan,Jul MON-FRI",
            "30 0,15 0 1 1 0",
            "00:05:00",
            "1.00:00:00",
        ] {
            assert_eq!(check_schedule(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_the_host_reads_in_a_surprising_way_is_refused() {
        for text in [
            "",
            "5",
            "*/5 * * * *",
            "0 */0 * * * *",
            "0 22-2 * * * *",
            "0 0 0 * * 7",
            "0 0 0 * M *",
            "60 * * * * *",
            "0 0 0 ? * *",
            "24:00:00",
            "00:00:00",
            "0:5:0",
            "0 0 0 32 * *",
            "0\t* * * * *",
            "0 0 0 L * *",
            "@daily",
        ] {
            assert!(check_schedule(text).is_err(), "{text}");
        }
        assert_eq!(
            check_schedule("0 22-2 * * * *").unwrap_err().to_string(),
            r#"minute "22-2": a range must not be reversed"#
        );
    }

    #[test]
    fn the_longest_pause_of_a_schedule_is_known() {
        let limit = Duration::from_secs(600);
        for text in [
            "0 */3 * * * *",
            "0 5/10 * * * *",
            "* * * * * *",
            "0 */10 0-23 * * *",
            "00:10:00",
        ] {
            assert!(!can_pause_longer_than(text, limit), "{text}");
        }
        for text in [
            "0 0 * * * *",
            "0 0-10,30 * * * *",
            "0 */3 6-18 * * *",
            "0 */3 * * * MON-FRI",
            "00:10:01",
            "1.00:00:00",
        ] {
            assert!(can_pause_longer_than(text, limit), "{text}");
        }
    }

    #[test]
    fn whatever_is_accepted_here_the_host_accepts_too() {
        let cases: serde_json::Value =
            serde_json::from_str(include_str!("../../functions_protocol/fixtures/ncrontab.json")).unwrap();
        let mut accepted = 0;
        for case in cases.as_array().unwrap() {
            let expression = case["expression"].as_str().unwrap();
            if check_schedule(expression).is_ok() {
                accepted += 1;
                assert_eq!(case["accepted"], true, "{expression}");
            }
        }
        assert!(accepted > 20, "{accepted}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_accepted_or_refused(text in ".{0,60}") {
            let _ = check_schedule(&text);
        }
    }
}
