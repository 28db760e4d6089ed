use jiff::tz::TimeZone;

use super::binding_data::looks_like_json;
use crate::dotnet::{Value, to_invariant_text};
use crate::function::Binding;
use crate::newtonsoft::{Reader, SyntaxError, compact};

/// What an output binding takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collector {
    /// Messages as bytes: queue, eventHub, eventGrid.
    Bytes,
    /// Messages as text: serviceBus.
    Text,
    /// Documents: cosmosDB, table, sendGrid.
    Documents,
    /// One stream: blob.
    Stream,
}

/// What an output binding received.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivered {
    /// Messages.
    Messages(Vec<Vec<u8>>),
    /// Messages.
    Texts(Vec<String>),
    /// Documents; what is no object arrives as null.
    Documents(Vec<Value>),
    /// The content of a blob.
    Stream(Vec<u8>),
}

/// A value that a binding cannot take: the invocation fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// Text between braces or brackets that is no JSON.
    #[error("the text looks like JSON but is none")]
    Syntax(#[source] SyntaxError),
    /// A timestamp or a huge integer for a blob.
    #[error("Value cannot be null. (Parameter 'buffer')")]
    NoBytes,
}

impl Collector {
    /// The kind of an output binding's type; `None` for http and for types that this crate does not know.
    pub fn of(binding: &Binding) -> Option<Self> {
        let is = |kinds: &[&str]| kinds.iter().any(|kind| binding.is(kind));
        if is(&["queue", "eventHub", "eventGrid"]) {
            Some(Self::Bytes)
        } else if is(&["serviceBus"]) {
            Some(Self::Text)
        } else if is(&["cosmosDB", "table", "sendGrid"]) {
            Some(Self::Documents)
        } else if is(&["blob"]) {
            Some(Self::Stream)
        } else {
            None
        }
    }

    /// What a binding has received when its value could not be converted.
    pub(super) fn nothing(self) -> Delivered {
        match self {
            Self::Bytes => Delivered::Messages(Vec::new()),
            Self::Text => Delivered::Texts(Vec::new()),
            Self::Documents => Delivered::Documents(Vec::new()),
            Self::Stream => Delivered::Stream(Vec::new()),
        }
    }
}

/// Hands one value of `Outputs` to its binding.
pub fn deliver(collector: Collector, value: &Value, zone: &TimeZone) -> Result<Delivered, OutputError> {
    if collector == Collector::Stream {
        return stream_bytes(value, zone).map(Delivered::Stream);
    }
    let parsed = match value {
        Value::String(text) if looks_like_json(text) => {
            Some(Reader::new(text, zone).read_document().map_err(OutputError::Syntax)?)
        }
        _ => None,
    };
    let items = match parsed.as_ref().unwrap_or(value) {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let text = |item: &Value| to_invariant_text(item, zone);
    Ok(match collector {
        Collector::Bytes => Delivered::Messages(
            items
                .iter()
                .map(|item| {
                    if let Value::Bytes(bytes) = item {
                        bytes.clone()
                    } else {
                        text(item).into_bytes()
                    }
                })
                .collect(),
        ),
        Collector::Text => Delivered::Texts(items.iter().map(text).collect()),
        Collector::Documents | Collector::Stream => Delivered::Documents(
            items
                .iter()
                .map(|item| {
                    if let Value::Object(_) = item {
                        item.clone()
                    } else {
                        Value::Null
                    }
                })
                .collect(),
        ),
    })
}

/// Text as UTF-8, JSON compact, numbers and booleans as raw memory.
fn stream_bytes(value: &Value, zone: &TimeZone) -> Result<Vec<u8>, OutputError> {
    Ok(match value {
        Value::Bytes(bytes) => bytes.clone(),
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(_) | Value::Object(_) => compact(value, zone).into_bytes(),
        // The host keeps the low 32 bits of an integer.
        Value::Integer(number) => number.to_le_bytes()[..4].to_vec(),
        Value::Double(number) => number.to_le_bytes().to_vec(),
        Value::Boolean(value) => vec![u8::from(*value)],
        _ => return Err(OutputError::NoBytes),
    })
}
