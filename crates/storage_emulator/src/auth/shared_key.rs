//! Shared Key: "Authorize with Shared Key" of the REST reference, string-to-sign of 2015-02-21 and later.

use std::time::Duration;

use super::{Permit, failed, sign};
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceResult};
use crate::http_date;

/// How far a request's date may be from now.
const CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

pub(super) fn check(parts: &Parts, call: &Call, credentials: &str) -> ServiceResult<Permit> {
    let (account_name, signature) = credentials.split_once(':').ok_or(Code::InvalidAuthenticationInfo)?;
    let account = parts
        .account(account_name)
        .filter(|account| account.name == call.account)
        .ok_or_else(|| {
            failed(format!(
                "The account '{account_name}' is not an account of this address."
            ))
        })?;
    let date = call.header("x-ms-date").or(call.header("date")).unwrap_or("");
    let at = http_date::parse(date).ok_or_else(|| failed("The date header is missing or cannot be read."))?;
    if at.duration_since(parts.signature_clock.now()).unsigned_abs() > CLOCK_SKEW {
        return Err(failed(format!("Request date header too old or too new: '{date}'")));
    }
    let text = string_to_sign(call);
    if sign(&account.key, &text) == signature.trim() {
        Ok(Permit::default())
    } else {
        Err(failed(format!(
            "The MAC signature found in the HTTP request is not the same as any computed signature. \
             Server used following string to sign: '{text}'."
        )))
    }
}

fn string_to_sign(call: &Call) -> String {
    let header = |name: &str| call.header(name).unwrap_or("");
    let mut text = String::with_capacity(512);
    text.push_str(call.method.as_str());
    for name in [
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-type",
    ] {
        text.push('\n');
        match (name, header(name)) {
            ("content-length", "0") => {}
            // An in-process client may leave the length to a transport that is not there.
            ("content-length", "") if !call.body.is_empty() => text.push_str(&call.body.len().to_string()),
            (_, value) => text.push_str(value),
        }
    }
    text.push('\n');
    if call.header("x-ms-date").is_none() {
        text.push_str(header("date"));
    }
    for name in [
        "if-modified-since",
        "if-match",
        "if-none-match",
        "if-unmodified-since",
        "range",
    ] {
        text.push('\n');
        text.push_str(header(name));
    }
    text.push('\n');
    canonical_headers(call, &mut text);
    text.push('/');
    text.push_str(&call.account);
    text.push_str(&call.raw_path);
    let mut pairs: Vec<_> = call.query.pairs().iter().collect();
    pairs.sort();
    let mut last: Option<&str> = None;
    for (name, value) in pairs {
        if last == Some(name) {
            text.push(',');
        } else {
            text.push('\n');
            text.push_str(name);
            text.push(':');
        }
        text.push_str(value);
        last = Some(name);
    }
    text
}

/// The `x-ms-*` headers in order, each on its line.
fn canonical_headers(call: &Call, text: &mut String) {
    let mut headers: Vec<(&str, &str)> = call
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-ms-"))
        .map(|(name, value)| {
            (
                name.as_str(),
                std::str::from_utf8(value.as_bytes()).unwrap_or("").trim(),
            )
        })
        .collect();
    headers.sort_unstable();
    for (name, value) in headers {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
}
