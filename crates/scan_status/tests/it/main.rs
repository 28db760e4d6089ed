//! Messages in, documents out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bounds;
mod messages;
mod order;
mod public_document;
mod rules;

use jiff::Timestamp;
use scan_status::{Merged, StateDocument, StatusMessage};
use serde_json::{Value, json};

/// Ten o'clock, and `minutes` after it.
fn at(minutes: i64) -> Timestamp {
    let ten: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    ten + jiff::SignedDuration::from_mins(minutes)
}

fn message(value: &Value) -> StatusMessage {
    StatusMessage::parse(&value.to_string()).unwrap()
}

fn mirror(url: &str, minute: i64, errors: &[&str]) -> Value {
    json!({"status_type": "mirror", "status": {url: {
        "running": errors.is_empty(),
        "errors": errors,
        "time": scan_status::naive_time::format(at(minute)),
        "observed_at": at(minute).to_string(),
    }}})
}

fn mirror_list(minute: i64, urls: &[&str]) -> Value {
    json!({"status_type": "mirror-list", "status": urls, "observed_at": at(minute).to_string()})
}

/// The document after these messages, all read in the middle of the day.
fn merged(messages: &[Value]) -> StateDocument {
    let mut state = StateDocument::default();
    for value in messages {
        merge(&mut state, value);
    }
    state
}

fn merge(state: &mut StateDocument, value: &Value) -> Merged {
    state.merge(&message(value), at(0), at(120)).unwrap()
}

fn public(state: &StateDocument) -> Value {
    serde_json::from_slice(&scan_status::public::render(state)).unwrap()
}

fn names(section: &Value) -> Vec<&str> {
    section
        .as_object()
        .map(|members| members.keys().map(String::as_str).collect())
        .unwrap_or_default()
}
