use super::{DateTime, DateTimeOffset};

/// A value as the host holds it. `Guid`, `TimeSpan`, `Uri`, `char` and the like are [`Value::String`]: the host writes
/// them exactly as their text.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// No value: a missing blob, an absent optional route parameter.
    #[default]
    Null,
    /// `Boolean`.
    Boolean(bool),
    /// Any integer type up to `Int64`, and enumerations.
    Integer(i64),
    /// An integer beyond `Int64` in canonical decimal digits.
    BigInteger(String),
    /// `Double`.
    Double(f64),
    /// `Single`.
    Single(f32),
    /// `Decimal`, whose trailing zeros count.
    Decimal(String),
    /// Text.
    String(String),
    /// `byte[]`.
    Bytes(Vec<u8>),
    /// `DateTime`, with the kind that decides how it is printed.
    DateTime(DateTime),
    /// `DateTimeOffset`.
    DateTimeOffset(DateTimeOffset),
    /// An array or list.
    Array(Vec<Value>),
    /// An object or dictionary, members in order.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The member of an object by its exact name.
    pub fn member(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The member of an object by name, the exact spelling before another one.
    pub fn member_ignoring_case(&self, name: &str) -> Option<&Value> {
        let Self::Object(members) = self else { return None };
        self.member(name).or_else(|| {
            members
                .iter()
                .find(|(key, _)| key.to_lowercase() == name.to_lowercase())
                .map(|(_, value)| value)
        })
    }

    /// The integer that these digits (with an optional sign) mean: small ones as [`Value::Integer`].
    pub fn integer(digits: &str) -> Self {
        let (sign, magnitude) = match digits.strip_prefix('-') {
            Some(magnitude) => ("-", magnitude),
            None => ("", digits.strip_prefix('+').unwrap_or(digits)),
        };
        let magnitude = magnitude.trim_start_matches('0');
        if magnitude.is_empty() {
            return Self::Integer(0);
        }
        let canonical = format!("{sign}{magnitude}");
        canonical.parse().map_or(Self::BigInteger(canonical), Self::Integer)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}
