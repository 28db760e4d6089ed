//! Invocation requests of queue triggers, blob inputs and metadata: what the host held is what the handler reads.

use std::borrow::Cow;

use functions_protocol::function_json::{Binding, BindingKind, DataType};
use functions_protocol::{FunctionJson, Invocation, Metadata};
use jiff::Timestamp;
use serde_json::Value;

use crate::cases::{Case, Verdict, bytes, check_every_case, load};
use crate::timers::timer_of;

#[test]
fn queue_triggers() {
    check_every_case("queue_trigger", reads_what_the_host_held);
}

#[test]
fn blob_inputs() {
    check_every_case("blob_input", reads_what_the_host_held);
}

#[test]
fn values_of_every_kind() {
    check_every_case("values", reads_what_the_host_held);
}

#[test]
fn requests_with_and_without_tracing() {
    check_every_case("headers", reads_what_the_host_held);
}

#[test]
fn timer_triggers() {
    check_every_case("timer_trigger", reads_what_the_host_held);
}

#[test]
fn retries() {
    check_every_case("retry_context", |case| {
        let Some(body) = case.sent_body() else {
            return Verdict::LeftOut;
        };
        let invocation = Invocation::parse(body.as_bytes()).unwrap();
        let retry = invocation.metadata().retry().unwrap();
        let attempt: u32 = case.name.strip_prefix("attempt_").unwrap().parse().unwrap();
        assert_eq!(retry.retry_count, attempt - 1);
        assert_eq!(retry.max_retry_count, 3);
        if attempt == 1 {
            assert!(retry.failure.is_empty());
        } else {
            assert_eq!(
                retry.failure,
                [
                    "Exception while executing function: RetryFn",
                    "Response status code does not indicate success: 500 (Internal Server Error)."
                ]
            );
        }
        assert_eq!(invocation.text("msg").unwrap(), "hi");
        Verdict::Agrees
    });
}

#[test]
fn a_message_property_hides_the_hosts_own_without_doing_harm() {
    let case = load("queue_trigger")
        .into_iter()
        .find(|case| case.name == "metadata_collision")
        .unwrap();
    let invocation = Invocation::parse(case.sent_body().unwrap().as_bytes()).unwrap();
    let queue = invocation.metadata().queue();
    assert_eq!(queue.id.as_deref(), Some("mine"));
    assert_eq!(queue.dequeue_count, Some(99));
    assert_eq!(queue.pop_receipt, None, "an object took its place");
    assert_eq!(queue.insertion_time, Some("2026-11-20T10:00:00Z".parse().unwrap()));
    assert_eq!(invocation.metadata().system(), None, "text took its place");
}

/// Checks the request of a case against what the host held. Leaves out what no trigger of ours hands over.
pub(crate) fn reads_what_the_host_held(case: &Case) -> Verdict {
    let Some(body) = case.sent_body() else {
        return Verdict::LeftOut;
    };
    let invocation = Invocation::parse(body.as_bytes()).unwrap();
    let function = FunctionJson::read(&case.json["function"].to_string()).unwrap().document;
    let input = &case.json["input"];

    let trigger = function.trigger().unwrap();
    assert_eq!(input["trigger"]["binding"], trigger.name.as_str());
    if !reads_trigger(&invocation, trigger, &input["trigger"]["value"]) {
        return Verdict::LeftOut;
    }
    for binding in function
        .bindings
        .iter()
        .filter(|binding| matches!(binding.kind, BindingKind::BlobInput { .. }))
    {
        reads_blob(&invocation, binding, &input["inputs"][&binding.name]);
    }
    for (key, held) in input["bindingData"].as_object().into_iter().flatten() {
        if !is_hidden(key, &input["trigger"]["value"]) {
            reads_metadata(&case.name, invocation.metadata(), key, held);
        }
    }
    if !is_hidden("sys", &input["trigger"]["value"]) {
        assert_eq!(
            invocation.metadata().system().unwrap().method_name,
            case.json["function"]["name"].as_str().unwrap()
        );
    }
    Verdict::Agrees
}

fn reads_trigger(invocation: &Invocation<'_>, binding: &Binding, held: &Value) -> bool {
    match held["type"].as_str().unwrap() {
        "string" => assert_eq!(invocation.text(&binding.name).unwrap(), held["value"].as_str().unwrap()),
        "byte[]" | "stream of bytes" => assert_eq!(invocation.bytes(&binding.name).unwrap(), bytes(held)),
        "TimerInfo" => {
            let expected = timer_of(&serde_json::from_str(held["json"].as_str().unwrap()).unwrap());
            assert_eq!(invocation.timer(&binding.name).unwrap(), expected);
        }
        _ if invocation.raw(&binding.name).unwrap().get().starts_with('{') => {
            let sent: Value = invocation.object(&binding.name).unwrap();
            assert_eq!(
                sent,
                serde_json::from_str::<Value>(held["json"].as_str().unwrap()).unwrap()
            );
        }
        _ => return false,
    }
    true
}

fn reads_blob(invocation: &Invocation<'_>, binding: &Binding, held: &Value) {
    let stored = (held["type"] != "null").then(|| bytes(held));
    if binding.data_type == Some(DataType::Binary) {
        assert_eq!(
            invocation.optional_bytes(&binding.name).unwrap(),
            stored,
            "{}",
            binding.name
        );
    } else {
        assert_eq!(
            invocation.optional_text(&binding.name).unwrap(),
            stored.map(|bytes| read_as_text(&bytes)),
            "{}",
            binding.name
        );
    }
}

/// How .NET's stream reader reads a blob: UTF-8 unless a byte order mark says UTF-16.
fn read_as_text(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => {
            let units: Vec<u16> = rest
                .chunks(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        plain => String::from_utf8_lossy(plain).into_owned(),
    }
}

/// A property of a JSON message takes the place of the host's value.
fn is_hidden(key: &str, message: &Value) -> bool {
    let properties: Option<Value> = message["value"]
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    properties
        .as_ref()
        .and_then(Value::as_object)
        .is_some_and(|members| members.keys().any(|member| member.eq_ignore_ascii_case(key)))
}

fn reads_metadata(case: &str, metadata: &Metadata<'_>, key: &str, held: &Value) {
    let context = format!("{case}: {key} {held}");
    let text = metadata.text(key);
    let json = held["json"].as_str();
    let kind = held["type"].as_str().unwrap();
    match kind {
        _ if kind == "null" || key.to_ascii_lowercase().ends_with("trigger") => {
            assert!(metadata.raw(key).is_none(), "{context}");
        }
        "string" => assert_eq!(text.as_deref(), held["value"].as_str(), "{context}"),
        "byte[]" => assert_eq!(text.as_deref(), held["base64"].as_str(), "{context}"),
        "Double" | "Single" => {
            let sent = text.unwrap().replace("Infinity", "inf").parse::<f64>().unwrap();
            let expected = held["value"]
                .as_f64()
                .or_else(|| held["value"].as_str()?.replace("Infinity", "inf").parse().ok())
                .unwrap();
            assert!(sent == expected || (sent.is_nan() && expected.is_nan()), "{context}");
        }
        "DateTimeOffset" => {
            let second = held["value"].as_str().unwrap();
            let expected = moment_to_the_second(second);
            assert_eq!(metadata.timestamp(key), expected, "{context}");
        }
        // Without a zone it is no moment.
        "DateTime" => {
            assert_eq!(
                text.as_deref(),
                held["value"].as_str().map(|value| &value[..19]),
                "{context}"
            );
            assert_eq!(metadata.timestamp(key), None, "{context}");
        }
        _ if json.is_some_and(|json| json.starts_with('{')) => {
            assert_eq!(text, None, "{context}");
            let expected: Value = serde_json::from_str(json.unwrap()).unwrap();
            assert_eq!(metadata.object::<Value>(key), Some(expected), "{context}");
        }
        _ => {
            let expected = match json {
                Some(json) => serde_json::from_str::<String>(json).map_or(Cow::Borrowed(json), Cow::Owned),
                None => Cow::Owned(held["value"].to_string()),
            };
            assert_eq!(text.as_deref(), Some(expected.as_ref()), "{context}");
        }
    }
}

/// None where a timestamp cannot hold it.
fn moment_to_the_second(text: &str) -> Option<Timestamp> {
    let (moment, offset) = text.split_at(27);
    format!("{}{offset}", &moment[..19]).parse().ok()
}
