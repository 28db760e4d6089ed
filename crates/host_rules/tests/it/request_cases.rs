//! What the host sends: every captured request is built from its input.

use host_rules::dotnet::Value;
use host_rules::function::DataType;
use host_rules::machine::queue::{ReceivedMessage, TriggerMessage};
use host_rules::wire::{
    Activity, AnswerError, BindingData, Failure, HttpCall, Invocation, RetryContext, Trigger, blob_input,
    build_invocation, exception_value, http_trigger, invocation_headers, manual_trigger, queue_trigger,
};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::agreement::{all_agree, equal};
use crate::case::{canonical, cases, function, name, text, value, zone};

const VOLATILE: &str = "(volatile)";

fn compare(
    case: &Json,
    trigger: Trigger,
    inputs: Vec<(String, Value)>,
    retry: Option<RetryContext>,
) -> Result<(), String> {
    let zone = zone(case);
    let function = function(case);
    let now = "2026-11-21T00:18:25.1511887Z".parse().unwrap();
    let invocation = Invocation {
        function: &function,
        trigger,
        inputs,
        utc_now: now,
        random_guid: VOLATILE.to_owned(),
        retry,
    };
    let ours = build_invocation(&invocation, &zone)
        .0
        .replace("2026-11-21T00:18:25.1511887Z", VOLATILE);
    equal(
        "path",
        &format!("/{}", function.name),
        &text(case, "/sent/path").to_owned(),
    )?;
    let theirs = blank_volatile(text(case, "/sent/body"));
    equal("body", &canonical(&ours), &canonical(&theirs))
}

/// The sent body with the values that change from run to run replaced, in the text itself: numbers must keep theirs.
fn blank_volatile(body: &str) -> String {
    let original: Json = serde_json::from_str(body).unwrap();
    let mut body = body.to_owned();
    for system in ["/Metadata/sys", "/Metadata/$sys"] {
        for member in ["UtcNow", "RandGuid"] {
            if let Some(value) = original.pointer(&format!("{system}/{member}")).and_then(Json::as_str) {
                body = body.replace(value, VOLATILE);
            }
        }
    }
    body
}

/// A trigger other than HTTP, as the case holds it.
fn given_trigger(case: &Json, zone: &TimeZone) -> Trigger {
    let described = case.pointer("/input/trigger/value").unwrap();
    if name(case).starts_with("admin_invocation") {
        return manual_trigger(text(described, "/value"));
    }
    let data: BindingData = case
        .pointer("/input/bindingData")
        .and_then(Json::as_object)
        .map(|data| {
            data.iter()
                .map(|(name, described)| (name.as_str(), value(described, zone)))
                .collect()
        })
        .unwrap_or_default();
    Trigger::new(value(described, zone), data)
}

fn given_inputs(case: &Json, zone: &TimeZone) -> Vec<(String, Value)> {
    let function = function(case);
    let described = case.pointer("/input/inputs").and_then(Json::as_object);
    let inputs = described.into_iter().flatten().map(|(name, described)| {
        let binding = function.bindings.iter().find(|binding| binding.name == *name).unwrap();
        let value = match value(described, zone) {
            Value::Bytes(bytes) if binding.is("blob") => blob_input(Some(&bytes), binding.data_type),
            Value::Null if binding.is("blob") => blob_input(None, binding.data_type),
            other => other,
        };
        (name.clone(), value)
    });
    inputs.collect()
}

pub(crate) fn check(case: &Json) -> Result<(), String> {
    let zone = zone(case);
    compare(case, given_trigger(case, &zone), given_inputs(case, &zone), None)
}

fn all_requests_agree(file: &str) {
    all_agree(file, &cases(file), |case| name(case).to_owned(), check);
}

#[test]
fn queue_triggers_are_sent_as_captured() {
    all_requests_agree("host/queue_trigger.json");
}

#[test]
fn timer_triggers_are_sent_as_captured() {
    all_requests_agree("host/timer_trigger.json");
}

#[test]
fn blob_inputs_are_sent_as_captured() {
    all_requests_agree("host/blob_input.json");
}

#[test]
fn every_kind_of_value_is_sent_as_captured() {
    // One case holds all kinds as metadata; the one kind that we do not model is taken out and listed by itself.
    let mut cases = cases("host/values.json");
    let whole = cases
        .iter_mut()
        .find(|case| name(case) == "all_kinds_as_metadata")
        .unwrap();
    let mut alone = whole.clone();
    alone["name"] = Json::from("all_kinds_as_metadata/JValueNull");
    let data = whole
        .pointer_mut("/input/bindingData")
        .and_then(Json::as_object_mut)
        .unwrap();
    assert!(data.remove("JValueNull").is_some());
    let body = text(whole, "/sent/body").replace(r#""JValueNull":"null","#, "");
    whole["sent"]["body"] = Json::from(body);
    cases.push(alone);
    all_agree("host/values.json", &cases, |case| name(case).to_owned(), check);
}

#[test]
fn http_triggers_are_sent_as_captured() {
    let file = "host/http_trigger.json";
    all_agree(
        file,
        &cases(file),
        |case| name(case).to_owned(),
        |case| {
            let call = http_call(case);
            compare(case, http_trigger(&call, &TimeZone::UTC), Vec::new(), None)
        },
    );
}

fn http_call(case: &Json) -> HttpCall {
    use base64::Engine;
    let raw = match case.pointer("/input/rawRequest/text").and_then(Json::as_str) {
        Some(text) => text.as_bytes().to_vec(),
        None => base64::engine::general_purpose::STANDARD
            .decode(text(case, "/input/rawRequest/base64"))
            .unwrap(),
    };
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head: String = raw[..end].iter().map(|byte| char::from(*byte)).collect();
    let mut lines = head.split("\r\n");
    let mut request_line = lines.next().unwrap().split(' ');
    let mut call = HttpCall::new(request_line.next().unwrap(), request_line.next().unwrap());
    call.headers = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    call.body = raw[end + 4..].to_vec();
    let route = case.pointer("/input/routeData").and_then(Json::as_object);
    call.route_values = route
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned)))
        .collect();
    let identities = serde_json::from_str::<Json>(text(case, "/sent/body")).unwrap();
    let identities = identities
        .pointer("/Data/req/Identities")
        .and_then(Json::as_array)
        .unwrap()
        .clone();
    if name(case).starts_with("identities_") {
        // Who called is an input of the rules: it is taken over, and the two kinds we build are checked below.
        call.identities = identities
            .iter()
            .map(|identity| value(&json_value(identity), &TimeZone::UTC))
            .collect();
    }
    call
}

fn json_value(document: &Json) -> Json {
    serde_json::json!({"type": "object", "json": document.to_string()})
}

#[test]
fn the_identity_of_a_key_is_built_as_captured() {
    let cases = cases("host/http_trigger.json");
    let case = cases
        .iter()
        .find(|case| name(case) == "identities_with_function_key")
        .unwrap();
    let body: Json = serde_json::from_str(text(case, "/sent/body")).unwrap();
    let theirs = body.pointer("/Data/req/Identities").unwrap();
    let ours = Value::Array(vec![
        host_rules::wire::anonymous(),
        host_rules::wire::with_key("Function", "default"),
    ]);
    let ours = host_rules::newtonsoft::compact(&ours, &TimeZone::UTC);
    assert_eq!(canonical(&ours), canonical(&theirs.to_string()));
}

#[test]
fn retries_are_sent_as_captured() {
    let file = "host/retry_context.json";
    let cases = cases(file);
    all_agree(
        file,
        &cases,
        |case| name(case).to_owned(),
        |case| {
            if case.get("sent").is_none() {
                return equal("attempts", &case.get("attempts").and_then(Json::as_u64), &Some(3));
            }
            let sent: Json = serde_json::from_str(text(case, "/sent/body")).unwrap();
            let context = sent.pointer("/Metadata/RetryContext").unwrap();
            let status = AnswerError::Status {
                status: 500,
                reason: "Internal Server Error".to_owned(),
            };
            let headers = case.pointer("/sent/headers").and_then(Json::as_array).unwrap();
            let id = headers
                .iter()
                .find(|pair| pair[0] == "X-Azure-Functions-InvocationId")
                .unwrap();
            let exception = match context["RetryCount"].as_u64() {
                Some(0) => Value::Null,
                _ => exception_value("RetryFn", id[1].as_str().unwrap(), &Failure::Answer(status)),
            };
            let retry = RetryContext {
                retry_count: u32::try_from(context["RetryCount"].as_u64().unwrap()).unwrap(),
                max_retry_count: context["MaxRetryCount"].as_i64().unwrap(),
                exception,
            };
            let queue = crate::case::cases("host/queue_trigger.json");
            let trigger = given_trigger(queue.iter().find(|case| name(case) == "text").unwrap(), &TimeZone::UTC);
            compare(case, trigger, Vec::new(), Some(retry))
        },
    );
}

#[test]
fn headers_are_sent_as_captured() {
    let file = "host/headers.json";
    let mut all = cases(file);
    all.extend(cases("host/queue_trigger.json").into_iter().take(1));
    all_agree(
        file,
        &all,
        |case| name(case).to_owned(),
        |case| {
            let sent: Vec<(String, String)> = case
                .pointer("/sent/headers")
                .and_then(Json::as_array)
                .unwrap()
                .iter()
                .map(|pair| {
                    (
                        pair[0].as_str().unwrap().to_owned(),
                        pair[1].as_str().unwrap().to_owned(),
                    )
                })
                .filter(|(name, _)| name != "Host" && name != "Transfer-Encoding")
                .collect();
            let header = |wanted: &str| {
                sent.iter()
                    .find(|(name, _)| name == wanted)
                    .map(|(_, value)| value.clone())
            };
            let id = header("traceparent").or_else(|| header("Request-Id"));
            let activity = id.map(|id| Activity {
                id,
                is_w3c: header("traceparent").is_some(),
                state: header("tracestate"),
                baggage: header("Correlation-Context")
                    .map(|_| ("k".to_owned(), "v 1".to_owned()))
                    .into_iter()
                    .collect(),
            });
            let invocation_id = header("X-Azure-Functions-InvocationId").unwrap();
            let ours: Vec<(String, String)> = invocation_headers("4.1037.0.0", &invocation_id, activity.as_ref())
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            equal("headers", &ours, &sent)
        },
    );
}

/// The message that the captured binding data describes, when a queue could have delivered it.
fn queue_message(case: &Json) -> Option<TriggerMessage> {
    use base64::Engine;
    let data = |member: &str| case.pointer(&format!("/input/bindingData/{member}/value"));
    let moment = |member: &str| {
        let text = data(member)?.as_str()?;
        text.ends_with("+00:00").then(|| text.parse::<jiff::Timestamp>().ok())
    };
    let value = case.pointer("/input/trigger/value")?;
    let body = match value.get("base64").and_then(Json::as_str) {
        Some(encoded) => base64::engine::general_purpose::STANDARD.decode(encoded).unwrap(),
        None => text(value, "/value").as_bytes().to_vec(),
    };
    let received = ReceivedMessage {
        id: data("Id")?.as_str()?.to_owned(),
        pop_receipt: data("PopReceipt")?.as_str()?.to_owned(),
        dequeue_count: data("DequeueCount")?.as_i64()?,
        inserted: moment("InsertionTime")??,
        expires: moment("ExpirationTime")?,
        next_visible: moment("NextVisibleTime")??,
        text: String::new(),
    };
    Some(TriggerMessage { received, body })
}

#[test]
fn a_received_message_becomes_the_captured_request() {
    let cases = cases("host/queue_trigger.json");
    let mut compared = 0;
    for case in &cases {
        let Some(message) = queue_message(case) else { continue };
        let data_type = function(case).trigger().unwrap().data_type;
        // Some cases hand over bytes or a stream where a listener would not: it goes by `dataType` alone.
        let is_bytes = case.pointer("/input/trigger/value/base64").is_some();
        if is_bytes != (data_type == Some(DataType::Binary)) {
            continue;
        }
        let trigger = queue_trigger(&message, data_type).unwrap();
        let result = compare(case, trigger, given_inputs(case, &TimeZone::UTC), None);
        assert!(result.is_ok(), "{}: {}", name(case), result.unwrap_err());
        compared += 1;
    }
    assert!(compared > 20, "only {compared} cases compared");
}
