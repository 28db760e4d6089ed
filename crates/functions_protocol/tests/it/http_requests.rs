//! HTTP triggers: the caller's request is what the handler reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use functions_protocol::{HttpBody, HttpRequest, Invocation};
use serde_json::Value;

use crate::cases::{Case, Verdict, check_every_case, load};

#[test]
fn every_captured_request() {
    check_every_case("http_trigger", |case| {
        let request = request_of(case);
        let caller = CallerRequest::parse(&case.json["input"]["rawRequest"]);
        assert_eq!(request.method, caller.method, "{}", case.name);
        assert_eq!(
            request.url,
            format!("http://{}{}", caller.header("Host").unwrap(), caller.target),
            "{}",
            case.name
        );
        assert_eq!(request.body, caller.body_as_sent_on(), "{}", case.name);
        for (name, _) in &caller.headers {
            let expected: Vec<&str> = caller.values(name).collect();
            let (_, values) = request
                .headers()
                .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
                .unwrap();
            assert_eq!(values, expected, "{}: {name}", case.name);
            assert_eq!(
                request.header(&name.to_uppercase()),
                expected.first().copied(),
                "{}: {name}",
                case.name
            );
        }
        for (name, value) in case.json["input"]["routeData"].as_object().unwrap() {
            assert_eq!(request.param(name), value.as_str(), "{}: {name}", case.name);
        }
        // The host and the URL agree on every query parameter.
        let sent: Value = Invocation::parse(case.sent_body().unwrap().as_bytes())
            .unwrap()
            .object("req")
            .unwrap();
        for (name, value) in sent["Query"].as_object().unwrap() {
            assert_eq!(request.query(name), value.as_str(), "{}: {name}", case.name);
            assert_eq!(
                request.query_values(name).join(","),
                value.as_str().unwrap(),
                "{}: {name}",
                case.name
            );
        }
        Verdict::Agrees
    });
}

#[test]
fn a_request_made_by_hand_reads_like_the_hosts() {
    for case in load("http_trigger")
        .iter()
        .filter(|case| case.name.starts_with("get_query"))
    {
        let sent = request_of(case);
        let made = HttpRequest::new("GET", sent.url.clone());
        for name in ["x", "y", "z", "enc", "u", "id", "absent"] {
            assert_eq!(made.query(name), sent.query(name), "{}: {name}", case.name);
        }
    }
}

#[test]
fn identities_say_which_key_or_user_called() {
    let case = |name: &str| load("http_trigger").into_iter().find(|case| case.name == name).unwrap();
    let by_key = request_of(&case("identities_with_function_key"));
    let key = by_key
        .identities
        .iter()
        .find(|identity| identity.is_authenticated)
        .unwrap();
    assert_eq!(key.authentication_type.as_deref(), Some("WebJobsAuthLevel"));
    assert!(
        key.claims
            .iter()
            .any(|claim| claim.claim_type.ends_with("authlevel") && claim.value == "Function")
    );
    let by_user = request_of(&case("identities_named_user"));
    assert_eq!(by_user.identities[0].name.as_deref(), Some("me@example.org"));
}

#[test]
fn debug_output_has_neither_keys_nor_bodies() {
    let request = HttpRequest::new("POST", "http://host/api/f?code=SECRET")
        .with_header("x-functions-key", "SECRET")
        .with_body(HttpBody::Text("SECRET".to_owned()));
    let debug = format!("{request:?}");
    assert!(
        !debug.contains("SECRET") && debug.contains("x-functions-key") && debug.contains("/api/f"),
        "{debug}"
    );
}

fn request_of(case: &Case) -> HttpRequest {
    Invocation::parse(case.sent_body().unwrap().as_bytes())
        .unwrap()
        .http_request("req")
        .unwrap()
}

/// The bytes that the caller sent, taken apart.
struct CallerRequest {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl CallerRequest {
    fn parse(raw: &Value) -> Self {
        let bytes = match raw["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => STANDARD.decode(raw["base64"].as_str().unwrap()).unwrap(),
        };
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap().split(' ');
        let headers = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        Self {
            method: first.next().unwrap().to_owned(),
            target: first.next().unwrap().to_owned(),
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The host passes on bodies with a length, bytes as bytes for two kinds of content only.
    fn body_as_sent_on(&self) -> Option<HttpBody> {
        let length: usize = self.header("Content-Length")?.parse().unwrap();
        if length == 0 {
            return None;
        }
        assert_eq!(length, self.body.len());
        let content_type = self.header("Content-Type").unwrap_or_default();
        if content_type.starts_with("application/octet-stream") || content_type.starts_with("multipart/") {
            return Some(HttpBody::Bytes(self.body.clone()));
        }
        let text = String::from_utf8_lossy(&self.body);
        Some(HttpBody::Text(
            text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned(),
        ))
    }
}
