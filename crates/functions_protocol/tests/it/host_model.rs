//! A small model of what the host makes of an output's value, checked against every captured case that it covers. It
//! covers the forms that answers of this crate use; none stands for every other form and for values that the host
//! changes.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;

/// The messages that a queue output gets.
pub(crate) fn messages(value: &Value) -> Option<Vec<Vec<u8>>> {
    match value {
        Value::String(text) if is_rewritten(text) => None,
        Value::String(text) => Some(vec![match from_base64(text) {
            Some(bytes) => bytes,
            None if is_parsed(text) => return None,
            None => text.clone().into_bytes(),
        }]),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .filter(|text| !is_rewritten(text))
                    .map(|text| text.as_bytes().to_vec())
            })
            .collect(),
        _ => None,
    }
}

/// The content that a blob output gets.
pub(crate) fn blob(value: &Value) -> Option<Vec<u8>> {
    let text = value.as_str().filter(|text| !is_rewritten(text))?;
    Some(from_base64(text).unwrap_or_else(|| text.as_bytes().to_vec()))
}

/// Collectors parse text that begins and ends like JSON.
fn is_parsed(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}

/// The JSON reader takes some text for a moment, and it is printed in another form later.
fn is_rewritten(text: &str) -> bool {
    let is_iso = text.get(10..11) == Some("T")
        && text.get(16..17) == Some(":")
        && (text.parse::<Timestamp>().is_ok() || text.parse::<DateTime>().is_ok());
    is_iso || (text.starts_with("/Date(") && text.ends_with(")/"))
}

/// .NET skips white space, wants padding, and does not mind bits set beyond the last byte.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let compact: String = text
        .chars()
        .filter(|character| !matches!(character, ' ' | '\t' | '\r' | '\n'))
        .collect();
    GeneralPurpose::new(&ALPHABET, config).decode(compact).ok()
}
