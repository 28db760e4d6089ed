use jiff::civil;
use jiff::tz::{Offset, TimeZone};

/// .NET counts time in ticks of 100 nanoseconds.
pub const TICKS_PER_SECOND: i64 = 10_000_000;

/// What a `DateTime` knows about its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateTimeKind {
    /// Universal time, printed with `Z`.
    Utc,
    /// The host's own zone, printed with its offset.
    Local,
    /// Unknown, printed without either.
    Unspecified,
}

/// A `System.DateTime`: the time on a clock, and what is known of the clock's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    /// The time shown.
    pub wall: civil::DateTime,
    /// The zone of the clock that shows it.
    pub kind: DateTimeKind,
}

/// A `System.DateTimeOffset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTimeOffset {
    /// The time shown.
    pub wall: civil::DateTime,
    /// How far the clock is ahead of universal time.
    pub offset: Offset,
}

impl DateTime {
    /// An instant on the clocks of the host's zone.
    pub fn local(moment: jiff::Timestamp, zone: &TimeZone) -> Self {
        let offset = whole_minutes(zone.to_offset(moment));
        Self {
            wall: offset.to_datetime(moment),
            kind: DateTimeKind::Local,
        }
    }

    /// ISO 8601 as Newtonsoft writes it: fraction only when there is one (up to 7 digits), then `Z`, an offset or nothing.
    pub fn iso_text(&self, zone: &TimeZone) -> String {
        let zone_text = match self.kind {
            DateTimeKind::Utc => "Z".to_owned(),
            DateTimeKind::Local => offset_text(local_offset(self.wall, zone)),
            DateTimeKind::Unspecified => String::new(),
        };
        format!("{}{}{zone_text}", seconds_text(self.wall), fraction_text(self.wall))
    }

    /// `2026-11-20T10:00:00`: what is left after the host's detour over the short text form (no fraction, no zone).
    pub fn seconds_text(&self) -> String {
        seconds_text(self.wall)
    }

    /// The invariant culture's general form, `11/20/2026 10:00:00`.
    pub fn general_text(&self) -> String {
        let w = self.wall;
        format!(
            "{:02}/{:02}/{:04} {:02}:{:02}:{:02}",
            w.month(),
            w.day(),
            w.year(),
            w.hour(),
            w.minute(),
            w.second()
        )
    }
}

impl DateTimeOffset {
    /// The offset form of an instant, in universal time.
    pub fn utc(moment: jiff::Timestamp) -> Self {
        Self {
            wall: Offset::UTC.to_datetime(moment),
            offset: Offset::UTC,
        }
    }

    /// ISO 8601 with offset, never `Z`; fraction only when there is one.
    pub fn iso_text(&self) -> String {
        format!(
            "{}{}{}",
            seconds_text(self.wall),
            fraction_text(self.wall),
            offset_text(self.offset)
        )
    }

    /// `2026-11-20T10:00:00+00:00`, without a fraction.
    pub fn seconds_text(&self) -> String {
        format!("{}{}", seconds_text(self.wall), offset_text(self.offset))
    }

    /// The invariant culture's general form, `11/20/2026 10:00:00 +00:00`.
    pub fn general_text(&self) -> String {
        let local = DateTime {
            wall: self.wall,
            kind: DateTimeKind::Unspecified,
        };
        format!("{} {}", local.general_text(), offset_text(self.offset))
    }
}

/// The offset of a zone at a time shown by its clocks. At the far ends of the calendar, where the instant lies outside,
/// .NET uses the zone's plain offset; universal time is near enough there.
pub(crate) fn local_offset(wall: civil::DateTime, zone: &TimeZone) -> Offset {
    let moment = zone.to_ambiguous_timestamp(wall).compatible();
    moment.map_or(Offset::UTC, |moment| whole_minutes(zone.to_offset(moment)))
}

/// .NET knows no seconds in offsets: local mean times of old are rounded up.
fn whole_minutes(offset: Offset) -> Offset {
    let seconds = offset.seconds();
    let rounded = seconds + (-seconds).rem_euclid(60);
    Offset::from_seconds(rounded).unwrap_or(offset)
}

fn seconds_text(w: civil::DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        w.year(),
        w.month(),
        w.day(),
        w.hour(),
        w.minute(),
        w.second()
    )
}

fn fraction_text(w: civil::DateTime) -> String {
    let ticks = w.subsec_nanosecond() / 100;
    if ticks == 0 {
        return String::new();
    }
    format!(".{}", format!("{ticks:07}").trim_end_matches('0'))
}

fn offset_text(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::{DateTime, DateTimeKind};

    #[test]
    fn the_kind_decides_the_ending() {
        let berlin = TimeZone::get("Europe/Berlin").expect("bundled zone");
        let wall = date(2026, 7, 1).at(10, 0, 0, 120_000_000);
        let text = |kind| DateTime { wall, kind }.iso_text(&berlin);
        assert_eq!(text(DateTimeKind::Utc), "2026-07-01T10:00:00.12Z");
        assert_eq!(text(DateTimeKind::Local), "2026-07-01T10:00:00.12+02:00");
        assert_eq!(text(DateTimeKind::Unspecified), "2026-07-01T10:00:00.12");
    }
}
