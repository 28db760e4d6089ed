//! What the server answers to the host.

use bytes::Bytes;
use functions_protocol::Answer;

/// An answer to the host. Never empty: the host would wait for the rest until the function's time-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 200, or a status that makes the host count the invocation as failed.
    pub status: u16,
    /// The answer's JSON, or the reason of a failure as text (which the host does not read).
    pub body: Bytes,
}

impl Reply {
    pub(crate) fn success(answer: &Answer) -> Self {
        Self {
            status: 200,
            body: answer.to_bytes().into(),
        }
    }

    pub(crate) fn failure(reason: &str) -> Self {
        let reason = if reason.trim().is_empty() {
            "the function failed"
        } else {
            reason
        };
        Self {
            status: 500,
            body: Bytes::copy_from_slice(reason.as_bytes()),
        }
    }

    /// True if the host counts the invocation as successful.
    pub fn is_success(&self) -> bool {
        self.status == 200
    }
}
