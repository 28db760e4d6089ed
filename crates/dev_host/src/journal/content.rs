//! Bytes as the journal keeps them: readable, free of secrets, of bounded size.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::settings::Redactor;

/// Bytes of a body or a message. Text stays text; anything else is base64. Long content is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The text, or base64 when `binary`.
    pub text: String,
    /// Whether `text` is base64.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
    /// Length of the whole content in bytes, also when it was cut.
    pub bytes: u64,
    /// Whether `text` is only the beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// At most this many bytes of a content are kept; a queue message always fits.
const LIMIT: usize = 96 * 1024;

impl Content {
    /// Keeps `bytes`, without the secrets that `redactor` knows.
    pub fn keep(bytes: &[u8], redactor: &Redactor) -> Self {
        let length = bytes.len() as u64;
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                // Redact first: a secret across the cut would keep its first half.
                let text = redactor.redact(text);
                let end = (0..=LIMIT.min(text.len()))
                    .rev()
                    .find(|end| text.is_char_boundary(*end))
                    .unwrap_or_default();
                Self {
                    text: text[..end].to_owned(),
                    binary: false,
                    bytes: length,
                    cut: end < text.len(),
                }
            }
            Err(_) => {
                let end = bytes.len().min(LIMIT / 4 * 3);
                Self {
                    text: STANDARD.encode(&bytes[..end]),
                    binary: true,
                    bytes: length,
                    cut: end < bytes.len(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_bytes_become_base64() {
        let none = Redactor::default();
        assert_eq!(Content::keep("hé".as_bytes(), &none).text, "hé");
        let binary = Content::keep(&[0xff, 0], &none);
        assert_eq!((binary.text.as_str(), binary.binary, binary.bytes), ("/wA=", true, 2));
    }

    #[test]
    fn long_content_is_cut_at_a_character_and_says_so() {
        let text = "é".repeat(LIMIT);
        let content = Content::keep(text.as_bytes(), &Redactor::default());
        assert!(content.cut && content.text.len() <= LIMIT);
        assert_eq!(content.bytes, text.len() as u64);
    }

    #[test]
    fn secrets_are_not_kept() {
        let redactor = Redactor::from_settings([("ApiKey", "very-secret-value")]);
        let content = Content::keep(b"key=very-secret-value", &redactor);
        assert!(!content.text.contains("very-secret-value"), "{}", content.text);
    }
}
