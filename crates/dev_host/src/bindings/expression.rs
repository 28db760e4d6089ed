//! What binding expressions of one invocation are filled from.

use host_rules::dotnet::Value;
use host_rules::function::{BindingExpression, Circumstances, ExpressionError, MissingValue};
use host_rules::wire::{BindingData, Trigger, TriggerValue};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The names that one invocation's trigger offers.
#[derive(Clone, Debug)]
pub struct Names {
    data: BindingData,
    zone: TimeZone,
    now: Timestamp,
    function: String,
    guid: String,
}

/// A queue name or path cannot be filled: the invocation fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no expression.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// A name in it has no value.
    #[error(transparent)]
    Missing(#[from] MissingValue),
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

    /// Fills `{name}` in a queue name or blob path.
    ///
    /// # Errors
    /// The text is no expression, or a name in it has no value.
    pub fn fill(&self, text: &str) -> Result<String, NameError> {
        let circumstances = Circumstances {
            function: &self.function,
            now: self.now,
            random_guid: &|| self.guid.clone(),
            zone: &self.zone,
        };
        Ok(BindingExpression::parse(text)?.resolve(&self.data, &circumstances)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_metadata_and_from_the_payload() {
        let mut data = BindingData::new();
        data.set("Id", Value::from("m1"));
        let trigger = Trigger::new(Value::from(r#"{"orderId":7}"#), data);
        let now = "2026-11-20T10:05:00Z".parse().unwrap();
        let names = Names::new(&trigger, "f", &TimeZone::UTC, now, "guid");
        assert_eq!(names.fill("q-{id}-{orderId}-{rand-guid}").unwrap(), "q-m1-7-guid");
        assert_eq!(
            names.fill("{nope}"),
            Err(NameError::Missing(MissingValue("nope".into())))
        );
    }
}
