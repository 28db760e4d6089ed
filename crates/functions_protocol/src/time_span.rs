//! Durations in the text form of .NET's `TimeSpan`, as host.json and function.json have them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};
use thiserror::Error;

const SECONDS_PER_DAY: u64 = 86_400;
/// The host's own resolution.
const NANOSECONDS_PER_TICK: u32 = 100;

/// A duration that is not negative, to 100 nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeSpan(Duration);

/// A text is not a duration as .NET writes it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no duration of the form hh:mm:ss or d.hh:mm:ss")]
pub struct TimeSpanError {
    /// The text, shortened.
    pub text: String,
}

impl TimeSpan {
    /// A duration of whole seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The duration, cut to 100 nanoseconds.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        let nanoseconds = duration.subsec_nanos() / NANOSECONDS_PER_TICK * NANOSECONDS_PER_TICK;
        Self(Duration::new(duration.as_secs(), nanoseconds))
    }

    /// The duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl From<TimeSpan> for Duration {
    fn from(span: TimeSpan) -> Self {
        span.0
    }
}

/// Reads what .NET's invariant `TimeSpan.Parse` reads, negative spans excepted: `d`, `hh:mm`, `hh:mm:ss`, `d.hh:mm`,
/// `d.hh:mm:ss`, `d:hh:mm:ss`, each with seconds up to seven fractional digits. Two of its surprises are kept: a lone
/// number counts days, and hours above 23 turn the first number into days (`24:00:00` is 24 days).
impl FromStr for TimeSpan {
    type Err = TimeSpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim()).ok_or_else(|| TimeSpanError {
            text: text.chars().take(60).collect(),
        })
    }
}

/// .NET's constant form: `[d.]hh:mm:ss[.fffffff]`.
impl fmt::Display for TimeSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (days, rest) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
        if days > 0 {
            write!(formatter, "{days}.")?;
        }
        write!(formatter, "{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)?;
        match self.0.subsec_nanos() / NANOSECONDS_PER_TICK {
            0 => Ok(()),
            ticks => write!(formatter, ".{ticks:07}"),
        }
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn parse(text: &str) -> Option<TimeSpan> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [days] => span(number(days)?, 0, 0, 0, 0),
        [hours, minutes] => match hours.split_once('.') {
            Some((days, hours)) => span(number(days)?, number(hours)?, number(minutes)?, 0, 0),
            None => span(0, number(hours)?, number(minutes)?, 0, 0),
        },
        [first, second, third] => {
            let (third, fraction) = split_fraction(third)?;
            match first.split_once('.') {
                Some((days, hours)) => span(number(days)?, number(hours)?, number(second)?, third, fraction),
                None => match number(first)? {
                    hours @ 0..=23 => span(0, hours, number(second)?, third, fraction),
                    // .NET then tries the next form, days:hours:minutes, which knows no fraction.
                    days if fraction == 0 => span(days, number(second)?, third, 0, 0),
                    _ => None,
                },
            }
        }
        [days, hours, minutes, seconds] => {
            let (seconds, fraction) = split_fraction(seconds)?;
            span(number(days)?, number(hours)?, number(minutes)?, seconds, fraction)
        }
        _ => None,
    }
}

fn span(days: u64, hours: u64, minutes: u64, seconds: u64, ticks: u32) -> Option<TimeSpan> {
    // The most that .NET holds is 10675199 days and some hours; days below it cannot overflow here either.
    if days > 10_675_198 || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let seconds = days * SECONDS_PER_DAY + hours * 3600 + minutes * 60 + seconds;
    Some(TimeSpan(Duration::new(seconds, ticks * NANOSECONDS_PER_TICK)))
}

fn number(digits: &str) -> Option<u64> {
    let sound = !digits.is_empty() && digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if sound { digits.parse().ok() } else { None }
}

fn split_fraction(seconds: &str) -> Option<(u64, u32)> {
    let Some((whole, fraction)) = seconds.split_once('.') else {
        return Some((number(seconds)?, 0));
    };
    if fraction.is_empty() || fraction.len() > 7 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ticks: u32 = format!("{fraction:0<7}").parse().ok()?;
    Some((number(whole)?, ticks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_dot_net_are_read() {
        for (text, normal) in [
            ("00:00:00", "00:00:00"),
            ("0:5", "00:05:00"),
            (" 1:02:03 ", "01:02:03"),
            ("5", "5.00:00:00"),
            ("1.02:03", "1.02:03:00"),
            ("1.02:03:04.5", "1.02:03:04.5000000"),
            ("1:2:3:4", "1.02:03:04"),
            ("24:00:00", "24.00:00:00"),
            ("00:00:00.0000001", "00:00:00.0000001"),
        ] {
            assert_eq!(text.parse::<TimeSpan>().unwrap().to_string(), normal, "{text}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "",
            "-1",
            "-00:05:00",
            "1:60",
            "1:2:60",
            "1.24:00:00",
            "1:2:3:4:5",
            "00:00:00.",
            "00:00:00.00000001",
            "1 day",
            "PT5M",
            "00;05",
            "99999999",
            "1.2.3:4",
            "٣",
        ] {
            assert!(text.parse::<TimeSpan>().is_err(), "{text}");
        }
    }

    #[test]
    fn fractions_below_a_tick_are_cut() {
        assert_eq!(
            TimeSpan::new(Duration::from_nanos(199)).duration(),
            Duration::from_nanos(100)
        );
    }
}
