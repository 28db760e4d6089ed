//! The time format of the original service: Python's `str(datetime)` in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `2022-07-27 18:04:05.123456`: a space, six digits of microseconds, and no fraction at all when they are zero.
pub fn format(time: Timestamp) -> String {
    let civil = time.to_zoned(TimeZone::UTC).datetime();
    let whole = format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    );
    match civil.subsec_nanosecond() / 1000 {
        0 => whole,
        micros => format!("{whole}.{micros:06}"),
    }
}

/// Reads that format; one to nine digits of fraction are taken. `None` for anything else.
pub fn parse(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let shape = whole.len() == 19
        && whole.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            10 => byte == b' ',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    let digits = fraction
        .is_none_or(|fraction| (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit()));
    if !shape || !digits {
        return None;
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn microseconds_are_left_out_when_zero() {
        let time: Timestamp = "2022-07-27T18:04:05.123456Z".parse().unwrap();
        assert_eq!(format(time), "2022-07-27 18:04:05.123456");
        assert_eq!(format("2022-07-27T18:04:05Z".parse().unwrap()), "2022-07-27 18:04:05");
        assert_eq!(
            format("2022-07-27T18:04:05.00001Z".parse().unwrap()),
            "2022-07-27 18:04:05.000010"
        );
    }

    #[test]
    fn only_that_format_is_read() {
        assert_eq!(
            parse("2022-07-27 18:04:05.123456"),
            "2022-07-27T18:04:05.123456Z".parse().ok()
        );
        assert_eq!(parse("2022-07-27 18:04:05"), "2022-07-27T18:04:05Z".parse().ok());
        for other in [
            "2022-07-27T18:04:05",
            "2022-07-27 18:04:05+00:00",
            "2022-13-27 18:04:05",
            "2022-07-27 18:04:05.",
            "x",
            "",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(micros in 0i64..4_000_000_000_000_000) {
            let time = Timestamp::from_microsecond(micros).unwrap();
            prop_assert_eq!(parse(&format(time)), Some(time));
        }

        #[test]
        fn foreign_text_never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
