//! What one request brought.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AGE, DATE, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::certificate::CertificateFacts;
use crate::failure::Failure;

/// How much of a body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it; more bytes than this are a failure.
    Whole(usize),
    /// Its beginning, up to this many bytes; the rest is not read.
    Beginning(usize),
}

/// One request and what is known of it, however it ended.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The address that was talked to, or that the last attempt failed on.
    pub address: Option<SocketAddr>,
    /// Addresses of the same name that did not take the connection before that one was tried.
    pub broken_addresses: Vec<SocketAddr>,
    /// How long each step took; of several hops the last one's steps, and the total of all.
    pub latency: Latency,
    /// The certificate that the last server showed, also where it was refused.
    pub certificate: Option<CertificateFacts>,
    /// How many redirects were followed.
    pub redirects: usize,
    /// Whether one of them led from https to http.
    pub downgraded: bool,
    /// The answer, or why there was none.
    pub outcome: Result<Answer, Failure>,
}

/// How long the steps took; none for steps that were not reached or not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Resolving the name.
    pub dns: Option<Duration>,
    /// Making the TCP connection.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the request to the head of the answer.
    pub first_byte: Option<Duration>,
    /// All of it, without the time spent waiting for one's turn.
    pub total: Duration,
}

/// A complete answer, or as much of it as was wanted.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status; no redirect, those are followed.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or the wanted beginning of it.
    pub body: Bytes,
}

/// The longest time that a host is left alone on its own word.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

impl Answer {
    /// The server's clock. None when a cache says that it answered in the server's place: then `Date` is older.
    pub fn server_date(&self) -> Option<Timestamp> {
        if self.headers.contains_key(AGE) {
            None
        } else {
            http_date(self.headers.get(DATE)?.to_str().ok()?)
        }
    }

    /// Until when the host asks to be left alone: `Retry-After` in seconds or as a date, at most an hour.
    pub(crate) fn retry_after(&self, now: Timestamp) -> Option<Timestamp> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let longest = now.checked_add(LONGEST_RETRY_AFTER).ok()?;
        let until = match text.parse::<u32>() {
            Ok(seconds) => now.checked_add(Duration::from_secs(seconds.into())).unwrap_or(longest),
            Err(_) => http_date(text)?,
        };
        (until > now).then_some(until.min(longest))
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text)
        .ok()
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn answer(headers: &[(HeaderName, &'static str)]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        Answer {
            status: 429,
            headers,
            body: Bytes::new(),
        }
    }

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_limited() {
        let now = moment("2026-11-20T12:00:00Z");
        let until = |text| answer(&[(RETRY_AFTER, text)]).retry_after(now);
        assert_eq!(until("120"), Some(moment("2026-11-20T12:02:00Z")));
        assert_eq!(
            until("Fri, 20 Nov 2026 12:10:00 GMT"),
            Some(moment("2026-11-20T12:10:00Z"))
        );
        assert_eq!(until("4000000000"), Some(moment("2026-11-20T13:00:00Z")));
        assert_eq!(
            [until("0"), until("soon"), until("Fri, 20 Nov 2026 11:00:00 GMT")],
            [None, None, None]
        );
    }

    #[test]
    fn the_servers_clock_is_not_read_from_a_cache() {
        let date = (DATE, "Fri, 20 Nov 2026 12:00:00 GMT");
        assert_eq!(
            answer(std::slice::from_ref(&date)).server_date(),
            Some(moment("2026-11-20T12:00:00Z"))
        );
        assert_eq!(answer(&[date, (AGE, "600")]).server_date(), None);
    }
}
