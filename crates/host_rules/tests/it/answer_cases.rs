//! What the host concludes: every captured answer of a handler.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use host_rules::dotnet::Value;
use host_rules::newtonsoft::compact;
use host_rules::wire::{
    AnswerError, BoundOutput, Conclusion, Delivered, Failure, HandlerAnswer, HandlerResponse, Outcome, OutputError,
    conclude,
};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::agreement::{all_agree, equal};
use crate::case::{canonical, cases, function, name, text, value, zone};

fn answer(case: &Json) -> HandlerAnswer {
    let response = case.get("response").unwrap();
    if let Some(raw) = response.get("raw") {
        let raw = match raw.get("text").and_then(Json::as_str) {
            Some(text) => text.as_bytes().to_vec(),
            None => STANDARD.decode(text(raw, "/base64")).unwrap(),
        };
        return parse(&raw);
    }
    let status = response["status"].as_u64().unwrap();
    if case.get("requestsSeen").is_some() {
        // The client follows redirects; the answer of the second request counts.
        return complete(
            200,
            "Reason",
            Some("application/json"),
            br#"{"Outputs":{"msg":"from target!"}}"#.to_vec(),
        );
    }
    let headers = response["headers"].as_array().unwrap();
    let content_type = headers
        .iter()
        .find(|pair| pair[0] == "Content-Type")
        .map(|pair| pair[1].as_str().unwrap());
    let body = match response.get("body").and_then(Json::as_str) {
        Some(body) if body.ends_with(" characters)") => shortened_body(name(case), body),
        Some(body) => body.as_bytes().to_vec(),
        None => STANDARD.decode(text(response, "/bodyBase64")).unwrap(),
    };
    complete(u16::try_from(status).unwrap(), "Reason", content_type, body)
}

/// The two bodies that were captured in short form, made again at their length.
fn shortened_body(name: &str, body: &str) -> Vec<u8> {
    let lines: Vec<String> = match name {
        "logs_1000" => (0..1000).map(|line| format!("line {line}")).collect(),
        "log_1_MB_line" => vec!["x".repeat(1 << 20)],
        other => panic!("{other} is not known in full"),
    };
    let whole = serde_json::json!({ "Logs": lines }).to_string();
    assert!(
        body.ends_with(&format!("...({} characters)", whole.len())),
        "{} characters",
        whole.len()
    );
    whole.into_bytes()
}

fn complete(status: u16, reason: &str, content_type: Option<&str>, body: Vec<u8>) -> HandlerAnswer {
    let content_type = content_type.map(str::to_owned);
    HandlerAnswer::Response(HandlerResponse {
        status,
        reason: reason.to_owned(),
        content_type,
        body,
    })
}

/// Just enough HTTP for the raw answers among the cases.
fn parse(raw: &[u8]) -> HandlerAnswer {
    let broken = |reason: &str| HandlerAnswer::Broken {
        reason: reason.to_owned(),
    };
    let Some(end) = raw.windows(4).position(|window| window == b"\r\n\r\n") else {
        return broken("ended prematurely");
    };
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let body = &raw[end + 4..];
    let mut lines = head.split("\r\n");
    let mut status_line = lines.next().unwrap().splitn(3, ' ');
    if !status_line.next().unwrap().starts_with("HTTP/1.") {
        return broken("Received an invalid status line");
    }
    let status: u16 = status_line.next().unwrap().parse().unwrap();
    let reason = status_line.next().unwrap_or_default().to_owned();
    if status == 100 {
        return parse(body);
    }
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let header = |wanted: &str| {
        headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let body = if header("transfer-encoding") == Some("chunked") {
        let text = String::from_utf8(body.to_vec()).unwrap();
        let (size, rest) = text.split_once("\r\n").unwrap();
        rest.as_bytes()[..usize::from_str_radix(size, 16).unwrap()].to_vec()
    } else {
        let length = header("content-length").map_or(body.len(), |length| length.parse().unwrap());
        if body.len() < length {
            return broken("ended prematurely");
        }
        body[..length].to_vec()
    };
    complete(status, &reason, header("content-type"), body)
}

pub(crate) fn check(case: &Json) -> Result<(), String> {
    let zone = zone(case);
    let ours = conclude(&function(case), &answer(case), &zone);
    let theirs = case.get("concluded").unwrap();
    equal("outcome", &outcome(&ours.outcome), &text(theirs, "/outcome"))?;
    check_exception(&ours.outcome, theirs)?;
    check_logs(&ours, theirs)?;
    let bound = theirs["bound"].as_array().unwrap();
    let ours_bound: Vec<String> = ours.outputs.iter().map(|output| describe(output, &zone)).collect();
    let theirs_bound: Vec<String> = bound.iter().map(describe_captured).collect();
    equal("bound", &ours_bound, &theirs_bound)?;
    if let Some(outputs) = theirs.get("outputs").and_then(Json::as_object) {
        check_converted(&ours, outputs, &zone)?;
        if let Some(returned) = theirs.get("return") {
            equal("return value", &ours.return_value, &captured_value(returned, &zone))?;
        }
    }
    match theirs.get("callerSees") {
        Some(seen) => check_caller(&ours, seen, case),
        None => Ok(()),
    }
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Failed(_) => "failed",
        Outcome::NeverCompletes => "not completed",
    }
}

/// Which exception of the host each failure of ours stands for.
fn check_exception(outcome: &Outcome, theirs: &Json) -> Result<(), String> {
    let Outcome::Failed(failure) = outcome else {
        return Ok(());
    };
    let chain = theirs["exception"].as_array().unwrap();
    let kinds: Vec<&str> = chain.iter().map(|exception| text(exception, "/type")).collect();
    let message = text(&chain[1], "/message");
    let expected: &[&str] = match failure {
        Failure::Answer(AnswerError::Status { .. }) => {
            equal("message", &failure.to_string().as_str(), &message)?;
            &["HttpRequestException"]
        }
        Failure::Answer(AnswerError::Broken(_)) => &["HttpRequestException", "HttpIOException"],
        Failure::Answer(AnswerError::MediaType(_)) => &["UnsupportedMediaTypeException", "XmlException"],
        Failure::Answer(AnswerError::Encoding) => &["DecoderFallbackException"],
        Failure::Answer(AnswerError::Syntax(_)) => &["JsonReaderException", "JsonSerializationException"],
        Failure::Answer(AnswerError::Shape(_)) => {
            &["JsonSerializationException", "ArgumentException", "JsonReaderException"]
        }
        Failure::HttpOutput => {
            equal("message", &failure.to_string().as_str(), &message)?;
            &[
                "InvalidOperationException",
                "JsonReaderException",
                "ArgumentException",
                "JsonSerializationException",
            ]
        }
        Failure::Output {
            source: OutputError::Syntax(_),
            ..
        } => &["JsonReaderException"],
        Failure::Output {
            source: source @ OutputError::NoBytes,
            ..
        } => {
            equal("message", &source.to_string().as_str(), &message)?;
            &["ArgumentNullException"]
        }
    };
    match kinds.last() {
        Some(kind) if expected.contains(kind) => Ok(()),
        _ => Err(format!("exception\n  ours   {failure:?}\n  theirs {kinds:?} {message}")),
    }
}

fn check_logs(ours: &Conclusion, theirs: &Json) -> Result<(), String> {
    let theirs: Vec<&str> = theirs
        .get("logs")
        .and_then(Json::as_array)
        .map(|logs| logs.iter().map(|line| line.as_str().unwrap()).collect())
        .unwrap_or_default();
    let ours: Vec<String> = ours.logs.iter().map(|line| format!("Information: {line}")).collect();
    equal("number of log lines", &ours.len(), &theirs.len())?;
    for (ours, theirs) in ours.iter().zip(theirs) {
        match theirs
            .strip_suffix(" characters)")
            .and_then(|theirs| theirs.rsplit_once("...("))
        {
            Some((start, length)) => {
                equal("length of the log line", &ours.len().to_string().as_str(), &length)?;
                equal("start of the log line", &ours.starts_with(start), &true)?;
            }
            None => equal("log", &ours.as_str(), &theirs)?,
        }
    }
    Ok(())
}

fn describe(output: &BoundOutput, zone: &TimeZone) -> String {
    let items: Vec<String> = match &output.delivered {
        Delivered::Messages(messages) => messages.iter().map(|message| STANDARD.encode(message)).collect(),
        Delivered::Texts(texts) => texts.clone(),
        Delivered::Documents(documents) => documents
            .iter()
            .map(|document| canonical(&compact(document, zone)))
            .collect(),
        Delivered::Stream(bytes) => vec![STANDARD.encode(bytes)],
    };
    format!("{}: {items:?}", output.binding)
}

fn describe_captured(bound: &Json) -> String {
    let described = |item: &Json| match text(item, "/type") {
        "byte[]" => text(item, "/base64").to_owned(),
        "string" => text(item, "/value").to_owned(),
        "null" => "null".to_owned(),
        _ => canonical(text(item, "/json")),
    };
    let items: Vec<String> = match bound.get("items").and_then(Json::as_array) {
        Some(items) => items.iter().map(described).collect(),
        None => vec![described(bound.get("written").unwrap())],
    };
    format!("{}: {items:?}", text(bound, "/binding"))
}

/// A converted value. JSON objects and arrays were captured as text, so their dates are read again.
fn captured_value(described: &Json, zone: &TimeZone) -> Value {
    match described.get("json").and_then(Json::as_str) {
        Some(document) => host_rules::newtonsoft::Reader::new(document, zone)
            .with_maximum_depth(256)
            .read_document()
            .unwrap_or_else(|error| panic!("{error}: {document}")),
        None => value(described, zone),
    }
}

fn check_converted(ours: &Conclusion, theirs: &serde_json::Map<String, Json>, zone: &TimeZone) -> Result<(), String> {
    let mut converted = ours.converted.clone();
    converted.sort_by(|one, other| one.0.cmp(&other.0));
    let ours: Vec<String> = converted
        .iter()
        .map(|(name, value)| format!("{name}={}", shown(value, zone)))
        .collect();
    let theirs: Vec<String> = theirs
        .iter()
        .map(|(name, described)| format!("{name}={}", shown(&captured_value(described, zone), zone)))
        .collect();
    equal("converted outputs", &ours, &theirs)
}

fn shown(value: &Value, zone: &TimeZone) -> String {
    match value {
        Value::Object(_) | Value::Array(_) => canonical(&compact(value, zone)),
        other => format!("{other:?}"),
    }
}

fn check_caller(ours: &Conclusion, theirs: &Json, case: &Json) -> Result<(), String> {
    let Some(answer) = &ours.http else {
        return Err("the caller sees nothing".to_owned());
    };
    equal("status", &u64::from(answer.status), &theirs["status"].as_u64().unwrap())?;
    let by_server = ["server", "date", "connection", "content-length", "transfer-encoding"];
    let mut theirs_headers: Vec<(String, String)> = theirs["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            (
                pair[0].as_str().unwrap().to_ascii_lowercase(),
                pair[1].as_str().unwrap().to_owned(),
            )
        })
        .filter(|(name, _)| !by_server.contains(&name.as_str()))
        .collect();
    let mut ours_headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| !by_server.contains(&name.as_str()))
        .collect();
    theirs_headers.sort();
    ours_headers.sort();
    equal("headers", &ours_headers, &theirs_headers)?;
    if case
        .pointer("/callerRequest/method")
        .is_some_and(|method| method == "HEAD")
    {
        // The web server leaves the body out.
        return Ok(());
    }
    let body = match theirs.get("bodyBase64").and_then(Json::as_str) {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => text(theirs, "/body").as_bytes().to_vec(),
    };
    equal(
        "body",
        &String::from_utf8_lossy(&answer.body),
        &String::from_utf8_lossy(&body),
    )
}

fn all_conclusions_agree(file: &str) {
    all_agree(file, &cases(file), |case| name(case).to_owned(), check);
}

#[test]
fn answers_are_judged_as_captured() {
    all_conclusions_agree("host/answers.json");
}

#[test]
fn outputs_are_converted_as_captured() {
    all_conclusions_agree("host/outputs.json");
}

#[test]
fn http_answers_reach_the_caller_as_captured() {
    all_conclusions_agree("host/http_answers.json");
}
