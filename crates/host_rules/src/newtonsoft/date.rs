use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::dotnet::{DateTime, DateTimeKind};

/// Newtonsoft's guess: text that looks like an ISO timestamp (or `/Date(milliseconds)/`) is one. A timestamp with an offset
/// is moved to the host's zone.
pub(super) fn sniff(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let bytes = text.as_bytes();
    if bytes.first() == Some(&b'/') {
        return microsoft(text, zone);
    }
    let plausible = (19..=40).contains(&bytes.len()) && bytes[0].is_ascii_digit() && bytes[10] == b'T';
    if plausible { iso(bytes, zone) } else { None }
}

fn iso(bytes: &[u8], zone: &TimeZone) -> Option<DateTime> {
    let mut scanner = Scanner { bytes, at: 0 };
    let year = scanner.digits(4)?;
    scanner.expect(b'-')?;
    let month = scanner.digits(2)?;
    scanner.expect(b'-')?;
    let day = scanner.digits(2)?;
    scanner.expect(b'T')?;
    let hour = scanner.digits(2)?;
    scanner.expect(b':')?;
    let minute = scanner.digits(2)?;
    scanner.expect(b':')?;
    let second = scanner.digits(2)?;
    let ticks = if scanner.eat(b'.') { scanner.fraction()? } else { 0 };
    let end_of_day = hour == 24;
    if year < 1 || hour > 24 || (end_of_day && (minute, second, ticks) != (0, 0, 0)) {
        return None;
    }
    let date = civil::Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()?;
    let time = civil::Time::new(
        if end_of_day { 0 } else { i8::try_from(hour).ok()? },
        i8::try_from(minute).ok()?,
        // A leap second is refused there, while jiff would take 60.
        i8::try_from(second).ok().filter(|second| *second < 60)?,
        ticks * 100,
    )
    .ok()?;
    let mut wall = date.to_datetime(time);
    if end_of_day {
        wall = wall.checked_add(SignedDuration::from_hours(24)).ok()?;
    }
    let Some(offset_seconds) = scanner.zone()? else {
        return Some(DateTime {
            wall,
            kind: DateTimeKind::Unspecified,
        });
    };
    match offset_seconds {
        ZoneText::Utc => Some(DateTime {
            wall,
            kind: DateTimeKind::Utc,
        }),
        ZoneText::Ahead(seconds) => {
            let universal = wall.checked_sub(SignedDuration::from_secs(seconds)).ok()?;
            (universal.year() >= 1).then(|| to_local(universal, zone))
        }
    }
}

/// `DateTime.ToLocalTime` of a universal time.
fn to_local(universal: civil::DateTime, zone: &TimeZone) -> DateTime {
    let wall = Offset::UTC
        .to_timestamp(universal)
        .map_or(universal, |moment| zone.to_datetime(moment));
    DateTime {
        wall,
        kind: DateTimeKind::Local,
    }
}

fn microsoft(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let sign = inner
        .char_indices()
        .skip(1)
        .find(|(_, c)| matches!(c, '+' | '-'))
        .map(|(index, _)| index);
    let milliseconds: i64 = inner[..sign.unwrap_or(inner.len())].parse().ok()?;
    let moment = Timestamp::from_millisecond(milliseconds).ok()?;
    let universal = Offset::UTC.to_datetime(moment);
    let in_range = (1..=9999).contains(&universal.year());
    match sign {
        _ if !in_range => None,
        Some(_) => Some(to_local(universal, zone)),
        None => Some(DateTime {
            wall: universal,
            kind: DateTimeKind::Utc,
        }),
    }
}

enum ZoneText {
    Utc,
    Ahead(i64),
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn digits(&mut self, count: usize) -> Option<i32> {
        let digits = self.bytes.get(self.at..self.at + count)?;
        let value = digits.iter().try_fold(0, |value, byte| {
            byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0'))
        })?;
        self.at += count;
        Some(value)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// One to seven digits, as ticks.
    fn fraction(&mut self) -> Option<i32> {
        let mut ticks = 0;
        let mut count = 0;
        while count < 7
            && let Some(value) = self.digits(1)
        {
            ticks = ticks * 10 + value;
            count += 1;
        }
        (count > 0).then(|| ticks * 10_i32.pow(7 - count))
    }

    /// What ends the text: nothing, `Z`, or an offset (`+hh`, `+hhmm`, `+hh:mm`). `None` for anything else.
    fn zone(&mut self) -> Option<Option<ZoneText>> {
        let zone = match self.bytes.get(self.at) {
            None => return Some(None),
            Some(b'Z' | b'z') => {
                self.at += 1;
                ZoneText::Utc
            }
            Some(sign @ (b'+' | b'-')) => {
                let direction = if *sign == b'+' { 1 } else { -1 };
                self.at += 1;
                let hours = self.digits(2)?;
                let minutes = if self.at == self.bytes.len() {
                    0
                } else {
                    self.eat(b':');
                    self.digits(2)?
                };
                ZoneText::Ahead(direction * i64::from(hours * 3600 + minutes * 60))
            }
            Some(_) => return None,
        };
        (self.at == self.bytes.len()).then_some(Some(zone))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::sniff;

    fn text(input: &str) -> Option<String> {
        sniff(input, &TimeZone::UTC).map(|moment| moment.iso_text(&TimeZone::UTC))
    }

    #[test]
    fn timestamps_are_recognised() {
        for (input, expected) in [
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
            ("2026-11-20T10:00:00", "2026-11-20T10:00:00"),
            ("2026-11-20T10:00:00.123+02:00", "2026-11-20T08:00:00.123+00:00"),
            ("2026-11-20T10:00:00-0130", "2026-11-20T11:30:00+00:00"),
            ("2026-11-20T24:00:00Z", "2026-11-21T00:00:00Z"),
            ("/Date(0)/", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(text(input).as_deref(), Some(expected), "{input}");
        }
    }

    #[test]
    fn other_text_is_left_alone() {
        for input in [
            "2026-11-20",
            "2026-11-20 10:00:00",
            "2026-11-20t10:00:00Z",
            "2026-11-20T10:00",
            "2026-02-30T10:00:00Z",
            "2026-11-20T10:00:60Z",
            "2026-11-20T10:00:00.12345678Z",
            "2026-11-20T10:00:00Z ",
            "0001-01-01T00:00:00+05:00",
            "ü026-11-20T10:00:00Z",
        ] {
            assert_eq!(text(input), None, "{input}");
        }
    }
}
