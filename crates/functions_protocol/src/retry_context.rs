//! The attempt within a function's retry policy.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Which attempt this is. The host repeats a failed run itself where a retry policy is configured; the attempts share
/// one invocation id and one delivery, so this and not the id tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryContext {
    /// Attempts before this one: 0 for the first.
    pub retry_count: u32,
    /// Attempts that the policy allows after the first; -1 means without limit.
    pub max_retry_count: i64,
    /// Why the attempt before this one failed, outermost first: the messages of the host's exceptions. The handler's
    /// own error is not among them, the host keeps only the status.
    pub failure: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire<'a> {
    retry_count: u32,
    max_retry_count: i64,
    #[serde(borrow, default)]
    exception: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireException {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    inner_exception: Option<Box<WireException>>,
}

impl RetryContext {
    pub(crate) fn from_raw(raw: &RawValue) -> Option<Self> {
        let wire: Wire<'_> = serde_json::from_str(raw.get()).ok()?;
        let mut failure = Vec::new();
        // Read apart: the attempt is known whatever the exception looks like.
        let mut exception: Option<WireException> = wire.exception.and_then(|raw| serde_json::from_str(raw.get()).ok());
        while let Some(current) = exception {
            failure.extend(current.message);
            exception = current.inner_exception.map(|inner| *inner);
        }
        Some(Self {
            retry_count: wire.retry_count,
            max_retry_count: wire.max_retry_count,
            failure,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attempt_is_known_whatever_the_exception_looks_like() {
        let nested = format!("{}null{}", r#"{"InnerException":"#.repeat(1000), "}".repeat(1000));
        for exception in ["5", r#"{"Message":{}}"#, &nested] {
            let json = format!(r#"{{"RetryCount":2,"MaxRetryCount":-1,"Exception":{exception},"State":{{}}}}"#);
            let raw: &RawValue = serde_json::from_str(&json).unwrap();
            let expected = RetryContext {
                retry_count: 2,
                max_retry_count: -1,
                failure: vec![],
            };
            assert_eq!(RetryContext::from_raw(raw), Some(expected), "{exception:.40}");
        }
    }
}
