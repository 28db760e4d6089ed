use jiff::tz::TimeZone;

use super::text::utf16;
use crate::dotnet::Value;
use crate::newtonsoft::{Reader, SyntaxError};

/// What came back from the handler, redirects already followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerAnswer {
    /// A complete HTTP answer.
    Response(HandlerResponse),
    /// No complete answer: refused, dropped, cut short or no HTTP.
    Broken {
        /// What went wrong.
        reason: String,
    },
}

/// A complete HTTP answer of the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerResponse {
    /// HTTP status.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// `Content-Type`, if any.
    pub content_type: Option<String>,
    /// The body, transfer encoding removed, content encoding kept (the host does not decode any).
    pub body: Vec<u8>,
}

/// The answer as the host reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandlerResult {
    /// `Outputs`; `None` when absent or null.
    pub outputs: Option<Vec<(String, Value)>>,
    /// `Logs`, each to be logged at Information; `None` for a null.
    pub logs: Vec<Option<String>>,
    /// `ReturnValue`.
    pub return_value: Value,
}

/// Why an answer makes the invocation fail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// A status outside 200 to 299; body, outputs and logs are ignored.
    #[error("Response status code does not indicate success: {status} ({reason}).")]
    Status {
        /// HTTP status.
        status: u16,
        /// Reason phrase.
        reason: String,
    },
    /// Neither `application/json` nor `text/json`.
    #[error("No MediaTypeFormatter is available to read an object from content with media type '{0}'.")]
    MediaType(String),
    /// Bytes that are not what the charset says.
    #[error("the answer is not valid text in its character set")]
    Encoding,
    /// Not JSON, even leniently read.
    #[error("the answer is not valid JSON")]
    Syntax(#[source] SyntaxError),
    /// JSON of the wrong shape.
    #[error("the answer has the wrong shape: {0}")]
    Shape(String),
    /// No complete HTTP answer.
    #[error("{0}")]
    Broken(String),
}

/// The nesting that the host's JSON formatter allows.
const MAXIMUM_DEPTH: usize = 256;
const OCTET_STREAM: &str = "application/octet-stream";

/// Reads an answer. `None` means that nothing ever completes the invocation: an empty body, blanks or `null`.
pub fn read_answer(answer: &HandlerAnswer, zone: &TimeZone) -> Result<Option<HandlerResult>, AnswerError> {
    let response = match answer {
        HandlerAnswer::Response(response) => response,
        HandlerAnswer::Broken { reason } => return Err(AnswerError::Broken(reason.clone())),
    };
    if !(200..300).contains(&response.status) {
        return Err(AnswerError::Status {
            status: response.status,
            reason: response.reason.clone(),
        });
    }
    if response.body.is_empty() {
        return Ok(None);
    }
    let (media_type, charset) = media_type(response.content_type.as_deref());
    if !matches!(media_type.as_str(), "application/json" | "text/json") {
        return Err(AnswerError::MediaType(media_type));
    }
    let text = decode(&response.body, charset.as_deref())?;
    let mut reader = Reader::new(&text, zone).with_maximum_depth(MAXIMUM_DEPTH);
    read_result(&mut reader).map_err(|failure| match failure {
        ReadFailure::Syntax(error) => AnswerError::Syntax(error),
        ReadFailure::Shape(what) => AnswerError::Shape(what),
    })
}

/// Media type and charset in lower case. What cannot be parsed counts as an octet stream.
fn media_type(content_type: Option<&str>) -> (String, Option<String>) {
    let Some(content_type) = content_type else {
        return (OCTET_STREAM.to_owned(), None);
    };
    let mut parts = content_type.split(';');
    let media_type = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '/');
    let is_valid = media_type
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    let charset = parts.filter_map(|part| part.split_once('=')).find_map(|(name, value)| {
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    });
    (if is_valid { media_type } else { OCTET_STREAM.to_owned() }, charset)
}

/// The formatter knows UTF-8 and UTF-16; another charset falls back to UTF-8. Invalid bytes are refused.
fn decode(body: &[u8], charset: Option<&str>) -> Result<String, AnswerError> {
    let wide = match charset {
        Some("utf-16" | "utf-16le" | "unicode") => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    let text = match wide {
        Some(unit) => utf16(body.strip_prefix(&[0xff, 0xfe]).unwrap_or(body), unit),
        None => {
            let body = body.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(body);
            std::str::from_utf8(body).map_err(|_| AnswerError::Encoding)?.to_owned()
        }
    };
    if wide.is_some() && text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(AnswerError::Encoding);
    }
    Ok(text)
}

enum ReadFailure {
    Syntax(SyntaxError),
    Shape(String),
}

impl From<SyntaxError> for ReadFailure {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

fn read_result(reader: &mut Reader<'_>) -> Result<Option<HandlerResult>, ReadFailure> {
    reader.skip_blanks_and_comments()?;
    match reader.peek() {
        None => return Ok(None),
        Some('{') => {}
        Some(_) => {
            return match reader.read_first()? {
                None | Some(Value::Null) => Ok(None),
                Some(_) => Err(ReadFailure::Shape("a JSON object is expected".to_owned())),
            };
        }
    }
    let mut result = HandlerResult::default();
    let mut shape = None;
    reader.members(1, |reader, name| {
        if name.eq_ignore_ascii_case("Outputs") {
            match reader.value(1)? {
                Value::Null => result.outputs = None,
                Value::Object(members) => merge(result.outputs.get_or_insert_default(), members),
                _ => shape = Some("Outputs must be an object"),
            }
        } else if name.eq_ignore_ascii_case("ReturnValue") {
            result.return_value = reader.value(1)?;
        } else if name.eq_ignore_ascii_case("Logs") {
            match read_logs(reader)? {
                Some(logs) => result.logs = logs,
                None => shape = Some("Logs must be an array of scalars"),
            }
        } else {
            reader.value(1)?;
        }
        Ok(())
    })?;
    match shape {
        Some(what) => Err(ReadFailure::Shape(what.to_owned())),
        None => Ok(Some(result)),
    }
}

/// A repeated `Outputs` adds to the one before.
fn merge(outputs: &mut Vec<(String, Value)>, members: Vec<(String, Value)>) {
    for (name, value) in members {
        match outputs.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => outputs.push((name, value)),
        }
    }
}

/// `Logs` as a list of texts, scalars as they are written.
fn read_logs(reader: &mut Reader<'_>) -> Result<Option<Vec<Option<String>>>, SyntaxError> {
    match reader.peek() {
        Some('[') => {}
        _ => return Ok(matches!(reader.value(1)?, Value::Null).then(Vec::new)),
    }
    let mut logs = Vec::new();
    let mut scalars = true;
    reader.items(2, |reader| {
        let start = reader.position();
        let value = reader.without_dates(|reader| reader.value(2))?;
        logs.push(match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Array(_) | Value::Object(_) => {
                scalars = false;
                None
            }
            _ => Some(reader.text_since(start).to_owned()),
        });
        Ok(())
    })?;
    Ok(scalars.then_some(logs))
}
