//! One value of an invocation request, decoded by what the binding is, never by what the content looks like.
//!
//! The host converts every value once before it serialises the document: text becomes a JSON string *inside* a JSON
//! string, numbers and booleans become JSON strings, bytes become one base64 string, objects stay objects. Text of
//! digits and base64 text cannot be told apart afterwards, so the caller names the kind.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use thiserror::Error;

/// What the host sends for an input that has no value, such as a blob that does not exist.
const NULL: &str = "null";

/// Why a value of an invocation request could not be read as the kind that its binding has.
#[derive(Debug, Error)]
pub enum ValueError {
    /// Text is a JSON string within a JSON string; the outer one was expected here.
    #[error("it is not a JSON string")]
    NotAString(#[source] serde_json::Error),
    /// The content of the JSON string is not JSON text itself.
    #[error("its JSON string does not hold JSON-encoded text")]
    NotEncodedText(#[source] serde_json::Error),
    /// A binary value whose string is not base64.
    #[error("its JSON string is not base64")]
    NotBase64(#[source] base64::DecodeError),
    /// An object that lacks members or has members of other types.
    #[error("it is not an object of the expected shape")]
    Shape(#[source] serde_json::Error),
}

/// The content of a JSON string, borrowed where it holds no escapes.
pub(crate) fn string(raw: &RawValue) -> Result<Cow<'_, str>, ValueError> {
    let json = raw.get();
    // A raw value is valid JSON already, so without a backslash its content is what stands between the quotes.
    if let Some(content) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && !content.contains('\\')
    {
        return Ok(Cow::Borrowed(content));
    }
    serde_json::from_str::<String>(json)
        .map(Cow::Owned)
        .map_err(ValueError::NotAString)
}

/// Text of a text binding.
pub(crate) fn text(raw: &RawValue) -> Result<String, ValueError> {
    let encoded = string(raw)?;
    serde_json::from_str(&encoded).map_err(ValueError::NotEncodedText)
}

/// Text of an input binding beside the trigger; none where the host had no value.
pub(crate) fn optional_text(raw: &RawValue) -> Result<Option<String>, ValueError> {
    let encoded = string(raw)?;
    if encoded == NULL {
        return Ok(None);
    }
    serde_json::from_str(&encoded)
        .map(Some)
        .map_err(ValueError::NotEncodedText)
}

/// Bytes of a binding with `dataType` `binary`.
pub(crate) fn bytes(raw: &RawValue) -> Result<Vec<u8>, ValueError> {
    STANDARD.decode(string(raw)?.as_bytes()).map_err(ValueError::NotBase64)
}

/// Bytes of an input binding beside the trigger; none where the host had no value.
pub(crate) fn optional_bytes(raw: &RawValue) -> Result<Option<Vec<u8>>, ValueError> {
    if string(raw)? == NULL {
        return Ok(None);
    }
    bytes(raw).map(Some)
}

/// A value that the host sends as a real JSON object.
pub(crate) fn object<T: DeserializeOwned>(raw: &RawValue) -> Result<T, ValueError> {
    serde_json::from_str(raw.get()).map_err(ValueError::Shape)
}

/// The text of any scalar in the metadata: encoded text decoded, anything else as it stands. Numbers keep their text.
/// None for an object.
pub(crate) fn scalar(raw: &RawValue) -> Option<Cow<'_, str>> {
    let content = string(raw).ok()?;
    if content.starts_with('"')
        && let Ok(decoded) = serde_json::from_str::<String>(&content)
    {
        return Some(Cow::Owned(decoded));
    }
    Some(content)
}
