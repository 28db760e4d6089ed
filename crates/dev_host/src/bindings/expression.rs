//! Binding expressions: `{name}` in queue names and blob paths, filled from the trigger's data.

use host_rules::dotnet::{Value, to_invariant_text};
use host_rules::wire::{BindingData, Trigger, TriggerValue};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What expressions of one invocation are filled from.
#[derive(Clone, Debug)]
pub struct Names {
    data: BindingData,
    zone: TimeZone,
    now: Timestamp,
    function: String,
    guid: String,
}

/// An expression without a value: the invocation fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// The trigger has no value of this name.
    #[error("no value for '{{{0}}}': the trigger's data has nothing of that name")]
    Missing(String),
    /// A bracket without its partner.
    #[error("{0:?} has an unbalanced bracket")]
    Unbalanced(String),
}

impl Names {
    /// The names that this trigger offers. `guid` is the invocation's `sys.RandGuid`.
    pub fn new(trigger: &Trigger, function: &str, zone: &TimeZone, now: Timestamp, guid: &str) -> Self {
        let mut data = trigger.binding_data.clone();
        if let TriggerValue::Value(Value::String(text)) = &trigger.value {
            data.apply_json_text(text, zone);
        }
        Self {
            data,
            zone: zone.clone(),
            now,
            function: function.to_owned(),
            guid: guid.to_owned(),
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let (first, rest) = name
            .split_once('.')
            .map_or((name, None), |(first, rest)| (first, Some(rest)));
        if first.eq_ignore_ascii_case("sys") {
            return match rest?.to_ascii_lowercase().as_str() {
                "methodname" => Some(self.function.clone()),
                "utcnow" => Some(self.now.to_string()),
                "randguid" => Some(self.guid.clone()),
                _ => None,
            };
        }
        if name.eq_ignore_ascii_case("rand-guid") {
            return Some(self.guid.clone());
        }
        if let Some(format) = name.strip_prefix("datetime:") {
            return Some(date_time(format, self.now));
        }
        let mut value = self.data.get(first)?;
        for part in rest.into_iter().flat_map(|rest| rest.split('.')) {
            value = value.member_ignoring_case(part)?;
        }
        (*value != Value::Null).then(|| to_invariant_text(value, &self.zone))
    }
}

/// Fills the expressions of `text`. `{{` and `}}` stand for single brackets.
///
/// # Errors
/// A name without a value, or unbalanced brackets.
pub fn resolve(text: &str, names: &Names) -> Result<String, ExpressionError> {
    let unbalanced = || ExpressionError::Unbalanced(text.to_owned());
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let bracket = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix(bracket) {
            filled.push_str(bracket);
            rest = after;
            continue;
        }
        let end = after.find('}').filter(|_| bracket == "{").ok_or_else(unbalanced)?;
        let name = after[..end].trim();
        filled.push_str(
            &names
                .value(name)
                .ok_or_else(|| ExpressionError::Missing(name.to_owned()))?,
        );
        rest = &after[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The .NET date patterns that paths use.
fn date_time(format: &str, now: Timestamp) -> String {
    let patterns = [
        ("yyyy", "%Y"),
        ("MM", "%m"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("mm", "%M"),
        ("ss", "%S"),
    ];
    let mut text = format.replace('%', "%%");
    for (dotnet, strftime) in patterns {
        text = text.replace(dotnet, strftime);
    }
    now.to_zoned(TimeZone::UTC).strftime(&text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, ExpressionError> {
        let mut data = BindingData::new();
        data.set("Id", Value::from("m1"));
        data.set("Query", Value::Object(vec![("kind".to_owned(), Value::from("apt"))]));
        let trigger = Trigger::new(Value::from(r#"{"orderId":7,"a":{"b":"x"}}"#), data);
        let now = "2026-11-20T10:05:00Z".parse().unwrap();
        resolve(text, &Names::new(&trigger, "f", &TimeZone::UTC, now, "guid"))
    }

    #[test]
    fn names_are_filled_from_metadata_and_payload() {
        for (text, expected) in [
            ("work", "work"),
            ("q-{id}-{orderId}", "q-m1-7"),
            ("{a.b}/{query.kind}", "x/apt"),
            ("{sys.methodname}/{rand-guid}", "f/guid"),
            ("{datetime:yyyy-MM-dd}/{{x}}", "2026-11-20/{x}"),
        ] {
            assert_eq!(filled(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn missing_names_and_lone_brackets_are_refused() {
        assert_eq!(filled("{nope}"), Err(ExpressionError::Missing("nope".into())));
        assert!(matches!(filled("a{b"), Err(ExpressionError::Unbalanced(_))));
        assert!(matches!(filled("a}b"), Err(ExpressionError::Unbalanced(_))));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_filled_or_refused(text in "[{}a-z.:é]{0,30}") {
            let _ = filled(&text);
        }
    }
}
