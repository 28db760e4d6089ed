//! The parts that all answers share: the version, the service's own headers, and how a refusal is written.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::answer::Answer;
use crate::call::Call;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::http_date;
use crate::xml::XmlWriter;

/// The version answered to callers that name none.
const DEFAULT_VERSION: &str = "2026-06-06";
/// The service's first version.
const FIRST_VERSION: Date = Date::constant(2009, 9, 19);
const LONGEST_CLIENT_REQUEST_ID: usize = 1024;

/// Any date since the first version is accepted: a client of next year asks for the same operations.
pub(crate) fn check_version(call: &Call) -> ServiceResult<()> {
    let Some(text) = call.header("x-ms-version") else {
        return Ok(());
    };
    match text.parse::<Date>() {
        Ok(date) if text.len() == 10 && date >= FIRST_VERSION => Ok(()),
        _ => Err(ServiceError::header("x-ms-version", text)),
    }
}

/// The service wants to know beforehand how much comes. In process there is no transport that would say it.
pub(crate) fn check_length(call: &Call) -> ServiceResult<()> {
    let has_body = call.method == http::Method::PUT || call.method == http::Method::POST;
    if has_body && call.peer.is_some() && call.header("content-length").is_none() {
        return Err(Code::MissingContentLengthHeader.into());
    }
    Ok(())
}

/// Adds what every answer carries.
pub(crate) fn complete(answer: &mut Answer, call: Option<&Call>, request_id: &str, now: Timestamp) {
    answer.set_static("server", "storage_emulator");
    answer.set("date", http_date::rfc1123(now));
    answer.set("x-ms-request-id", request_id);
    let version = call
        .and_then(|call| call.header("x-ms-version"))
        .filter(|text| text.parse::<Date>().is_ok());
    answer.set("x-ms-version", version.unwrap_or(DEFAULT_VERSION));
    if let Some(id) = call.and_then(Call::client_request_id)
        && id.len() <= LONGEST_CLIENT_REQUEST_ID
    {
        answer.set("x-ms-client-request-id", id);
    }
    if !answer.headers.contains_key("content-length") {
        let length = answer.body.len();
        // HTTP forbids a length on these.
        if !matches!(answer.status.as_u16(), 204 | 304) {
            answer.set("content-length", length.to_string());
        }
    }
}

/// A refusal as an answer.
pub(crate) fn refusal(refusal: &ServiceError, request_id: &str, now: Timestamp) -> Answer {
    let code = refusal.code.name();
    let mut answer = if refusal.status == http::StatusCode::NOT_MODIFIED {
        Answer::new(refusal.status)
    } else {
        let mut xml = XmlWriter::new();
        xml.open("Error");
        xml.text("Code", code);
        xml.text(
            "Message",
            &format!("{}\nRequestId:{request_id}\nTime:{now}", refusal.code.message()),
        );
        for (element, text) in &refusal.details {
            let clean: String = text
                .chars()
                .filter(|character| crate::xml::is_xml_character(*character))
                .collect();
            xml.text(element, &clean);
        }
        xml.close("Error");
        Answer::xml(refusal.status, xml.finish())
    };
    answer.set_static("x-ms-error-code", code);
    if let Some(range) = &refusal.content_range {
        answer.set("content-range", range);
    }
    if refusal.status == http::StatusCode::UNAUTHORIZED {
        answer.set_static(
            "www-authenticate",
            "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize resource_id=https://storage.azure.com",
        );
    }
    answer
}
