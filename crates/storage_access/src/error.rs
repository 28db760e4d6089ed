//! What can go wrong with a request.

use std::fmt;

use azure_core::error::ErrorKind;

/// A storage operation that did not succeed, after all tries.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {resource}")]
pub struct StorageError {
    pub(crate) operation: &'static str,
    pub(crate) resource: String,
    #[source]
    pub(crate) cause: Box<Cause>,
}

/// Why an operation failed. Shows neither addresses nor secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The service refused.
    #[error("the service answered {status} {}{}", .code.as_deref().unwrap_or("without a code"), Detail(.message))]
    Refused {
        /// HTTP status.
        status: u16,
        /// The service's error code, such as `ContainerNotFound`.
        code: Option<String>,
        /// The first line of the service's explanation.
        message: String,
    },
    /// No answer came: the connection could not be made, broke, or timed out. A write may have been applied.
    #[error("no answer: {message}")]
    NoAnswer {
        /// What the network said.
        message: String,
    },
    /// No token could be had for the identity.
    #[error("no token for the identity: {message}")]
    Credential {
        /// What the identity's source said.
        message: String,
    },
    /// The answer cannot be read.
    #[error("the answer cannot be read: {message}")]
    Unreadable {
        /// What is missing or wrong.
        message: String,
    },
    /// The blob is larger than its reader accepts.
    #[error("it has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The blob's size in bytes.
        size: u64,
        /// The reader's limit in bytes.
        limit: usize,
    },
    /// The connection names no address for this service.
    #[error("connection {connection} has no address for the {service} service")]
    NoEndpoint {
        /// The connection's name.
        connection: String,
        /// `blob` or `queue`.
        service: &'static str,
    },
    /// The request cannot be sent as it is.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
    },
}

/// `: text`, or nothing for an empty text.
struct Detail<'t>(&'t str);

impl fmt::Display for Detail<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(formatter, ": {}", self.0)
        }
    }
}

impl StorageError {
    pub(crate) fn new(operation: &'static str, resource: impl Into<String>, cause: Cause) -> Self {
        Self {
            operation,
            resource: resource.into(),
            cause: Box::new(cause),
        }
    }

    pub(crate) fn of(operation: &'static str, resource: impl Into<String>, error: &azure_core::Error) -> Self {
        Self::new(operation, resource, Cause::of(error))
    }

    /// Why it failed.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The HTTP status, if the service answered.
    pub fn status(&self) -> Option<u16> {
        match &*self.cause {
            Cause::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The service's error code, if it gave one.
    pub fn code(&self) -> Option<&str> {
        match &*self.cause {
            Cause::Refused { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// The container, blob, queue or message does not exist.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// The same request may succeed later: no answer, or the service was busy.
    pub fn is_transient(&self) -> bool {
        match &*self.cause {
            Cause::NoAnswer { .. } => true,
            Cause::Refused { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

impl Cause {
    pub(crate) fn of(error: &azure_core::Error) -> Self {
        let message = first_line(&deepest(error));
        match error.kind() {
            ErrorKind::HttpResponse {
                status,
                error_code,
                raw_response,
            } => {
                let explanation = raw_response
                    .as_deref()
                    .and_then(|raw| explanation(raw.body().as_ref()))
                    .unwrap_or_default();
                Self::Refused {
                    status: u16::from(*status),
                    code: error_code.clone(),
                    message: first_line(&explanation),
                }
            }
            ErrorKind::Connection | ErrorKind::Io => Self::NoAnswer { message },
            ErrorKind::Credential => Self::Credential { message },
            ErrorKind::DataConversion => Self::Unreadable { message },
            _ => Self::Invalid { message },
        }
    }
}

/// The innermost message: the outer ones only say that trying again has ended.
fn deepest(error: &azure_core::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The text of `<Message>` in the service's XML error.
fn explanation(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Message>")?;
    let (message, _) = rest.split_once("</Message>")?;
    Some(message.trim().to_owned())
}

fn first_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
