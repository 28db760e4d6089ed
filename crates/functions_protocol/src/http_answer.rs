//! The answer to an HTTP caller.

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

use crate::payload::PayloadError;
use crate::reinterpretation::looks_like_timestamp;

/// What the caller of an HTTP function gets: status, headers, text.
///
/// The body is text, because an `http` output binding cannot carry anything else: bytes would need a `$return` binding,
/// which has neither status nor headers for them. Collected freely and checked where it is turned into an
/// [`Output`](crate::Output), so that one place answers for all refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Why the host would refuse or change an answer. It would do so after the function's run, and the caller would see a
/// 500 with an empty body, or something that the function did not say.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpAnswerError {
    /// Informational statuses and unknown ones are not an answer.
    #[error("HTTP status {status} is not between 200 and 599")]
    Status {
        /// The status.
        status: u16,
    },
    /// Not a token as HTTP defines it.
    #[error("`{name}` is no name of an HTTP header")]
    HeaderName {
        /// The name.
        name: String,
    },
    /// The host answers 500 for line breaks and for anything but ASCII.
    #[error("the value of HTTP header `{name}` has characters other than visible ASCII and blanks")]
    HeaderValue {
        /// Name of the header; its value may be a secret.
        name: String,
    },
    /// The host keeps one value per header, so there can be no second `Set-Cookie` either.
    #[error("HTTP header `{name}` is set twice, the host keeps one")]
    RepeatedHeader {
        /// Name of the header.
        name: String,
    },
    /// The host frames the body itself.
    #[error("HTTP header `{name}` is the host's own")]
    HostHeader {
        /// Name of the header.
        name: String,
    },
    /// The host prints a lone timestamp in another form.
    #[error("{place} is a bare timestamp, which the host would rewrite; send it as JSON or within other text")]
    Timestamp {
        /// The body, or which header.
        place: String,
    },
}

/// The form that goes into the answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckedAnswer<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    body: &'a str,
}

impl HttpAnswer {
    /// An answer without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// An answer of plain text in UTF-8.
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::with_content_type(status, "text/plain; charset=utf-8", body)
    }

    /// An answer of text of any kind. The host adds `charset=utf-8` to the content type, or sets it to that.
    #[must_use]
    pub fn with_content_type(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// An answer in JSON, written compactly and as it is: numbers and timestamps keep their form.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn json<T: Serialize>(status: u16, body: &T) -> Result<Self, PayloadError> {
        let body = serde_json::to_string(body).map_err(|error| PayloadError::Encode {
            reason: error.to_string(),
        })?;
        Ok(Self::with_content_type(status, "application/json; charset=utf-8", body))
    }

    /// Adds a header. Each name once: the host keeps no second value.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The status.
    #[must_use]
    pub fn status_code(&self) -> u16 {
        self.status
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The headers in the order in which they were added.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn checked(&self) -> Result<CheckedAnswer<'_>, HttpAnswerError> {
        if !(200..600).contains(&self.status) {
            return Err(HttpAnswerError::Status { status: self.status });
        }
        if looks_like_timestamp(&self.body) {
            return Err(HttpAnswerError::Timestamp {
                place: "the HTTP body".to_owned(),
            });
        }
        let mut headers = BTreeMap::new();
        for (name, value) in &self.headers {
            check_header(name, value)?;
            if headers.keys().any(|known: &&str| known.eq_ignore_ascii_case(name)) {
                return Err(HttpAnswerError::RepeatedHeader { name: name.clone() });
            }
            headers.insert(name.as_str(), value.as_str());
        }
        // These statuses have no body in HTTP; the host drops it, so it is not sent.
        let body = if matches!(self.status, 204 | 205 | 304) {
            ""
        } else {
            &self.body
        };
        Ok(CheckedAnswer {
            status_code: self.status,
            headers,
            body,
        })
    }
}

fn check_header(name: &str, value: &str) -> Result<(), HttpAnswerError> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(HttpAnswerError::HeaderName { name: name.to_owned() });
    }
    if ["Connection", "Content-Length", "Transfer-Encoding"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
    {
        return Err(HttpAnswerError::HostHeader { name: name.to_owned() });
    }
    if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\t') {
        return Err(HttpAnswerError::HeaderValue { name: name.to_owned() });
    }
    if looks_like_timestamp(value) {
        return Err(HttpAnswerError::Timestamp {
            place: format!("the HTTP header `{name}`"),
        });
    }
    Ok(())
}
