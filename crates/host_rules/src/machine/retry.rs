//! Retry policies of function.json and host.json: an in-process loop around one event, within one invocation id.

use determinism::Rng;
use jiff::SignedDuration;

use super::backoff::Backoff;

/// How often and how soon a failed invocation is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Repetitions after the first try; `None` for ever (-1 in the document).
    pub max_retry_count: Option<u32>,
    /// The waits between the tries.
    pub strategy: RetryStrategy,
}

/// The waits of a [`RetryPolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryStrategy {
    /// Always the same wait.
    FixedDelay {
        /// `delayInterval`.
        delay: SignedDuration,
    },
    /// A randomized wait that doubles.
    ExponentialBackoff {
        /// `minimumInterval`.
        minimum: SignedDuration,
        /// `maximumInterval`.
        maximum: SignedDuration,
    },
}

/// A `retry` section as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryOptions {
    /// `fixedDelay` or `exponentialBackoff`, any case.
    pub strategy: Option<String>,
    /// -1 or more.
    pub max_retry_count: Option<i64>,
    /// For `fixedDelay`.
    pub delay_interval: Option<SignedDuration>,
    /// For `exponentialBackoff`.
    pub minimum_interval: Option<SignedDuration>,
    /// For `exponentialBackoff`.
    pub maximum_interval: Option<SignedDuration>,
}

/// A `retry` section that makes its function fail to index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetryPolicyError {
    /// A member that the strategy needs is absent.
    #[error("retry.{0} is required")]
    Missing(&'static str),
    /// An unknown strategy.
    #[error("retry.strategy '{0}' is unknown; it must be fixedDelay or exponentialBackoff")]
    UnknownStrategy(String),
    /// Below -1.
    #[error("retry.maxRetryCount is {0}; it must be -1 (for ever) or more")]
    MaxRetryCount(i64),
    /// A negative interval, or a minimum above the maximum.
    #[error("retry.{0} is out of range")]
    Interval(&'static str),
}

impl RetryPolicy {
    /// Checks a section as the host does.
    pub fn new(options: &RetryOptions) -> Result<Self, RetryPolicyError> {
        let given = options
            .max_retry_count
            .ok_or(RetryPolicyError::Missing("maxRetryCount"))?;
        let max_retry_count = match given {
            -1 => None,
            count => Some(u32::try_from(count).map_err(|_| RetryPolicyError::MaxRetryCount(given))?),
        };
        let interval = |name, value: Option<SignedDuration>| match value {
            None => Err(RetryPolicyError::Missing(name)),
            Some(value) if value.is_negative() => Err(RetryPolicyError::Interval(name)),
            Some(value) => Ok(value),
        };
        let name = options
            .strategy
            .as_deref()
            .ok_or(RetryPolicyError::Missing("strategy"))?;
        let strategy = if name.eq_ignore_ascii_case("fixedDelay") {
            RetryStrategy::FixedDelay {
                delay: interval("delayInterval", options.delay_interval)?,
            }
        } else if name.eq_ignore_ascii_case("exponentialBackoff") {
            let minimum = interval("minimumInterval", options.minimum_interval)?;
            let maximum = interval("maximumInterval", options.maximum_interval)?;
            if minimum > maximum {
                return Err(RetryPolicyError::Interval("minimumInterval"));
            }
            RetryStrategy::ExponentialBackoff { minimum, maximum }
        } else {
            return Err(RetryPolicyError::UnknownStrategy(name.to_owned()));
        };
        Ok(Self {
            max_retry_count,
            strategy,
        })
    }
}

/// The tries of one event.
#[derive(Debug)]
pub struct RetryLoop {
    policy: RetryPolicy,
    backoff: Option<Backoff>,
    retries: u32,
}

impl RetryLoop {
    /// A loop before its first try.
    pub fn new(policy: RetryPolicy) -> Self {
        let backoff = match policy.strategy {
            RetryStrategy::FixedDelay { .. } => None,
            RetryStrategy::ExponentialBackoff { minimum, maximum } => Some(Backoff::new(minimum, maximum)),
        };
        Self {
            policy,
            backoff,
            retries: 0,
        }
    }

    /// `RetryContext.RetryCount` of the current try: 0 for the first.
    pub fn retry_count(&self) -> u32 {
        self.retries
    }

    /// `RetryContext.MaxRetryCount`: -1 for ever.
    pub fn max_retry_count(&self) -> i64 {
        self.policy.max_retry_count.map_or(-1, i64::from)
    }

    /// After a failed try: how long to wait before the next one, `None` when the event has failed for good.
    pub fn failed(&mut self, rng: &Rng) -> Option<SignedDuration> {
        if self
            .policy
            .max_retry_count
            .is_some_and(|maximum| self.retries >= maximum)
        {
            return None;
        }
        self.retries = self.retries.saturating_add(1);
        Some(match (&self.policy.strategy, &mut self.backoff) {
            (RetryStrategy::FixedDelay { delay }, _) => *delay,
            (_, Some(backoff)) => backoff.next(false, rng),
            (RetryStrategy::ExponentialBackoff { minimum, .. }, None) => *minimum,
        })
    }
}

#[cfg(test)]
mod tests {
    use determinism::Rng;
    use jiff::SignedDuration;

    use super::{RetryLoop, RetryOptions, RetryPolicy, RetryPolicyError};

    fn seconds(count: i64) -> SignedDuration {
        SignedDuration::from_secs(count)
    }

    #[test]
    fn fixed_delay_ends_after_the_maximum() {
        let options = RetryOptions {
            strategy: Some("FixedDelay".into()),
            max_retry_count: Some(2),
            delay_interval: Some(seconds(10)),
            ..RetryOptions::default()
        };
        let mut tries = RetryLoop::new(RetryPolicy::new(&options).unwrap());
        let rng = Rng::seeded(1);
        assert_eq!((tries.retry_count(), tries.max_retry_count()), (0, 2));
        assert_eq!(tries.failed(&rng), Some(seconds(10)));
        assert_eq!(tries.failed(&rng), Some(seconds(10)));
        assert_eq!(tries.retry_count(), 2);
        assert_eq!(tries.failed(&rng), None);
    }

    #[test]
    fn exponential_backoff_grows_to_its_maximum_and_may_go_on_for_ever() {
        let options = RetryOptions {
            strategy: Some("exponentialBackoff".into()),
            max_retry_count: Some(-1),
            minimum_interval: Some(seconds(4)),
            maximum_interval: Some(seconds(900)),
            ..RetryOptions::default()
        };
        let mut tries = RetryLoop::new(RetryPolicy::new(&options).unwrap());
        let rng = Rng::seeded(1);
        assert_eq!(tries.failed(&rng), Some(seconds(4)));
        let last = (0..40).filter_map(|_| tries.failed(&rng)).last();
        assert_eq!(last, Some(seconds(900)));
        assert_eq!(tries.max_retry_count(), -1);
    }

    #[test]
    fn incomplete_sections_are_refused_by_member() {
        let options = RetryOptions {
            strategy: Some("fixedDelay".into()),
            max_retry_count: Some(1),
            ..Default::default()
        };
        assert_eq!(
            RetryPolicy::new(&options),
            Err(RetryPolicyError::Missing("delayInterval"))
        );
        let options = RetryOptions {
            max_retry_count: Some(-2),
            ..options
        };
        assert_eq!(RetryPolicy::new(&options), Err(RetryPolicyError::MaxRetryCount(-2)));
    }
}
