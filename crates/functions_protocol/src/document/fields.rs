//! The members of one JSON object, taken out one by one; what is left over is warned about.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::{DocumentError, Warning};

/// Members of an object and where it stands. Names ignore case, as the host's configuration does.
pub(crate) struct Fields {
    path: String,
    members: Map<String, Value>,
}

impl Fields {
    /// The members of `value`, which stands at `path` (empty for the document itself).
    pub(crate) fn new(path: &str, value: Value) -> Result<Self, DocumentError> {
        match value {
            Value::Object(members) => Ok(Self {
                path: path.to_owned(),
                members,
            }),
            _ if path.is_empty() => Err(DocumentError::Type {
                path: ".".to_owned(),
                expected: "an object",
            }),
            _ => Err(DocumentError::Type {
                path: path.to_owned(),
                expected: "an object",
            }),
        }
    }

    /// The path of a member.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Takes a member out; null counts as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let key = self.members.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
        self.members.remove(&key).filter(|value| !value.is_null())
    }

    /// Takes an object out.
    pub(crate) fn take_fields(&mut self, name: &str) -> Result<Option<Self>, DocumentError> {
        let path = self.path(name);
        self.take(name).map(|value| Self::new(&path, value)).transpose()
    }

    /// Takes text out.
    pub(crate) fn take_text(&mut self, name: &str) -> Result<Option<String>, DocumentError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(DocumentError::Type {
                path: self.path(name),
                expected: "text",
            }),
        }
    }

    /// Takes text out that must be there.
    pub(crate) fn require_text(&mut self, name: &str) -> Result<String, DocumentError> {
        match self.take_text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(DocumentError::Missing { path: self.path(name) }),
        }
    }

    /// Takes a list of texts out.
    pub(crate) fn take_texts(&mut self, name: &str) -> Result<Option<Vec<String>>, DocumentError> {
        let mistyped = DocumentError::Type {
            path: self.path(name),
            expected: "a list of texts",
        };
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Some(text),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
                .map(Some)
                .ok_or(mistyped),
            Some(_) => Err(mistyped),
        }
    }

    /// Takes a number, boolean or duration out, which may also be written as text: app settings that override host.json
    /// are text.
    pub(crate) fn take_scalar<T: FromStr>(
        &mut self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, DocumentError> {
        let path = self.path(name);
        self.take(name)
            .map(|value| read_scalar(&path, &value, expected))
            .transpose()
    }

    /// Takes a boolean out, `true` and `false` in any case.
    pub(crate) fn take_bool(&mut self, name: &str) -> Result<Option<bool>, DocumentError> {
        let path = self.path(name);
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) => {
                read_scalar(&path, &Value::String(text.to_ascii_lowercase()), "true or false").map(Some)
            }
            Some(_) => Err(DocumentError::Type {
                path,
                expected: "true or false",
            }),
        }
    }

    /// Warns about every member that was not taken out.
    pub(crate) fn warn_about_rest(self, warnings: &mut Vec<Warning>) {
        for name in self.members.keys() {
            warnings.push(Warning {
                path: self.path(name),
                message: "is unknown and has no effect".to_owned(),
            });
        }
    }
}

/// Reads a scalar from JSON or from its text.
pub(crate) fn read_scalar<T: FromStr>(path: &str, value: &Value, expected: &'static str) -> Result<T, DocumentError> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => {
            return Err(DocumentError::Type {
                path: path.to_owned(),
                expected,
            });
        }
    };
    text.trim().parse().map_err(|_| DocumentError::Value {
        path: path.to_owned(),
        value: text,
        expected,
    })
}
