//! What a call did, read as the host reads it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use functions_protocol::function_json::BindingKind;
use functions_protocol::names::Queue;
use functions_protocol::payload::Payload;
use functions_protocol::poison::Envelope;
use functions_protocol::{FunctionJson, HttpAnswer};
use serde_json::Value;

use crate::declaration::Declaration;
use crate::reply::Reply;
use crate::trigger::{ANSWER_BINDING, POISON_BINDING};

/// A finished call.
#[derive(Clone, Debug)]
pub struct Run {
    document: FunctionJson,
    reply: Reply,
    outputs: Value,
}

impl Run {
    pub(super) fn new(declaration: &Declaration, reply: Reply) -> Self {
        let outputs = match serde_json::from_slice::<Value>(&reply.body) {
            Ok(mut answer) if reply.is_success() => answer["Outputs"].take(),
            _ => Value::Null,
        };
        Self {
            document: declaration.document.clone(),
            reply,
            outputs,
        }
    }

    /// The answer as it goes over the wire.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Why the host counts the run as failed; `None` if it counts as a success.
    pub fn failure(&self) -> Option<&str> {
        let reason = || std::str::from_utf8(&self.reply.body).unwrap_or("a failure that is not text");
        (!self.reply.is_success()).then(reason)
    }

    /// The payloads of the messages for a queue, in order, over all outputs to it.
    ///
    /// # Panics
    /// When the function has no output to the queue, or a message is no `T`.
    pub fn messages<T: Payload>(&self, queue: Queue<T>) -> Vec<T> {
        let texts = self.message_texts(queue.name());
        let decode = |text: &String| T::decode(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        texts.iter().map(decode).collect()
    }

    /// The texts of the messages for a queue.
    ///
    /// # Panics
    /// When the function has no output to the queue.
    pub fn message_texts(&self, queue: &str) -> Vec<String> {
        let mut bindings = self.document.bindings.iter().filter(
            |binding| matches!(&binding.kind, BindingKind::QueueOutput { queue_name, .. } if queue_name == queue),
        );
        let first = bindings
            .next()
            .unwrap_or_else(|| panic!("the function has no output to the queue {queue}"));
        std::iter::once(first)
            .chain(bindings)
            .flat_map(|binding| texts(&self.outputs[&binding.name]))
            .collect()
    }

    /// The blob that an output writes; `None` if nothing is written.
    pub fn blob(&self, binding: &str) -> Option<Bytes> {
        let text = self.outputs.get(binding)?.as_str()?;
        Some(
            STANDARD
                .decode(text)
                .map_or_else(|_| Bytes::copy_from_slice(text.as_bytes()), Bytes::from),
        )
    }

    /// The envelope in which the message was put aside as unusable.
    pub fn poison(&self) -> Option<Envelope> {
        Envelope::decode(texts(&self.outputs[POISON_BINDING]).first()?)
    }

    /// The answer that the caller of an HTTP function gets.
    ///
    /// # Panics
    /// When the run failed, or the function is not an HTTP function.
    pub fn http(&self) -> HttpAnswer {
        let answer = self
            .outputs
            .get(ANSWER_BINDING)
            .unwrap_or_else(|| panic!("no HTTP answer in {:?}", self.reply));
        let status = answer["statusCode"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(200);
        let headers = answer["headers"].as_object().into_iter().flatten();
        let (content_type, others): (Vec<_>, Vec<_>) =
            headers.partition(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
        let body = answer["body"].as_str().unwrap_or_default();
        let base = match content_type.first() {
            Some((_, content_type)) => {
                HttpAnswer::with_content_type(status, content_type.as_str().unwrap_or_default(), body)
            }
            None if body.is_empty() => HttpAnswer::status(status),
            None => HttpAnswer::text(status, body),
        };
        others.into_iter().fold(base, |answer, (name, value)| {
            answer.header(name, value.as_str().unwrap_or_default())
        })
    }

    /// The app's log lines that the answer carries.
    pub fn logs(&self) -> Vec<String> {
        let answer: Value = serde_json::from_slice(&self.reply.body).unwrap_or_default();
        let lines = answer["Logs"].as_array().into_iter().flatten();
        lines.filter_map(|line| line.as_str().map(str::to_owned)).collect()
    }
}

/// The messages in the value of a queue output: strings in an array stand for themselves, a lone string is base64.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        Value::String(base64) => {
            let bytes = STANDARD.decode(base64).unwrap_or_else(|_| base64.clone().into_bytes());
            vec![String::from_utf8_lossy(&bytes).into_owned()]
        }
        _ => Vec::new(),
    }
}
