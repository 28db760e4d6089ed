//! Times as the service writes them.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// What queues write for a message that never expires.
pub(crate) const NEVER: &str = "Fri, 31 Dec 9999 23:59:59 GMT";

/// `Sat, 21 Nov 2026 10:00:00 GMT`
pub(crate) fn rfc1123(at: Timestamp) -> String {
    static PRINTER: DateTimePrinter = DateTimePrinter::new();
    PRINTER
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_else(|_| NEVER.to_owned())
}

/// Reads the date of a header or of a SAS: RFC 1123, or ISO 8601 with a zone, or a bare ISO 8601 date.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Some(zoned.timestamp());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    // A SAS may leave out the seconds (`2026-11-21T10:00Z`) or the whole time.
    let date_time = match text.strip_suffix('Z') {
        Some(local) => local.parse::<jiff::civil::DateTime>().ok()?,
        None => text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0),
    };
    Some(date_time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// The moment without its fraction: HTTP dates cannot say more, so conditions must not compare more.
pub(crate) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_headers_and_signatures_are_read() {
        let expected: Timestamp = "2026-11-21T10:05:00Z".parse().unwrap();
        for text in [
            "Sat, 21 Nov 2026 10:05:00 GMT",
            "2026-11-21T10:05:00Z",
            "2026-11-21T10:05:00.0000000Z",
            "2026-11-21T10:05Z",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        assert_eq!(parse("2026-11-21"), Some("2026-11-21T00:00:00Z".parse().unwrap()));
        assert_eq!(parse("yesterday"), None);
        assert_eq!(rfc1123(expected), "Sat, 21 Nov 2026 10:05:00 GMT");
    }
}
