use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dotnet::{Value, to_invariant_text};
use crate::newtonsoft::Reader;
use crate::wire::BindingData;

/// A text with `{...}` in a binding's property, such as an output path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingExpression(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// Why a text is no binding expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// An opening brace without its closing one, or the reverse.
    #[error("the binding expression '{0}' has unbalanced braces")]
    Unbalanced(String),
    /// `{}`.
    #[error("the binding expression '{0}' has an empty name")]
    EmptyName(String),
}

/// A name without a value: the invocation fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no value for named parameter '{0}'")]
pub struct MissingValue(pub String);

/// What an expression may refer to besides the trigger's data.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// `{sys.MethodName}`.
    pub function: &'a str,
    /// `{sys.UtcNow}`, `{datetime:...}`.
    pub now: Timestamp,
    /// A GUID for each `{rand-guid}` and `{sys.RandGuid}`.
    pub random_guid: &'a dyn Fn() -> String,
    /// The host's zone, for dates inside JSON.
    pub zone: &'a TimeZone,
}

impl BindingExpression {
    /// Reads an expression; `{{` and `}}` stand for braces.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let unbalanced = || ExpressionError::Unbalanced(text.to_owned());
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '{' | '}' if characters.peek() == Some(&character) => {
                    characters.next();
                    literal.push(character);
                }
                '{' => {
                    let mut name = String::new();
                    loop {
                        match characters.next() {
                            Some('}') => break,
                            Some('{') | None => return Err(unbalanced()),
                            Some(other) => name.push(other),
                        }
                    }
                    if name.trim().is_empty() {
                        return Err(ExpressionError::EmptyName(text.to_owned()));
                    }
                    parts.extend((!literal.is_empty()).then(|| Part::Text(std::mem::take(&mut literal))));
                    parts.push(Part::Name(name.trim().to_owned()));
                }
                '}' => return Err(unbalanced()),
                other => literal.push(other),
            }
        }
        parts.extend((!literal.is_empty()).then_some(Part::Text(literal)));
        Ok(Self(parts))
    }

    /// The text for one invocation. Names are looked up without regard to case: trigger data, then properties of a trigger
    /// text that is JSON (they are part of `data` already), then what every invocation has.
    pub fn resolve(&self, data: &BindingData, circumstances: &Circumstances<'_>) -> Result<String, MissingValue> {
        self.0.iter().try_fold(String::new(), |mut text, part| {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Name(name) => {
                    text.push_str(&lookup(name, data, circumstances).ok_or_else(|| MissingValue(name.clone()))?);
                }
            }
            Ok(text)
        })
    }
}

fn lookup(name: &str, data: &BindingData, circumstances: &Circumstances<'_>) -> Option<String> {
    if let Some((root, path)) = name.split_once('.')
        && let Some(value) = data.get(root)
    {
        return path_value(value, path, circumstances.zone);
    }
    if let Some(value) = data.get(name) {
        return scalar_text(value, circumstances.zone);
    }
    match name.to_ascii_lowercase().as_str() {
        "rand-guid" | "sys.randguid" => Some((circumstances.random_guid)()),
        "sys.methodname" => Some(circumstances.function.to_owned()),
        "datetime" | "sys.utcnow" => Some(date_text("yyyy-MM-ddTHH-mm-ssK", circumstances.now)),
        lower if lower.starts_with("datetime:") => Some(date_text(&name["datetime:".len()..], circumstances.now)),
        _ => None,
    }
}

/// A member of an object, or of a text that is a JSON object, by a path of names.
fn path_value(value: &Value, path: &str, zone: &TimeZone) -> Option<String> {
    let parsed = match value {
        Value::String(text) => Some(Reader::new(text, zone).read_document().ok()?),
        _ => None,
    };
    let mut value = parsed.as_ref().unwrap_or(value);
    for name in path.split('.') {
        value = value.member_ignoring_case(name)?;
    }
    scalar_text(value, zone)
}

fn scalar_text(value: &Value, zone: &TimeZone) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) | Value::Bytes(_) => None,
        Value::DateTimeOffset(moment) => Some(moment.seconds_text().replace(':', "-")),
        other => Some(to_invariant_text(other, zone)),
    }
}

/// .NET's custom date formats as far as paths use them; other characters stand for themselves.
fn date_text(format: &str, now: Timestamp) -> String {
    let shown = TimeZone::UTC.to_datetime(now);
    let mut text = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let same = rest.chars().take_while(|character| *character == first).count();
        let number = |value: i64| {
            if same == 1 {
                value.to_string()
            } else {
                format!("{value:02}")
            }
        };
        let known = match first {
            'y' if same > 2 => Some(format!("{:0same$}", shown.year())),
            'y' => Some(number(i64::from(shown.year() % 100))),
            'M' if same <= 2 => Some(number(i64::from(shown.month()))),
            'd' if same <= 2 => Some(number(i64::from(shown.day()))),
            'H' => Some(number(i64::from(shown.hour()))),
            'h' => Some(number(i64::from((shown.hour() + 11) % 12 + 1))),
            'm' => Some(number(i64::from(shown.minute()))),
            's' => Some(number(i64::from(shown.second()))),
            'f' if same <= 7 => Some(format!("{:09}", shown.subsec_nanosecond())[..same].to_owned()),
            'K' => Some("Z".repeat(same)),
            _ => None,
        };
        let length = same * first.len_utf8();
        text.push_str(known.as_deref().unwrap_or(&rest[..length]));
        rest = &rest[length..];
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{BindingExpression, Circumstances, ExpressionError, MissingValue};
    use crate::dotnet::Value;
    use crate::wire::BindingData;

    fn resolve(text: &str) -> Result<String, MissingValue> {
        let data: BindingData = [
            ("QueueTrigger", Value::from(r#"{"order":{"id":7},"when":"x"}"#)),
            ("DequeueCount", Value::Integer(2)),
            ("order", Value::Object(vec![("id".to_owned(), Value::Integer(7))])),
        ]
        .into_iter()
        .collect();
        let circumstances = Circumstances {
            function: "Copy",
            now: "2026-11-20T09:05:07.25Z".parse().unwrap(),
            random_guid: &|| "guid".to_owned(),
            zone: &TimeZone::UTC,
        };
        BindingExpression::parse(text).unwrap().resolve(&data, &circumstances)
    }

    #[test]
    fn names_are_resolved_without_regard_to_case() {
        assert_eq!(resolve("out/{dequeuecount}.txt").as_deref(), Ok("out/2.txt"));
        assert_eq!(resolve("{order.id}-{QueueTrigger.order.id}").as_deref(), Ok("7-7"));
        assert_eq!(resolve("{rand-guid}/{sys.methodname}").as_deref(), Ok("guid/Copy"));
        assert_eq!(
            resolve("{datetime:yyyy-MM-dd/HH.mm.ss.fff}").as_deref(),
            Ok("2026-11-20/09.05.07.250")
        );
        assert_eq!(resolve("{{literal}}").as_deref(), Ok("{literal}"));
    }

    #[test]
    fn a_missing_value_is_named() {
        assert_eq!(resolve("{nothing}"), Err(MissingValue("nothing".to_owned())));
        assert_eq!(resolve("{order}"), Err(MissingValue("order".to_owned())));
        assert_eq!(resolve("{order.other}"), Err(MissingValue("order.other".to_owned())));
    }

    #[test]
    fn braces_must_balance() {
        assert!(matches!(
            BindingExpression::parse("a{b"),
            Err(ExpressionError::Unbalanced(_))
        ));
        assert!(matches!(
            BindingExpression::parse("a}b"),
            Err(ExpressionError::Unbalanced(_))
        ));
        assert!(matches!(
            BindingExpression::parse("{}"),
            Err(ExpressionError::EmptyName(_))
        ));
    }
}
