//! How often, and how long, a request is tried again.

use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::StatusCode;
use azure_core::http::headers::{HeaderName, RETRY_AFTER};
use azure_core::http::policies::{RetryHeaders, RetryPolicy};
use determinism::{Clock, Rng};

/// Limits of trying again after 408, 429, 500, 502, 503, 504 or a broken connection.
///
/// The client library's own default, eight tries in up to a minute, suits a program that nobody restarts. A function is
/// retried as a whole by its host, and each second it waits keeps its message and its slot; so the default here is four
/// tries in about three seconds, enough for a partition move or a dropped connection.
///
/// A try whose answer was lost may have been applied. Trying again then sends a queue message twice, and makes a write
/// conditional on the old state conflict with itself: see [`crate::Put::Conflict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// All tries together, the first included; 1 never tries again.
    pub attempts: u32,
    /// The wait before the second try; each further wait is three times as long, give or take a fifth.
    pub first_delay: Duration,
    /// No wait is longer, not even one that the service asks for with `Retry-After`.
    pub longest_delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_delay: Duration::from_millis(200),
            longest_delay: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// Every request is sent once.
    pub const NEVER: Self = Self {
        attempts: 1,
        first_delay: Duration::ZERO,
        longest_delay: Duration::ZERO,
    };

    /// The wait after the `failed`-th failure (from 1), before chance is added.
    pub(crate) fn delay(&self, failed: u32) -> Duration {
        let factor = 3u32.saturating_pow(failed.saturating_sub(1).min(16));
        self.first_delay.saturating_mul(factor).min(self.longest_delay)
    }
}

/// [`Retry`] for the client library's pipeline, waiting on the given clock.
#[derive(Debug)]
pub(crate) struct PipelineRetry {
    limits: Retry,
    headers: RetryHeaders,
    clock: Clock,
    rng: Rng,
}

impl PipelineRetry {
    pub(crate) fn new(limits: Retry, clock: Clock, rng: Rng) -> Self {
        let milliseconds = HeaderName::from_static("x-ms-retry-after-ms");
        Self {
            limits,
            headers: RetryHeaders {
                retry_headers: vec![milliseconds, RETRY_AFTER],
            },
            clock,
            rng,
        }
    }
}

#[async_trait]
impl RetryPolicy for PipelineRetry {
    fn is_expired(&self, _: azure_core::time::Duration, retries: u32) -> bool {
        retries.saturating_add(1) >= self.limits.attempts
    }

    fn retry_headers(&self) -> Option<&RetryHeaders> {
        Some(&self.headers)
    }

    fn retry_status_codes(&self) -> &[StatusCode] {
        &[]
    }

    fn sleep_duration(&self, retries: u32) -> azure_core::time::Duration {
        azure_core::time::Duration::try_from(self.limits.delay(retries)).unwrap_or(azure_core::time::Duration::MAX)
    }

    async fn wait(&self, retries: u32, asked: Option<azure_core::time::Duration>) {
        let own = self.limits.delay(retries).mul_f64(self.rng.between(0.8, 1.2));
        let asked = asked
            .and_then(|asked| Duration::try_from(asked).ok())
            .unwrap_or_default();
        self.clock.sleep(own.max(asked).min(self.limits.longest_delay)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_threefold_up_to_the_limit() {
        let retry = Retry::default();
        let waits: Vec<u128> = (1..=6).map(|failed| retry.delay(failed).as_millis()).collect();
        assert_eq!(waits, [200, 600, 1800, 5400, 10_000, 10_000]);
        assert_eq!(retry.delay(u32::MAX).as_secs(), 10);
    }

    #[tokio::test]
    async fn the_services_wish_is_heard_within_the_limit() {
        let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        let policy = PipelineRetry::new(Retry::default(), clock, Rng::seeded(1));
        let wait = policy.wait(1, Some(azure_core::time::Duration::seconds(3600)));
        tokio::pin!(wait);
        assert!(futures::poll!(&mut wait).is_pending());
        hands.advance(Duration::from_millis(9_999));
        assert!(futures::poll!(&mut wait).is_pending());
        hands.advance(Duration::from_millis(1));
        assert!(futures::poll!(&mut wait).is_ready());
    }
}
