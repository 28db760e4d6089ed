use jiff::tz::TimeZone;

use super::{Value, double_text, single_text};
use crate::newtonsoft;

/// What `ToString` or `Convert.ToString` makes of a value in the invariant culture: numbers without a forced fraction,
/// `True`, a general date, JSON text for arrays and objects (indented, as `JToken.ToString` prints).
pub fn to_invariant_text(value: &Value, zone: &TimeZone) -> String {
    match value {
        Value::Null => String::new(),
        Value::Boolean(true) => "True".into(),
        Value::Boolean(false) => "False".into(),
        Value::Integer(number) => number.to_string(),
        Value::BigInteger(digits) | Value::Decimal(digits) => digits.clone(),
        Value::Double(number) => double_text(*number),
        Value::Single(number) => single_text(*number),
        Value::String(text) => text.clone(),
        Value::Bytes(_) => "System.Byte[]".into(),
        Value::DateTime(moment) => moment.general_text(),
        Value::DateTimeOffset(moment) => moment.general_text(),
        Value::Array(_) | Value::Object(_) => newtonsoft::indented(value, zone),
    }
}
