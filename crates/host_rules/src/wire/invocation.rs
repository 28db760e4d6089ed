use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::encoding::write_value;
use super::trigger::{Trigger, TriggerValue};
use crate::dotnet::{DateTime, DateTimeKind, Value};
use crate::function::Function;
use crate::newtonsoft::quote;

/// All that goes into one invocation request.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    /// The function.
    pub function: &'a Function,
    /// What triggered it.
    pub trigger: Trigger,
    /// The values of the input bindings, by binding name.
    pub inputs: Vec<(String, Value)>,
    /// `sys.UtcNow`.
    pub utc_now: Timestamp,
    /// `sys.RandGuid`.
    pub random_guid: String,
    /// Present when the function or the host has a retry policy.
    pub retry: Option<RetryContext>,
}

/// The `RetryContext` of `Metadata`.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryContext {
    /// 0 for the first try.
    pub retry_count: u32,
    /// -1 for ever.
    pub max_retry_count: i64,
    /// The exception of the try before, see [`super::exception_value`]; `Null` for the first try.
    pub exception: Value,
}

/// The body of `POST /<function>`, sent as `application/json; charset=utf-8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestBody(pub String);

/// Builds the request body `{"Data":{...},"Metadata":{...}}`.
pub fn build_invocation(invocation: &Invocation<'_>, zone: &TimeZone) -> RequestBody {
    let trigger = &invocation.trigger;
    let mut out = String::from(r#"{"Data":{"#);
    if let Some(binding) = invocation.function.trigger() {
        quote(&mut out, &binding.name);
        out.push(':');
        write_value(&mut out, trigger.value.value(), zone);
    }
    for (name, value) in &invocation.inputs {
        out.push(',');
        quote(&mut out, name);
        out.push(':');
        write_value(&mut out, value, zone);
    }
    out.push_str(r#"},"Metadata":{"#);
    let mut first = true;
    for (name, value) in metadata(invocation, zone)
        .iter()
        .filter(|(name, value)| is_shown(name, value))
    {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        quote(&mut out, name);
        out.push(':');
        write_value(&mut out, value, zone);
    }
    out.push_str("}}");
    RequestBody(out)
}

/// Null values and names that end in `trigger` (any case) never reach the handler.
fn is_shown(name: &str, value: &Value) -> bool {
    const SUFFIX: &str = "trigger";
    *value != Value::Null && !name.to_ascii_lowercase().ends_with(SUFFIX)
}

fn metadata(invocation: &Invocation<'_>, zone: &TimeZone) -> super::BindingData {
    let mut data = invocation.trigger.binding_data.clone();
    if let Some(binding) = invocation.function.trigger() {
        if let TriggerValue::Http(_) = invocation.trigger.value {
            // The binding data holds the request itself under this name, and a request is never shown.
            data.set(&binding.name, Value::Null);
        } else if invocation.trigger.manual {
            data.set(&binding.name, invocation.trigger.value.value().clone());
        }
    }
    let system = system_object(invocation);
    // A query parameter or property of that name keeps it; the system object then moves.
    let name = if data.get("sys").is_some() { "$sys" } else { "sys" };
    data.set_if_absent(name, system);
    if let TriggerValue::Value(Value::String(text)) = &invocation.trigger.value {
        data.apply_json_text(text, zone);
    }
    if let Some(retry) = &invocation.retry {
        let context = Value::Object(vec![
            ("RetryCount".to_owned(), Value::Integer(i64::from(retry.retry_count))),
            ("MaxRetryCount".to_owned(), Value::Integer(retry.max_retry_count)),
            ("Exception".to_owned(), retry.exception.clone()),
            ("Instance".to_owned(), Value::Null),
            ("State".to_owned(), Value::Object(Vec::new())),
        ]);
        data.set("RetryContext", context);
    }
    data
}

fn system_object(invocation: &Invocation<'_>) -> Value {
    let now = DateTime {
        wall: TimeZone::UTC.to_datetime(invocation.utc_now),
        kind: DateTimeKind::Utc,
    };
    Value::Object(vec![
        ("MethodName".to_owned(), Value::from(invocation.function.name.as_str())),
        ("UtcNow".to_owned(), Value::DateTime(now)),
        ("RandGuid".to_owned(), Value::from(invocation.random_guid.as_str())),
    ])
}
