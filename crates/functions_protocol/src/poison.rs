//! The envelope in which an unusable message is put aside together with the reason.
//!
//! An envelope is JSON: `{"poison": 1, "reason": "...", "id": "...", "encoding": "text" | "base64", "body": "..."}`.
//! It is a message like any other, so a tool can put it back into the work queue as it is: the reader unwraps it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::host_json::MessageEncoding;

/// Longest reason that an envelope carries, in characters: enough for a chain of errors, and it leaves the room to
/// the body.
const LONGEST_REASON: usize = 2000;

/// A message put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Why the message is unusable, for people.
    pub reason: String,
    /// The id that the message had in its queue.
    pub id: Option<String>,
    /// The message as it was.
    pub body: Body,
}

/// The body of a message put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A message that was read as text.
    Text(String),
    /// A message that was read as bytes.
    Bytes(Vec<u8>),
}

/// An envelope does not fit where it is to be put.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the envelope of an unusable message has {length} bytes, the queue takes {limit}")]
pub struct EnvelopeTooLarge {
    /// The envelope in bytes.
    pub length: usize,
    /// The most that fits.
    pub limit: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    poison: u8,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    encoding: Encoding,
    #[serde(borrow)]
    body: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Text,
    Base64,
}

impl Envelope {
    /// The envelope as the text of a queue message.
    ///
    /// # Errors
    /// When the text exceeds what a queue holds: put the body elsewhere and send a reference to it.
    pub fn encode(&self, queue: MessageEncoding) -> Result<String, EnvelopeTooLarge> {
        let (encoding, body) = match &self.body {
            Body::Text(text) => (Encoding::Text, Cow::Borrowed(text.as_str())),
            Body::Bytes(bytes) => (Encoding::Base64, Cow::Owned(STANDARD.encode(bytes))),
        };
        let wire = Wire {
            poison: 1,
            reason: shorten(&self.reason),
            id: self.id.as_deref().map(Cow::Borrowed),
            encoding,
            body,
        };
        let text = serde_json::to_string(&wire).expect("strings and numbers have a JSON form");
        let (length, limit) = (text.len(), queue.content_limit());
        if length > limit {
            return Err(EnvelopeTooLarge { length, limit });
        }
        Ok(text)
    }

    /// The envelope in a message, if the message is one. Strict: exactly the members of an envelope, of its version,
    /// and a body in the named encoding. Anything else, however similar, is a message of its own.
    #[must_use]
    pub fn decode(message: &str) -> Option<Self> {
        // Most messages are none, and this spares them a JSON parse.
        if !message.trim_start().starts_with('{') || !message.contains("\"poison\"") {
            return None;
        }
        let wire: Wire<'_> = serde_json::from_str(message)
            .ok()
            .filter(|wire: &Wire<'_>| wire.poison == 1)?;
        let body = match wire.encoding {
            Encoding::Text => Body::Text(wire.body.into_owned()),
            Encoding::Base64 => Body::Bytes(STANDARD.decode(wire.body.as_bytes()).ok()?),
        };
        Some(Self {
            reason: wire.reason.into_owned(),
            id: wire.id.map(Cow::into_owned),
            body,
        })
    }
}

/// The message itself, taken out of its envelope if it is in one. For text triggers: an envelope around bytes that are
/// not UTF-8 stays as it is, there being no text to take out.
#[must_use]
pub fn unwrap_text(message: String) -> String {
    match Envelope::decode(&message).map(|envelope| envelope.body) {
        Some(Body::Text(text)) => text,
        Some(Body::Bytes(bytes)) => String::from_utf8(bytes).unwrap_or(message),
        None => message,
    }
}

/// The message itself, taken out of its envelope if it is in one. For binary triggers.
#[must_use]
pub fn unwrap_bytes(message: Vec<u8>) -> Vec<u8> {
    match std::str::from_utf8(&message)
        .ok()
        .and_then(Envelope::decode)
        .map(|envelope| envelope.body)
    {
        Some(Body::Text(text)) => text.into_bytes(),
        Some(Body::Bytes(bytes)) => bytes,
        None => message,
    }
}

fn shorten(reason: &str) -> Cow<'_, str> {
    match reason.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => Cow::Owned(format!("{}…", &reason[..end])),
        None => Cow::Borrowed(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(body: Body) -> Envelope {
        Envelope {
            reason: "no URL".to_owned(),
            id: Some("m1".to_owned()),
            body,
        }
    }

    #[test]
    fn an_envelope_is_json_with_version_reason_id_and_body() {
        let encode = |body| envelope(body).encode(MessageEncoding::Base64).unwrap();
        assert_eq!(
            encode(Body::Text("{}".to_owned())),
            r#"{"poison":1,"reason":"no URL","id":"m1","encoding":"text","body":"{}"}"#
        );
        assert_eq!(
            encode(Body::Bytes(vec![0xff])),
            r#"{"poison":1,"reason":"no URL","id":"m1","encoding":"base64","body":"/w=="}"#
        );
    }

    #[test]
    fn only_an_exact_envelope_is_unwrapped() {
        assert_eq!(
            unwrap_text(r#" {"body":"b","encoding":"text","id":null,"reason":"r","poison":1}"#.to_owned()),
            "b"
        );
        for similar in [
            r#"{"poison":2,"reason":"r","id":null,"encoding":"text","body":"b"}"#,
            r#"{"poison":1,"reason":"r","id":null,"encoding":"text","body":"b","more":1}"#,
            r#"{"poison":1,"reason":"r","id":null,"encoding":"text"}"#,
            r#"{"poison":1,"reason":"r","id":null,"encoding":"zip","body":"b"}"#,
            r#"{"poison":1,"reason":"r","id":null,"encoding":"base64","body":"no base64"}"#,
            r#"{"poison":1,"reason":"r","id":7,"encoding":"text","body":"b"}"#,
            r#"{"poison":"ivy"}"#,
            r#"["poison"]"#,
        ] {
            assert_eq!(unwrap_text(similar.to_owned()), similar);
            assert_eq!(unwrap_bytes(similar.as_bytes().to_vec()), similar.as_bytes());
        }
    }

    #[test]
    fn an_envelope_of_bytes_that_are_no_text_stays_for_a_text_trigger() {
        let text = envelope(Body::Bytes(vec![0xff]))
            .encode(MessageEncoding::Base64)
            .unwrap();
        assert_eq!(unwrap_text(text.clone()), text);
        assert_eq!(unwrap_bytes(text.into_bytes()), [0xff]);
        let text = envelope(Body::Bytes(b"plain".to_vec()))
            .encode(MessageEncoding::Base64)
            .unwrap();
        assert_eq!(unwrap_text(text), "plain");
    }

    #[test]
    fn one_envelope_is_taken_off_at_a_time() {
        let inner = envelope(Body::Text("x".to_owned()))
            .encode(MessageEncoding::Base64)
            .unwrap();
        let outer = envelope(Body::Text(inner.clone()))
            .encode(MessageEncoding::Base64)
            .unwrap();
        assert_eq!(unwrap_text(outer), inner);
    }

    #[test]
    fn an_envelope_over_the_limit_is_an_error_and_a_long_reason_is_cut() {
        let limit = MessageEncoding::Base64.content_limit();
        let room = limit
            - envelope(Body::Text(String::new()))
                .encode(MessageEncoding::Base64)
                .unwrap()
                .len();
        let fits = envelope(Body::Text("x".repeat(room)));
        assert_eq!(fits.encode(MessageEncoding::Base64).unwrap().len(), limit);
        let over = envelope(Body::Text("x".repeat(room + 1)));
        assert_eq!(
            over.encode(MessageEncoding::Base64),
            Err(EnvelopeTooLarge {
                length: limit + 1,
                limit
            })
        );
        assert!(over.encode(MessageEncoding::None).is_ok());

        let chatty = Envelope {
            reason: "é".repeat(100_000),
            ..envelope(Body::Text("x".to_owned()))
        };
        assert!(chatty.encode(MessageEncoding::Base64).unwrap().len() < 5000);
    }
}
