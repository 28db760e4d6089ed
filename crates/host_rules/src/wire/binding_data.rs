use jiff::tz::TimeZone;

use crate::dotnet::{Value, to_invariant_text};
use crate::newtonsoft::Reader;

/// The binding data of a trigger: names that ignore case, in order of insertion. A value that is set again keeps the first
/// spelling of its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BindingData(Vec<(String, Value)>);

impl BindingData {
    /// No data.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a value.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| same_name(known, name)) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Adds a value unless the name is taken.
    pub fn set_if_absent(&mut self, name: &str, value: Value) {
        if self.get(name).is_none() {
            self.0.push((name.to_owned(), value));
        }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(known, _)| same_name(known, name))
            .map(|(_, value)| value)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Adds the top-level properties of a trigger text that is a JSON object (`Utility.ApplyBindingData`).
    pub fn apply_json_text(&mut self, text: &str, zone: &TimeZone) {
        for (name, value) in json_properties(text, zone) {
            self.set(&name, value);
        }
    }
}

impl<'a> FromIterator<(&'a str, Value)> for BindingData {
    fn from_iter<T: IntoIterator<Item = (&'a str, Value)>>(values: T) -> Self {
        let mut data = Self::new();
        for (name, value) in values {
            data.set(name, value);
        }
        data
    }
}

pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

/// `Utility.IsJson`: only the brackets are looked at.
pub(super) fn looks_like_json(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}

/// The properties of a JSON object: objects as they are, other values as .NET's text, arrays and nulls left out.
pub(super) fn json_properties(text: &str, zone: &TimeZone) -> Vec<(String, Value)> {
    if !looks_like_json(text) {
        return Vec::new();
    }
    let Ok(Value::Object(members)) = Reader::new(text, zone).read_document() else {
        return Vec::new();
    };
    let binding_value = |value: Value| match value {
        Value::Array(_) | Value::Null => None,
        Value::Object(_) => Some(value),
        other => Some(Value::String(to_invariant_text(&other, zone))),
    };
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name, binding_value(value)?)))
        .collect()
}
