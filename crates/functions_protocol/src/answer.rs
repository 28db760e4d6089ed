//! The handler's answer to an invocation request.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::output::Output;

/// What a successful run says: values of output bindings and lines for the host's log.
///
/// A failure is said by the HTTP status alone: the host ignores the body of an answer that is not 2xx. An answer is
/// never empty; the host would wait for an empty one until the function's time-out.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    outputs: Vec<(Cow<'static, str>, Output)>,
    logs: Vec<String>,
}

impl Answer {
    /// The content type that the host requires.
    pub const CONTENT_TYPE: &'static str = "application/json";

    /// The answer of a function without outputs: `{}`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of an output binding. Binding names are case-sensitive here, and the host ignores names that
    /// function.json does not declare. A second value for a binding replaces the first.
    #[must_use]
    pub fn output(mut self, binding: impl Into<Cow<'static, str>>, value: Output) -> Self {
        let binding = binding.into();
        match self.outputs.iter_mut().find(|(known, _)| *known == binding) {
            Some((_, current)) => *current = value,
            None => self.outputs.push((binding, value)),
        }
        self
    }

    /// Adds an entry that the host logs at Information level under the function's category. Lines of a handler's
    /// stdout arrive there too, and at once; this is for what must be tied to the invocation.
    #[must_use]
    pub fn log(mut self, entry: impl Into<String>) -> Self {
        self.logs.push(entry.into());
        self
    }

    /// The body to send with [`Answer::CONTENT_TYPE`] and status 200.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("names, log lines and checked outputs have a JSON form")
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = usize::from(!self.outputs.is_empty()) + usize::from(!self.logs.is_empty());
        let mut answer = serializer.serialize_struct("Answer", members)?;
        if !self.outputs.is_empty() {
            answer.serialize_field("Outputs", &Outputs(&self.outputs))?;
        }
        if !self.logs.is_empty() {
            answer.serialize_field("Logs", &self.logs)?;
        }
        answer.end()
    }
}

struct Outputs<'a>(&'a [(Cow<'static, str>, Output)]);

impl Serialize for Outputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut outputs = serializer.serialize_map(Some(self.0.len()))?;
        for (binding, value) in self.0 {
            outputs.serialize_entry(binding.as_ref(), value.json())?;
        }
        outputs.end()
    }
}
