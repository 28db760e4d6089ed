//! The types the SDK chooses and its conversions, as far as this host has the bindings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use host_rules::function::{DataType, Function};
use host_rules::machine::queue::{ReceivedMessage, TriggerMessage};
use host_rules::wire::{Collector, blob_input, queue_trigger};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::agreement::{all_agree, equal};
use crate::case::{cases, text, value};
use crate::queue_trace::at;

fn title(case: &Json) -> String {
    let member = |name: &str| {
        case.get(name)
            .filter(|value| !value.is_null())
            .map(Json::to_string)
            .unwrap_or_default()
    };
    let kind = text(case, "/kind");
    let types = format!("{}{}", member("parameterType"), member("requestedType")).replace('"', "");
    format!(
        "{kind} {types} {}{}{}{}",
        member("direction"),
        member("rule"),
        member("eventBodies"),
        member("blob")
    )
}

/// The collector type of an output binding, whatever `dataType` it has.
fn collector(kind: &str, requested: &str) -> &'static str {
    let data_type = match requested {
        "string" => r#","dataType":"string""#,
        "byte[]" => r#","dataType":"binary""#,
        "Stream" => r#","dataType":"stream""#,
        _ => "",
    };
    let document = format!(r#"{{"bindings":[{{"type":"{kind}","name":"out","direction":"out"{data_type}}}]}}"#);
    let function = Function::read("F", &document).unwrap();
    match Collector::of(&function.bindings[0]) {
        Some(Collector::Bytes) => "IAsyncCollector<byte[]>",
        Some(Collector::Text) => "IAsyncCollector<string>",
        Some(Collector::Documents) => "IAsyncCollector<JObject>",
        Some(Collector::Stream) => "Stream",
        None => "none",
    }
}

fn queue_value(body: &[u8], data_type: Option<DataType>) -> host_rules::dotnet::Value {
    let received = ReceivedMessage {
        id: "id".into(),
        pop_receipt: "receipt".into(),
        dequeue_count: 1,
        inserted: at(0),
        expires: None,
        next_visible: at(0),
        text: String::new(),
    };
    let trigger = queue_trigger(
        &TriggerMessage {
            received,
            body: body.to_vec(),
        },
        data_type,
    )
    .unwrap();
    trigger.value.value().clone()
}

fn check(case: &Json) -> Result<(), String> {
    let rule = case.get("rule").and_then(Json::as_str).unwrap_or_default();
    match text(case, "/kind") {
        "default_type" if case["direction"] == "out" => {
            let kind = match rule {
                rule if rule.contains("(queue, Event Hubs pattern)") => "queue",
                rule if rule.contains("Event Grid") => "eventGrid",
                _ => "cosmosDB",
            };
            equal(
                "collector",
                &collector(kind, text(case, "/requestedType")),
                &text(case, "/defaultType"),
            )
        }
        "default_type" => {
            let data_type = (case["requestedType"] == "byte[]").then_some(DataType::Binary);
            let chosen = match queue_value(b"x", data_type) {
                host_rules::dotnet::Value::Bytes(_) => "byte[]",
                _ => "string",
            };
            equal("trigger type", &chosen, &text(case, "/defaultType"))
        }
        "event_conversion" => {
            let data_type = (case["parameterType"] == "bytes").then_some(DataType::Binary);
            let body = case.pointer("/eventBodies/0").and_then(Json::as_str).unwrap();
            let ours = queue_value(body.as_bytes(), data_type);
            equal("value", &ours, &value(&case["value"], &TimeZone::UTC))
        }
        "blob_conversion" => {
            let data_type = (case["parameterType"] == "bytes").then_some(DataType::Binary);
            let ours = blob_input(Some(&STANDARD.decode(text(case, "/blob")).unwrap()), data_type);
            equal("value", &ours, &value(&case["value"], &TimeZone::UTC))
        }
        other => Err(format!("unknown kind {other}")),
    }
}

#[test]
fn binding_rules_agree() {
    let file = "host/sdk_binding_rules.json";
    all_agree(file, &cases(file), title, check);
}
