//! Reading documents that people write: tolerant, but never silently.

mod fields;
mod lenient_json;

use std::fmt;

use serde::Serialize;
use thiserror::Error;

pub(crate) use fields::{Fields, read_scalar};
pub(crate) use lenient_json::to_strict;

/// A document and what was odd about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// What the host would make of the text.
    pub document: T,
    /// What the host ignores, or treats differently from what the writer may expect.
    pub warnings: Vec<Warning>,
}

/// Something in a document that has no effect or an unexpected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where, such as `extensions.queues.batchsize`.
    pub path: String,
    /// What.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` {}", self.path, self.message)
    }
}

/// Why a host.json or function.json cannot be used. The host would refuse it as well.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// Not JSON, comments and trailing commas forgiven as the host forgives them.
    #[error("the document is not JSON")]
    Syntax(#[source] serde_json::Error),
    /// A value of another type than the host can use.
    #[error("`{path}` must be {expected}")]
    Type {
        /// Where, such as `extensions.queues.batchSize`.
        path: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A value that the host refuses.
    #[error("`{path}` is `{value}`, but must be {expected}")]
    Value {
        /// Where, such as `bindings[0].name`.
        path: String,
        /// The value.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Something without which the host refuses the document.
    #[error("`{path}` is missing")]
    Missing {
        /// Where, such as `bindings[0].queueName`.
        path: String,
    },
}

/// The one form of a rendered document: members in a fixed order, indented by two blanks, a line break at the end.
pub(crate) fn render<T: Serialize>(document: &T) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a typed document has a JSON form");
    text.push('\n');
    text
}
