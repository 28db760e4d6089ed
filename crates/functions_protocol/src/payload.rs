//! Typed content of text: what a queue message means.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Longest piece of a foreign error text that an error repeats, in characters. serde quotes what it did not expect,
/// and that can be most of a 48 KiB message.
const LONGEST_REASON: usize = 300;

/// A value that travels as text.
pub trait Payload: Sized {
    /// The text for this value.
    ///
    /// # Errors
    /// When the value has no text, such as a map whose keys are not strings.
    fn encode(&self) -> Result<String, PayloadError>;

    /// The value of a text.
    ///
    /// # Errors
    /// When the text is not a `Self`; the error names the place.
    fn decode(text: &str) -> Result<Self, PayloadError>;
}

/// A [`Payload`] in JSON. Empty: implementing it says that the type's serde form is its message form.
pub trait JsonPayload: Serialize + DeserializeOwned {}

/// Why text and value could not be turned into one another.
#[derive(Debug, Error)]
pub enum PayloadError {
    /// The value has no JSON form.
    #[error("cannot write the payload as JSON: {reason}")]
    Encode {
        /// serde's words.
        reason: String,
    },
    /// The text is not the expected JSON.
    #[error("the payload is wrong at `{path}`: {reason}")]
    Decode {
        /// Path of the wrong value, such as `mirrors[2].url`; `.` for the document itself.
        path: String,
        /// serde's words, shortened.
        reason: String,
    },
}

impl<T: JsonPayload> Payload for T {
    fn encode(&self) -> Result<String, PayloadError> {
        serde_json::to_string(self).map_err(|error| PayloadError::Encode {
            reason: shorten(&error.to_string()).into(),
        })
    }

    fn decode(text: &str) -> Result<Self, PayloadError> {
        // Tracking the path costs time, so only a text that failed is read again with it.
        serde_json::from_str(text).map_err(|error| {
            let path = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text))
                .err()
                .map_or_else(|| ".".to_owned(), |error| error.path().to_string());
            PayloadError::Decode {
                path: shorten(&path).into(),
                reason: shorten(&error.to_string()).into(),
            }
        })
    }
}

/// Plain text, whatever it holds.
impl Payload for String {
    fn encode(&self) -> Result<String, PayloadError> {
        Ok(self.clone())
    }

    fn decode(text: &str) -> Result<Self, PayloadError> {
        Ok(text.to_owned())
    }
}

fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Mirror {
        url: String,
        #[serde(default)]
        suites: Vec<String>,
    }
    impl JsonPayload for Mirror {}

    #[derive(Serialize, Deserialize)]
    struct Odd(BTreeMap<Vec<u8>, u8>);
    impl JsonPayload for Odd {}

    #[test]
    fn json_is_written_and_read() {
        let mirror = Mirror {
            url: "http://a".to_owned(),
            suites: vec![],
        };
        let text = mirror.encode().unwrap();
        assert_eq!(text, r#"{"url":"http://a","suites":[]}"#);
        assert_eq!(Mirror::decode(&text).unwrap(), mirror);
        assert_eq!(String::decode("any text").unwrap().encode().unwrap(), "any text");
    }

    #[test]
    fn an_error_names_the_place() {
        let error = Mirror::decode(r#"{"url":"http://a","suites":["x",5]}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the payload is wrong at `suites[1]`: invalid type"),
            "{error}"
        );
        let error = Mirror::decode("nonsense").unwrap_err();
        assert!(
            error.to_string().starts_with("the payload is wrong at `.`: expected"),
            "{error}"
        );
    }

    #[test]
    fn an_error_does_not_repeat_a_whole_message() {
        let error = Mirror::decode(&format!(r#"{{"url":1,"suites":{:?}}}"#, "x".repeat(40_000))).unwrap_err();
        assert!(error.to_string().len() < 1000, "{error}");
        let error = Mirror::decode(&format!("{:?}", "x".repeat(40_000))).unwrap_err();
        assert!(error.to_string().len() < 1000, "{error}");
    }

    #[test]
    fn a_value_without_a_json_form_is_an_error() {
        let error = Odd(BTreeMap::from([(vec![1], 1)])).encode().err().unwrap();
        assert!(error.to_string().contains("key must be a string"), "{error}");
    }
}
