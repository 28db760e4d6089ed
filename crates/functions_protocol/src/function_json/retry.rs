//! Retry policies: the host repeats a failed run itself, on the same instance, with the message held meanwhile.

use serde::Serialize;

use crate::document::{DocumentError, Fields, Warning};
use crate::time_span::TimeSpan;

/// How a failed run is repeated. Also possible in host.json, for all functions of the app. -1 retries go on for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "strategy", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Retry {
    /// With the same pause each time.
    FixedDelay {
        /// Attempts after the first.
        max_retry_count: i32,
        /// The pause.
        delay_interval: TimeSpan,
    },
    /// With growing pauses.
    ExponentialBackoff {
        /// Attempts after the first.
        max_retry_count: i32,
        /// The shortest pause.
        minimum_interval: TimeSpan,
        /// The longest pause.
        maximum_interval: TimeSpan,
    },
}

impl Retry {
    pub(crate) fn read(mut fields: Fields, warnings: &mut Vec<Warning>) -> Result<Self, DocumentError> {
        const COUNT: &str = "a whole number, or -1 for no limit";
        const SPAN: &str = "a duration such as 00:00:10";
        let strategy = fields.require_text("strategy")?;
        let count_path = fields.path("maxRetryCount");
        let max_retry_count: i32 = fields
            .take_scalar("maxRetryCount", COUNT)?
            .ok_or(DocumentError::Missing {
                path: count_path.clone(),
            })?;
        if max_retry_count < -1 {
            let value = max_retry_count.to_string();
            return Err(DocumentError::Value {
                path: count_path,
                value,
                expected: COUNT,
            });
        }
        let mut span = |name: &str| {
            let path = fields.path(name);
            fields
                .take_scalar::<TimeSpan>(name, SPAN)?
                .ok_or(DocumentError::Missing { path })
        };
        let retry = if strategy.eq_ignore_ascii_case("fixedDelay") {
            Self::FixedDelay {
                max_retry_count,
                delay_interval: span("delayInterval")?,
            }
        } else if strategy.eq_ignore_ascii_case("exponentialBackoff") {
            Self::ExponentialBackoff {
                max_retry_count,
                minimum_interval: span("minimumInterval")?,
                maximum_interval: span("maximumInterval")?,
            }
        } else {
            return Err(DocumentError::Value {
                path: fields.path("strategy"),
                value: strategy,
                expected: "fixedDelay or exponentialBackoff",
            });
        };
        fields.warn_about_rest(warnings);
        Ok(retry)
    }
}
