//! The value of one output binding, in the form that reaches its target byte for byte.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::host_json::MessageEncoding;
use crate::http_answer::{HttpAnswer, HttpAnswerError};
use crate::reinterpretation::{looks_like_base64, looks_like_timestamp};

/// One queue message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text, the usual case.
    Text(String),
    /// Bytes; possible only as the single message of an output.
    Bytes(Vec<u8>),
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl Message {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Why messages cannot be sent through an output binding.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OutputError {
    /// Storage would refuse it after the function's other outputs were written.
    #[error("message {index} has {length} bytes, the queue takes {limit}")]
    TooLarge {
        /// Position of the message, from 0.
        index: usize,
        /// Its content in bytes.
        length: usize,
        /// The most that fits, see [`MessageEncoding::content_limit`].
        limit: usize,
    },
    /// Only a single message can hold arbitrary bytes; among several the host takes each for text.
    #[error("message {index} of several is binary; send binary messages one per output, or as text")]
    BinaryAmongMany {
        /// Position of the message, from 0.
        index: usize,
    },
    /// Among several messages, the host rewrites one that is nothing but a timestamp.
    #[error("message {index} of several is a bare timestamp, which the host would rewrite; send it as JSON")]
    TimestampAmongMany {
        /// Position of the message, from 0.
        index: usize,
    },
    /// Without base64 a message travels in XML, which cannot hold this content.
    #[error("message {index} is not plain text, which messageEncoding `none` requires")]
    NotPlainText {
        /// Position of the message, from 0.
        index: usize,
    },
}

/// The value of an output binding, ready to be put into an [`Answer`](crate::Answer).
///
/// The host reinterprets values: a string may be decoded as base64, read as a timestamp, or parsed and split when it
/// begins and ends like JSON; objects are printed anew and numbers in .NET's form. So every value here is one of the
/// few forms that it passes on untouched.
#[derive(Debug, Clone)]
pub struct Output(Box<RawValue>);

impl Output {
    /// Messages of a queue output: none, one or many. The binding must not have a `dataType`.
    ///
    /// # Errors
    /// When storage or the host would refuse or change a message: see [`OutputError`].
    pub fn queue(messages: &[Message], encoding: MessageEncoding) -> Result<Self, OutputError> {
        for (index, message) in messages.iter().enumerate() {
            let (length, limit) = (message.as_bytes().len(), encoding.content_limit());
            if length > limit {
                return Err(OutputError::TooLarge { index, length, limit });
            }
            if encoding == MessageEncoding::None && !is_plain_text(message) {
                return Err(OutputError::NotPlainText { index });
            }
        }
        match messages {
            // A string in an array is neither decoded nor parsed; base64 as a lone string is decoded to its bytes.
            [only] => match only {
                Message::Text(text) if !looks_like_timestamp(text) => Ok(Self::encode(&[text])),
                other => Ok(Self::encode(&STANDARD.encode(other.as_bytes()))),
            },
            several => several
                .iter()
                .enumerate()
                .map(|(index, message)| match message {
                    Message::Bytes(_) => Err(OutputError::BinaryAmongMany { index }),
                    Message::Text(text) if looks_like_timestamp(text) => Err(OutputError::TimestampAmongMany { index }),
                    Message::Text(text) => Ok(text),
                })
                .collect::<Result<Vec<&String>, OutputError>>()
                .map(|texts| Self::encode(&texts)),
        }
    }

    /// A blob of text, stored as UTF-8. The binding must not have a `dataType`.
    #[must_use]
    pub fn blob_text(text: &str) -> Self {
        if looks_like_base64(text) || looks_like_timestamp(text) {
            return Self::blob_bytes(text.as_bytes());
        }
        Self::encode(text)
    }

    /// A blob of bytes. The binding must not have a `dataType`.
    #[must_use]
    pub fn blob_bytes(bytes: &[u8]) -> Self {
        Self::encode(&STANDARD.encode(bytes))
    }

    /// The answer to an HTTP caller, for an `http` binding that is not named `$return`.
    ///
    /// # Errors
    /// When the host would refuse or change the answer: see [`HttpAnswerError`].
    pub fn http(answer: &HttpAnswer) -> Result<Self, HttpAnswerError> {
        answer.checked().map(|answer| Self::encode(&answer))
    }

    /// The JSON that stands in the answer.
    #[must_use]
    pub fn json(&self) -> &RawValue {
        &self.0
    }

    fn encode<T: serde::Serialize + ?Sized>(value: &T) -> Self {
        Self(serde_json::value::to_raw_value(value).expect("strings, numbers and objects of them have a JSON form"))
    }
}

/// What XML 1.0 can hold; anything else is refused by storage or replaced by the host.
fn is_plain_text(message: &Message) -> bool {
    let Ok(text) = std::str::from_utf8(message.as_bytes()) else {
        return false;
    };
    text.chars().all(|character| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_base64_only_what_xml_can_hold_is_sent() {
        let send = |text: &str| Output::queue(&[text.into()], MessageEncoding::None).map(drop);
        assert_eq!(send("tab\tline\r\nend <&> \u{85} 😀"), Ok(()));
        for text in ["\0", "\u{1b}", "\u{fffe}", "\u{ffff}"] {
            assert_eq!(send(text), Err(OutputError::NotPlainText { index: 0 }), "{text:?}");
        }
    }
}
