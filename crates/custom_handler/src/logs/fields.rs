//! The message and fields of an event or span, as text and as JSON.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

/// Collects `message` apart from the other fields.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) message: String,
    pub(crate) others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.others.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::String(value.to_owned()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(
            field,
            serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number),
        );
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, Value::String(crate::failure::chain(value)));
    }
}

/// Writes ` name=value` for each field; text with blanks in quotes.
pub(crate) fn write_pairs(line: &mut String, fields: &Map<String, Value>) {
    for (name, value) in fields {
        line.push(' ');
        write_visible(line, name);
        line.push('=');
        match value {
            Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => write_visible(line, text),
            // A quoted JSON string shows where the text ends, and escapes line breaks.
            other => write!(line, "{other}").unwrap_or_default(),
        }
    }
}

/// Writes text so that it stays on its line: foreign text must not be able to forge further lines.
pub(crate) fn write_visible(line: &mut String, text: &str) {
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
}
