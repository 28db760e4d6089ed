//! Failures that an HTTP caller sees: problem details for HTTP APIs (RFC 9457).

use std::fmt;

use functions_protocol::{HttpAnswer, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{Failure, HandlerError};
use crate::trigger::HttpTrigger;

/// A failure that the caller of an HTTP function is told about: a status and some words, answered as
/// `application/problem+json`.
///
/// It does not implement [`std::error::Error`] on purpose: any other error of a handler becomes a bare 500.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    status: u16,
    title: String,
    detail: Option<String>,
    members: Map<String, Value>,
}

/// The error of an HTTP handler that has both kinds: `?` on any error means 500, `?` on a [`Problem`] means that answer.
pub type HttpFailure = Failure<Problem>;

impl Problem {
    /// A problem with an HTTP status from 400 to 599 and a title that says what kind of problem it is.
    pub fn new(status: u16, title: impl Into<String>) -> Self {
        Self {
            status,
            title: title.into(),
            detail: None,
            members: Map::new(),
        }
    }

    /// What is wrong in this case, for the caller to read.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// A further member for programs, such as the name of the wrong field.
    #[must_use]
    pub fn member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The answer with this problem as its JSON body.
    pub fn to_answer(&self) -> HttpAnswer {
        let mut body = self.members.clone();
        body.insert("type".into(), "about:blank".into());
        body.insert("title".into(), self.title.as_str().into());
        body.insert("status".into(), self.status.into());
        if let Some(detail) = &self.detail {
            body.insert("detail".into(), detail.as_str().into());
        }
        HttpAnswer::with_content_type(self.status, "application/problem+json", Value::Object(body).to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl From<Problem> for HttpFailure {
    fn from(problem: Problem) -> Self {
        Self::Known(problem)
    }
}

impl HandlerError<HttpTrigger> for Problem {
    fn into_failure(self) -> HttpFailure {
        Failure::Known(self)
    }
}

impl HandlerError<HttpTrigger> for HttpFailure {
    fn into_failure(self) -> HttpFailure {
        self
    }
}

/// Typed reading of a request.
pub trait HttpRequestExt {
    /// The JSON body as a `T`.
    ///
    /// # Errors
    /// A [`Problem`] with status 400 that names the place in the body that is wrong.
    fn json<T: DeserializeOwned>(&self) -> Result<T, Problem>;
}

impl HttpRequestExt for HttpRequest {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let problem = |detail: String| Problem::new(400, "The request body is not usable").detail(detail);
        let text = self
            .text()
            .ok_or_else(|| problem("A JSON body is needed.".to_owned()))?;
        serde_json::from_str(text).map_err(|error| problem(error.to_string()))
    }
}
