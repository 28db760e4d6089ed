use jiff::SignedDuration;

const SECONDS_PER_DAY: i64 = 86_400;

/// What `TimeSpan.Parse` makes of a text: `d`, `hh:mm`, `hh:mm:ss[.fffffff]`, `d.hh:mm[:ss[.fffffff]]`, `d:hh:mm:ss`, each
/// with an optional minus. Three parts whose first is above 23 are days, hours and minutes, so `24:00:00` is 24 days.
pub fn parse_time_span(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let parts: Vec<&str> = text.split(':').collect();
    let (days, first) = match parts[0].split_once('.') {
        Some((days, hours)) if parts.len() > 1 => (Some(number(days)?), number(hours)?),
        Some(_) => return None,
        None => (None, number(parts[0])?),
    };
    let plain = |index: usize| number(parts[index]);
    let (days, hours, minutes, (seconds, nanoseconds)) = match (days, parts.len()) {
        (None, 1) => (first, 0, 0, (0, 0)),
        (days, 2) => (days.unwrap_or(0), first, plain(1)?, (0, 0)),
        (None, 3) if first > 23 => (first, plain(1)?, plain(2)?, (0, 0)),
        (days, 3) => (days.unwrap_or(0), first, plain(1)?, seconds(parts[2])?),
        (None, 4) => (first, plain(1)?, plain(2)?, seconds(parts[3])?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 59 || days > 10_675_199 {
        return None;
    }
    let total = days * SECONDS_PER_DAY + hours * 3600 + minutes * 60 + seconds;
    let span = SignedDuration::new(total, nanoseconds);
    Some(if negative { -span } else { span })
}

/// The constant form `[-][d.]hh:mm:ss[.fffffff]`.
pub fn time_span_text(span: SignedDuration) -> String {
    let sign = if span.is_negative() { "-" } else { "" };
    let span = span.abs();
    let seconds = span.as_secs();
    let days = seconds / SECONDS_PER_DAY;
    let days = if days == 0 { String::new() } else { format!("{days}.") };
    let ticks = span.subsec_nanos() / 100;
    let fraction = if ticks == 0 {
        String::new()
    } else {
        format!(".{ticks:07}")
    };
    let (hours, minutes) = (seconds % SECONDS_PER_DAY / 3600, seconds % 3600 / 60);
    format!("{sign}{days}{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60)
}

fn number(digits: &str) -> Option<i64> {
    let valid = (1..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if valid { digits.parse().ok() } else { None }
}

/// Seconds and nanoseconds of `ss[.fffffff]`.
fn seconds(text: &str) -> Option<(i64, i32)> {
    let Some((whole, fraction)) = text.split_once('.') else {
        return Some((number(text)?, 0));
    };
    let valid = (1..=7).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let padded = if valid { format!("{fraction:0<9}") } else { return None };
    Some((number(whole)?, padded.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{parse_time_span, time_span_text};

    #[test]
    fn it_reads_what_dotnet_reads() {
        for (text, constant) in [
            ("00:05:00", "00:05:00"),
            ("0:5", "00:05:00"),
            ("5", "5.00:00:00"),
            ("1.02:03:04.5", "1.02:03:04.5000000"),
            ("24:00:00", "24.00:00:00"),
            ("1:2:3:4", "1.02:03:04"),
            ("-00:05:00", "-00:05:00"),
            ("00:00:00.05", "00:00:00.0500000"),
        ] {
            assert_eq!(
                parse_time_span(text).map(time_span_text).as_deref(),
                Some(constant),
                "{text}"
            );
        }
    }

    #[test]
    fn it_refuses_what_dotnet_refuses() {
        for text in [
            "",
            "5 minutes",
            "PT5M",
            "00:60:00",
            "00:00:60",
            "24:00",
            "1.5",
            "1.2.3:4",
            "00:00:00.",
            "::",
            "1:2:3:4:5",
        ] {
            assert_eq!(parse_time_span(text), None, "{text}");
        }
    }
}
