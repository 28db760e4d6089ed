//! Answers to HTTP callers: what the app means is what the caller sees, or it is refused here.

use functions_protocol::{HttpAnswer, HttpAnswerError, Output};
use serde_json::{Value, json};

use crate::cases::{Case, Verdict, check_every_case};

#[test]
fn every_captured_answer() {
    check_every_case("http_answers", |case| {
        let (Some(meant), "success") = (meant_by(case), case.outcome()) else {
            return Verdict::LeftOut;
        };
        let seen = seen_by_caller(case);
        match Output::http(&meant) {
            Ok(output) => {
                assert_eq!(
                    seen,
                    expected_view(&meant, &case.json["callerRequest"]),
                    "{}",
                    case.name
                );
                let sent: Value = serde_json::from_str(output.json().get()).unwrap();
                assert_eq!(
                    sent["body"].as_str().unwrap_or_default(),
                    body_sent(&meant),
                    "{}",
                    case.name
                );
            }
            // Harmless to the host, but no caller could read it.
            Err(HttpAnswerError::Status { .. }) => return Verdict::LeftOut,
            Err(error) => {
                assert_ne!(
                    seen,
                    expected_view(&meant, &Value::Null),
                    "{}: refused though harmless: {error}",
                    case.name
                );
            }
        }
        Verdict::Agrees
    });
}

/// The answer that an app would make to get the captured one; none where ours cannot have that form.
fn meant_by(case: &Case) -> Option<HttpAnswer> {
    let answer = case.answer()?;
    let res = answer["Outputs"]["res"].as_object()?;
    if res
        .keys()
        .any(|key| !["statusCode", "headers", "body"].contains(&key.as_str()))
        || !answer["ReturnValue"].is_null()
    {
        return None;
    }
    let status = match res.get("statusCode") {
        None => 200,
        Some(status) => u16::try_from(status.as_u64()?).ok()?,
    };
    let body = match res.get("body") {
        None | Some(Value::Null) => "",
        Some(body) => body.as_str()?,
    };
    let none = json!({});
    let headers = res.get("headers").unwrap_or(&none).as_object()?;
    let is_content_type = |name: &str| name.eq_ignore_ascii_case("content-type");
    let mut meant = match headers.iter().find(|(name, _)| is_content_type(name)) {
        Some((_, content_type)) => HttpAnswer::with_content_type(status, content_type.as_str()?, body),
        None => HttpAnswer::text(status, body),
    };
    for (name, value) in headers.iter().filter(|(name, _)| !is_content_type(name)) {
        meant = meant.header(name, value.as_str()?);
    }
    Some(meant)
}

type View = (u64, Vec<(String, String)>, String);

fn seen_by_caller(case: &Case) -> View {
    let seen = &case.json["concluded"]["callerSees"];
    let mut headers: Vec<(String, String)> = seen["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| {
            (
                header[0].as_str().unwrap().to_ascii_lowercase(),
                header[1].as_str().unwrap().to_owned(),
            )
        })
        .filter(|(name, _)| !["server", "transfer-encoding", "content-length"].contains(&name.as_str()))
        .collect();
    headers.sort();
    (
        seen["status"].as_u64().unwrap(),
        headers,
        seen["body"].as_str().unwrap_or_default().to_owned(),
    )
}

fn expected_view(meant: &HttpAnswer, caller: &Value) -> View {
    let mut headers: Vec<(String, String)> = meant
        .headers()
        .map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let value = if name == "content-type" {
                in_utf8(value)
            } else {
                value.to_owned()
            };
            (name, value)
        })
        .collect();
    headers.sort();
    let is_head = caller["method"] == "HEAD";
    let body = if is_head { "" } else { body_sent(meant) };
    (u64::from(meant.status_code()), headers, body.to_owned())
}

/// The host sets the charset of every text body.
fn in_utf8(content_type: &str) -> String {
    let media_type = content_type.split(';').next().unwrap().trim();
    format!("{media_type}; charset=utf-8")
}

fn body_sent(meant: &HttpAnswer) -> &str {
    if meant.status_code() == 204 { "" } else { meant.body() }
}

#[test]
fn what_the_host_would_refuse_or_change_is_refused() {
    let ok = || HttpAnswer::status(200);
    for (answer, message) in [
        (HttpAnswer::status(99), "HTTP status 99 is not between 200 and 599"),
        (
            HttpAnswer::text(200, "2026-11-20T10:00:00Z"),
            "the HTTP body is a bare timestamp",
        ),
        (
            ok().header("X-When", "2026-11-20T10:00:00Z"),
            "the HTTP header `X-When` is a bare timestamp",
        ),
        (ok().header("X A", "1"), "`X A` is no name of an HTTP header"),
        (
            ok().header("X-A", "secret\r\nB: c"),
            "the value of HTTP header `X-A` has characters other than visible ASCII",
        ),
        (
            ok().header("X-A", "ü"),
            "the value of HTTP header `X-A` has characters other than visible ASCII",
        ),
        (
            ok().header("Set-Cookie", "a=1").header("set-cookie", "b=2"),
            "HTTP header `set-cookie` is set twice",
        ),
        (
            ok().header("content-length", "3"),
            "HTTP header `content-length` is the host's own",
        ),
    ] {
        let error = Output::http(&answer).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn json_is_sent_as_text_and_keeps_its_form() {
    let answer = HttpAnswer::json(201, &json!({"when": "2026-11-20T10:00:00+02:00", "n": 1.0})).unwrap();
    assert_eq!(
        Output::http(&answer.header("Location", "/x")).unwrap().json().get(),
        r#"{"statusCode":201,"headers":{"Content-Type":"application/json; charset=utf-8","Location":"/x"},"body":"{\"n\":1.0,\"when\":\"2026-11-20T10:00:00+02:00\"}"}"#
    );
}
