//! `function.json`: the declaration of one function.

mod binding;
mod read;
mod retry;
mod rules;

use serde::ser::{Serialize, SerializeStruct, Serializer};

pub use crate::document::DocumentError;
pub use binding::{AuthLevel, Binding, BindingKind, DataType, Direction};
pub use retry::Retry;

use crate::document::{self, Read};

/// The declaration of one function: its bindings and its retry policy. The function's name is that of its folder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FunctionJson {
    /// The trigger and the other bindings, in the order in which they are written.
    pub bindings: Vec<Binding>,
    /// How the host repeats a failed run on its own.
    pub retry: Option<Retry>,
}

impl FunctionJson {
    /// A function with these bindings and no retry policy.
    #[must_use]
    pub fn new(bindings: Vec<Binding>) -> Self {
        Self { bindings, retry: None }
    }

    /// The trigger: the first binding of a trigger type.
    #[must_use]
    pub fn trigger(&self) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.kind.is_trigger())
    }

    /// Reads a document as the host does. Bindings of types that this crate does not know are kept by name.
    ///
    /// # Errors
    /// What the host would refuse: no JSON, no or several triggers, bad or repeated names, missing or mistyped
    /// properties, a bad retry policy.
    pub fn read(text: &str) -> Result<Read<Self>, DocumentError> {
        read::read(text)
    }

    /// The document as text: pretty, members in a fixed order, a line break at the end.
    ///
    /// # Errors
    /// Everything that the host would refuse or read differently, and what works by chance only: a queue or container
    /// name that storage refuses, a schedule without seconds, a data type where it has no or a harmful effect.
    pub fn render(&self) -> Result<String, DocumentError> {
        rules::check_strictly(self)?;
        Ok(document::render(self))
    }
}

impl Serialize for FunctionJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("FunctionJson", 1 + usize::from(self.retry.is_some()))?;
        document.serialize_field("bindings", &self.bindings)?;
        if let Some(retry) = &self.retry {
            document.serialize_field("retry", retry)?;
        }
        document.end()
    }
}
