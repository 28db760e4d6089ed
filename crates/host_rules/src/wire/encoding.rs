use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;

use crate::dotnet::Value;
use crate::newtonsoft::{compact, quote};

/// Writes one value of `Data` or `Metadata`. Bytes and times become plain strings, objects stay objects, and everything
/// else becomes a string that holds JSON text.
pub(super) fn write_value(out: &mut String, value: &Value, zone: &TimeZone) {
    match value {
        Value::Bytes(bytes) => quote(out, &STANDARD.encode(bytes)),
        Value::DateTime(moment) => quote(out, &moment.seconds_text()),
        Value::DateTimeOffset(moment) => quote(out, &moment.seconds_text()),
        Value::Object(_) => out.push_str(&compact(value, zone)),
        _ => quote(out, &compact(value, zone)),
    }
}
