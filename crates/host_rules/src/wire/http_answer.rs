use jiff::tz::TimeZone;

use super::binding_data::same_name;
use crate::dotnet::{Value, to_invariant_text};
use crate::newtonsoft::{Reader, compact};

/// What the caller of an HTTP function sees, apart from what the web server adds (`Date`, `Server`, lengths).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers in order, `Content-Type` included.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";
const DOTNET_LIST: &str = "System.Collections.Generic.List`1[System.Object]";
const DOTNET_OBJECT: &str = "System.Dynamic.ExpandoObject";

impl CallerAnswer {
    /// A status with nothing else.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn new(status: u16, content_type: &str, body: String) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self {
            status,
            headers,
            body: body.into_bytes(),
        }
    }
}

/// A response before it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HttpContent {
    status_code: Value,
    status: Value,
    headers: Value,
    body: Value,
    negotiated: bool,
    origin: Origin,
}

/// The path on which a value came decides how .NET prints objects and arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// `Outputs.<http binding>`: JSON values, printed indented.
    Outputs,
    /// `Outputs` without the http binding: an empty object.
    Missing,
    /// A response object in `ReturnValue`: .NET objects, printed compact; arrays by their type's name.
    ReturnedResponse,
    /// Any other return value: printed like JSON values, without a status.
    Returned,
}

impl HttpContent {
    /// The content of the http binding's entry in `Outputs`; `None` when it is no response object. An absent entry gives
    /// an empty object as body.
    pub(super) fn from_output(value: Option<&Value>, zone: &TimeZone) -> Option<Self> {
        let parsed;
        let members = match value {
            None => return Some(Self::of(Value::Object(Vec::new()), Origin::Missing)),
            Some(Value::Object(members)) => members,
            Some(Value::String(text)) => {
                parsed = Reader::new(text, zone).read_document().ok()?;
                if let Value::Object(members) = &parsed {
                    members
                } else {
                    return None;
                }
            }
            Some(_) => return None,
        };
        let member = |wanted: &str| {
            let mut same = members.iter().filter(|(name, _)| same_name(name, wanted));
            same.next_back().map_or(Value::Null, |(_, value)| value.clone())
        };
        let headers = member("headers");
        if !matches!(headers, Value::Null | Value::Object(_)) {
            return None;
        }
        Some(Self {
            status_code: as_text(member("statusCode"), zone),
            status: as_text(member("status"), zone),
            headers,
            ..Self::of(member("body"), Origin::Outputs)
        })
    }

    /// The content of a return value, `None` for null. Text is read as JSON if it is JSON; an object with a `body` is a
    /// response.
    pub(super) fn from_return(value: &Value, zone: &TimeZone) -> Option<Self> {
        let content = match value {
            Value::Null => return None,
            Value::String(text) if text.trim().is_empty() => Value::Null,
            Value::String(text) => Reader::new(text, zone)
                .read_document()
                .unwrap_or_else(|_| value.clone()),
            other => other.clone(),
        };
        let member = |name: &str| content.member_ignoring_case(name).cloned().unwrap_or_default();
        Some(match content.member_ignoring_case("body") {
            None => Self::of(content, Origin::Returned),
            Some(body) => Self {
                status_code: if content.member_ignoring_case("statusCode").is_some() {
                    member("statusCode")
                } else {
                    member("status")
                },
                headers: member("headers"),
                negotiated: member("enableContentNegotiation") == Value::Boolean(true),
                ..Self::of(body.clone(), Origin::ReturnedResponse)
            },
        })
    }

    fn of(body: Value, origin: Origin) -> Self {
        Self {
            status_code: Value::Null,
            status: Value::Null,
            headers: Value::Null,
            body,
            negotiated: false,
            origin,
        }
    }

    /// The object that the host keeps for an http output.
    pub(super) fn to_value(&self) -> Value {
        if self.origin == Origin::Missing {
            return self.body.clone();
        }
        Value::Object(vec![
            ("StatusCode".to_owned(), self.status_code.clone()),
            ("Status".to_owned(), self.status.clone()),
            ("Body".to_owned(), self.body.clone()),
            ("Headers".to_owned(), self.headers.clone()),
        ])
    }

    /// Writes the response. A header that the server refuses gives 500, although the invocation has succeeded.
    pub(super) fn answer(&self, zone: &TimeZone) -> CallerAnswer {
        let status = status(&self.status_code);
        if self.negotiated && matches!(self.body, Value::Object(_) | Value::Array(_)) {
            return CallerAnswer::new(status, JSON, compact(&self.body, zone));
        }
        let mut answer = CallerAnswer::empty(status);
        let mut content_type = None;
        let members = if let Value::Object(members) = &self.headers {
            members.as_slice()
        } else {
            &[]
        };
        for (name, value) in members {
            let text = self.text(value, zone);
            if *value == Value::Null || !is_header_value(&text) || !is_header_name(name) {
                return CallerAnswer::empty(500);
            }
            if name.eq_ignore_ascii_case("content-type") {
                content_type = Some(text);
            } else if !answer.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                answer.headers.push((name.clone(), text));
            }
        }
        if let Value::Bytes(bytes) = &self.body {
            answer.body.clone_from(bytes);
            return answer;
        }
        answer.body = self.text(&self.body, zone).into_bytes();
        let content_type = content_type.map_or_else(|| TEXT.to_owned(), |given| with_utf8(&given));
        answer.headers.insert(0, ("Content-Type".to_owned(), content_type));
        if !may_have_body(status, &answer) {
            answer.body.clear();
        }
        answer
    }

    fn text(&self, value: &Value, zone: &TimeZone) -> String {
        match (self.origin, value) {
            (Origin::ReturnedResponse, Value::Array(_)) => DOTNET_LIST.to_owned(),
            (Origin::ReturnedResponse, Value::Object(_)) if std::ptr::eq(value, &self.body) => compact(value, zone),
            (Origin::ReturnedResponse, Value::Object(_)) => DOTNET_OBJECT.to_owned(),
            _ => to_invariant_text(value, zone),
        }
    }
}

/// A return value without any http output: text as it is, anything else as JSON, nothing as 204.
pub(super) fn return_answer(value: &Value, zone: &TimeZone) -> CallerAnswer {
    match value {
        Value::Null => CallerAnswer::empty(204),
        Value::String(text) => CallerAnswer::new(200, TEXT, text.clone()),
        other => CallerAnswer::new(200, JSON, compact(other, zone)),
    }
}

/// The text member of a .NET class: a number or boolean as it was written.
fn as_text(value: Value, zone: &TimeZone) -> Value {
    match value {
        Value::Null | Value::String(_) => value,
        other => Value::String(compact(&other, zone)),
    }
}

/// An integer, or text that is one; anything else counts as 200.
fn status(value: &Value) -> u16 {
    let number = match value {
        Value::Integer(number) => Some(*number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.and_then(|number| u16::try_from(number).ok()).unwrap_or(200)
}

fn is_header_value(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' '..='~' | '\t'))
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Text is always sent as UTF-8, and the content type always says so.
fn with_utf8(content_type: &str) -> String {
    let parameters = content_type.split(';').map(str::trim);
    let is_charset =
        |part: &str| part.len() >= 8 && part.is_char_boundary(8) && part[..8].eq_ignore_ascii_case("charset=");
    let kept: Vec<&str> = parameters
        .filter(|part| !is_charset(part) && !part.is_empty())
        .collect();
    format!("{}; charset=utf-8", kept.join("; "))
}

/// Statuses without a body, and a declared length that the body exceeds (the server then drops the body).
fn may_have_body(status: u16, answer: &CallerAnswer) -> bool {
    let declared = answer
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let too_long = declared
        .and_then(|(_, length)| length.parse().ok())
        .is_some_and(|length| answer.body.len() > length);
    !matches!(status, 204 | 205 | 304) && !too_long
}
