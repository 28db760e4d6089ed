//! HTTP triggers.

use functions_protocol::{Answer, HttpRequest, Output};

use super::sealed::Sealed;
use super::{Edge, Trigger};
use crate::declaration::Declaration;
use crate::failure::{Failure, log_retry};
use crate::problem::{HttpFailure, Problem};
use crate::reply::Reply;

pub use functions_protocol::function_json::AuthLevel;

/// Name of the output that carries the answer to the caller.
pub(crate) const ANSWER_BINDING: &str = "res";

/// Runs a function for each HTTP request to its route.
///
/// Every failure, a panic included, reaches the caller as problem JSON (RFC 9457). For the host such an invocation is
/// a success: it would answer a failed one with 500 and an empty body.
#[derive(Debug)]
pub struct HttpTrigger {
    pub(crate) binding: &'static str,
    pub(crate) methods: Vec<&'static str>,
    pub(crate) route: Option<&'static str>,
    pub(crate) auth_level: AuthLevel,
}

impl HttpTrigger {
    pub(crate) fn new(binding: &'static str) -> Self {
        Self {
            binding,
            methods: Vec::new(),
            route: None,
            auth_level: AuthLevel::Function,
        }
    }

    /// The route below the prefix `/api`, with parameters as in `items/{id:int?}`. Default: the function's name.
    #[must_use]
    pub fn route(self, route: &'static str) -> Self {
        Self {
            route: Some(route),
            ..self
        }
    }

    /// Adds a method, such as `get`. Without any, the function answers all of them.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.methods.push(method);
        self
    }

    /// Adds GET.
    #[must_use]
    pub fn get(self) -> Self {
        self.method("get")
    }

    /// Adds POST.
    #[must_use]
    pub fn post(self) -> Self {
        self.method("post")
    }

    /// Which key a caller must have. Default: the function's own or the app's.
    #[must_use]
    pub fn auth_level(self, auth_level: AuthLevel) -> Self {
        Self { auth_level, ..self }
    }

    /// No key is asked for.
    #[must_use]
    pub fn anonymous(self) -> Self {
        self.auth_level(AuthLevel::Anonymous)
    }
}

impl Sealed for HttpTrigger {}

impl Trigger for HttpTrigger {
    type Value = HttpRequest;
    type Known = Problem;

    fn declare(&self, declaration: &mut Declaration) {
        declaration.http_trigger(self);
    }

    async fn read(&self, at: &Edge<'_>) -> Result<HttpRequest, HttpFailure> {
        Ok(at.invocation.http_request(self.binding)?)
    }

    async fn settle(&self, failure: HttpFailure, at: &Edge<'_>) -> Reply {
        let problem = match failure {
            Failure::Known(problem) => {
                tracing::debug!(status = problem.status(), "answered with a problem: {problem}");
                problem
            }
            // What went wrong inside is for the log; a caller gets the id under which it stands there.
            Failure::Retry(error) => {
                log_retry(&*error);
                Problem::new(500, "The function failed")
                    .detail(format!("The log has the reason under the invocation {}.", at.id))
            }
        };
        reply(&problem)
    }

    fn refuse(&self, status: u16, reason: &str) -> Reply {
        reply(&Problem::new(status, "The request was not processed").detail(reason))
    }
}

fn reply(problem: &Problem) -> Reply {
    match Output::http(&problem.to_answer()) {
        Ok(output) => Reply::success(&Answer::new().output(ANSWER_BINDING, output)),
        Err(error) => Reply::failure(&error.to_string()),
    }
}
