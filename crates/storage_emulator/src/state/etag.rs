//! Versions of containers and blobs.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A version. Written `0x8DE2874E0A1B2C3` like the service's own, whose digits are the time in steps of 100 ns since the
/// year 1; ours are the same unless that would repeat one, so two writes never share an ETag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ETag(pub(crate) u64);

/// Steps of 100 ns from the year 1 to 1970.
const UNIX_EPOCH: i128 = 621_355_968_000_000_000;

impl ETag {
    pub(crate) fn after(last: u64, now: Timestamp) -> Self {
        let ticks = u64::try_from(now.as_nanosecond() / 100 + UNIX_EPOCH).unwrap_or(0);
        Self(ticks.max(last + 1))
    }

    /// As it stands in headers.
    pub(crate) fn quoted(self) -> String {
        format!("\"{self}\"")
    }

    /// Whether a condition's value (with or without quotes, or `*`) names this version.
    pub(crate) fn matches(self, condition: &str) -> bool {
        condition.split(',').any(|given| {
            let given = given.trim();
            given == "*" || given.trim_start_matches("W/").trim_matches('"') == self.to_string()
        })
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "0x{:X}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_even_when_the_clock_stands_or_goes_back() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let first = ETag::after(0, now);
        let second = ETag::after(first.0, now);
        let third = ETag::after(second.0, "2020-01-01T00:00:00Z".parse().unwrap());
        assert!(first < second && second < third);
        assert_eq!(first.to_string().len(), "0x8DE2874E0A1B2C3".len());
    }

    #[test]
    fn conditions_match_with_and_without_quotes() {
        let etag = ETag(0x8DE);
        assert!(
            etag.matches("\"0x8DE\"")
                && etag.matches("0x8DE")
                && etag.matches("*")
                && etag.matches("\"0x1\", \"0x8DE\"")
        );
        assert!(!etag.matches("\"0x8DF\""));
    }
}
