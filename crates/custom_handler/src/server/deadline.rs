//! When an invocation must be over.
//!
//! At its `functionTimeout` the host kills the process, and with it every other invocation. So each invocation is
//! ended with a failure before that.

use std::time::Duration;

/// The host's limit where host.json names none: five minutes on the Consumption plan, else thirty.
pub(crate) fn default_timeout(is_consumption: bool) -> Duration {
    Duration::from_secs(if is_consumption { 5 * 60 } else { 30 * 60 })
}

/// Time for one invocation under the host's limit: less by 15 seconds or 5 %, whichever is more, but at least half.
pub(crate) fn time_allowed(function_timeout: Duration) -> Duration {
    let reserve = (function_timeout / 20).max(Duration::from_secs(15));
    function_timeout.saturating_sub(reserve).max(function_timeout / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_15_seconds_or_5_percent_and_never_more_than_half() {
        for (limit, allowed) in [(10, 5), (20, 10), (60, 45), (300, 285), (600, 570), (1800, 1710)] {
            assert_eq!(
                time_allowed(Duration::from_secs(limit)),
                Duration::from_secs(allowed),
                "{limit}"
            );
        }
    }
}
