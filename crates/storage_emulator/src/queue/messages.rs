//! Messages: put, get, peek, update, delete, clear.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use jiff::Timestamp;

use super::queue_name;
use crate::answer::Answer;
use crate::call::{Call, Resource};
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::http_date;
use crate::state::{Change, Message};
use crate::xml::{Element, XmlWriter};

/// The service's limit for the text of a message, in bytes of UTF-8.
const LONGEST_TEXT: usize = 64 << 10;
/// Every byte of a text may be written as a reference like `&#x10FFFF;`; beyond this the text is too long in any case.
const LONGEST_BODY: usize = 10 * LONGEST_TEXT;
const SEVEN_DAYS: i64 = 7 * 24 * 60 * 60;
const MOST_AT_ONCE: i64 = 32;
/// How many of the visible messages a shuffled queue chooses from.
const SHUFFLE_WINDOW: usize = 1024;

pub(super) fn put(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let name = queue_name(call)?;
    let text = message_text(call)?.ok_or(Code::InvalidXmlDocument)?;
    let hidden = call.query.number("visibilitytimeout", 0, SEVEN_DAYS)?.unwrap_or(0);
    let lifetime = call
        .query
        .number("messagettl", -1, i64::from(u32::MAX))?
        .unwrap_or(SEVEN_DAYS);
    if lifetime == 0 || (lifetime > 0 && hidden >= lifetime) {
        let (parameter, value) = if lifetime == 0 {
            ("messagettl", 0)
        } else {
            ("visibilitytimeout", hidden)
        };
        return Err(ServiceError::query(parameter, &value.to_string()));
    }
    let mut store = parts.store.lock();
    let queue = store.state().queue(&call.account, name).ok_or(Code::QueueNotFound)?;
    // A folder that is opened again with the same seed would draw the same ids again.
    let id = loop {
        let id = parts.rng.uuid();
        if queue.get(&id).is_none() {
            break id;
        }
    };
    let now = parts.now();
    let message = Message {
        id: id.clone(),
        number: store.next_message_number(),
        text,
        inserted: now,
        expires: (lifetime > 0).then(|| later(now, lifetime)),
        visible_at: later(now, hidden),
        dequeued: 0,
        receipt: new_receipt(parts),
    };
    let mut xml = XmlWriter::new();
    xml.open("QueueMessagesList");
    xml.open("QueueMessage");
    write_times(&mut xml, &message);
    write_receipt(&mut xml, &message.receipt, message.visible_at);
    xml.close("QueueMessage");
    xml.close("QueueMessagesList");
    store.commit(vec![Change::Message {
        account: call.account.clone(),
        queue: name.to_owned(),
        message,
    }])?;
    let mut answer = Answer::xml(StatusCode::CREATED, xml.finish());
    answer.message_ids = vec![id];
    Ok(answer)
}

pub(super) fn get(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let name = queue_name(call)?;
    let most = call.query.number("numofmessages", 1, MOST_AT_ONCE)?.unwrap_or(1);
    let hidden = call.query.number("visibilitytimeout", 1, SEVEN_DAYS)?.unwrap_or(30);
    let mut store = parts.store.lock();
    let now = parts.now();
    store.purge(&call.account, name, now);
    let queue = store.state().queue(&call.account, name).ok_or(Code::QueueNotFound)?;
    let chosen: Vec<&Message> = if parts.shuffle_queues {
        let mut window: Vec<&Message> = queue.receivable(now).take(SHUFFLE_WINDOW).collect();
        parts.rng.shuffle(&mut window);
        window.truncate(most as usize);
        window
    } else {
        queue.receivable(now).take(most as usize).collect()
    };
    let mut xml = XmlWriter::new();
    let mut changes = Vec::with_capacity(chosen.len());
    let mut ids = Vec::with_capacity(chosen.len());
    xml.open("QueueMessagesList");
    for message in chosen {
        // A message never stays hidden beyond its end: then it is gone.
        let visible_at = later(now, hidden);
        let receipt = new_receipt(parts);
        let dequeued = message.dequeued.saturating_add(1);
        xml.open("QueueMessage");
        write_times(&mut xml, message);
        write_receipt(&mut xml, &receipt, visible_at);
        xml.number("DequeueCount", dequeued);
        xml.text("MessageText", &message.text);
        xml.close("QueueMessage");
        ids.push(message.id.clone());
        changes.push(Change::Hidden {
            account: call.account.clone(),
            queue: name.to_owned(),
            id: message.id.clone(),
            visible_at,
            receipt,
            dequeued,
            text: None,
        });
    }
    xml.close("QueueMessagesList");
    if !changes.is_empty() {
        store.commit(changes)?;
    }
    let mut answer = Answer::xml(StatusCode::OK, xml.finish());
    answer.set_static("cache-control", "no-cache");
    answer.message_ids = ids;
    Ok(answer)
}

pub(super) fn peek(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let name = queue_name(call)?;
    let most = call.query.number("numofmessages", 1, MOST_AT_ONCE)?.unwrap_or(1);
    let mut store = parts.store.lock();
    let now = parts.now();
    store.purge(&call.account, name, now);
    let queue = store.state().queue(&call.account, name).ok_or(Code::QueueNotFound)?;
    let mut xml = XmlWriter::new();
    let mut ids = Vec::new();
    xml.open("QueueMessagesList");
    for message in queue.receivable(now).take(most as usize) {
        xml.open("QueueMessage");
        write_times(&mut xml, message);
        xml.number("DequeueCount", message.dequeued);
        xml.text("MessageText", &message.text);
        xml.close("QueueMessage");
        ids.push(message.id.clone());
    }
    xml.close("QueueMessagesList");
    let mut answer = Answer::xml(StatusCode::OK, xml.finish());
    answer.set_static("cache-control", "no-cache");
    answer.message_ids = ids;
    Ok(answer)
}

pub(super) fn clear(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let name = queue_name(call)?;
    let mut store = parts.store.lock();
    store.state().queue(&call.account, name).ok_or(Code::QueueNotFound)?;
    store.commit(vec![Change::Cleared {
        account: call.account.clone(),
        queue: name.to_owned(),
    }])?;
    Ok(Answer::new(StatusCode::NO_CONTENT))
}

pub(super) fn delete(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let (name, id) = message_address(call)?;
    let receipt = receipt(call)?;
    let mut store = parts.store.lock();
    store.purge(&call.account, name, parts.now());
    let queue = store.state().queue(&call.account, name).ok_or(Code::QueueNotFound)?;
    let message = queue.get(id).ok_or(Code::MessageNotFound)?;
    if message.receipt != receipt {
        return Err(Code::PopReceiptMismatch.into());
    }
    store.commit(vec![Change::MessageGone {
        account: call.account.clone(),
        queue: name.to_owned(),
        id: id.to_owned(),
    }])?;
    let mut answer = Answer::new(StatusCode::NO_CONTENT);
    answer.message_ids = vec![id.to_owned()];
    Ok(answer)
}

pub(super) fn update(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let (name, id) = message_address(call)?;
    let receipt = receipt(call)?;
    let hidden = call
        .query
        .number("visibilitytimeout", 0, SEVEN_DAYS)?
        .ok_or_else(|| Code::MissingRequiredQueryParameter.with("QueryParameterName", "visibilitytimeout"))?;
    let text = if call.body.is_empty() {
        None
    } else {
        message_text(call)?
    };
    let mut store = parts.store.lock();
    let now = parts.now();
    store.purge(&call.account, name, now);
    let queue = store.state().queue(&call.account, name).ok_or(Code::QueueNotFound)?;
    let message = queue.get(id).ok_or(Code::MessageNotFound)?;
    if message.receipt != receipt {
        return Err(Code::PopReceiptMismatch.into());
    }
    let visible_at = later(now, hidden);
    if message.expires.is_some_and(|expires| visible_at > expires) {
        return Err(ServiceError::query("visibilitytimeout", &hidden.to_string()));
    }
    let receipt = new_receipt(parts);
    let mut answer = Answer::new(StatusCode::NO_CONTENT);
    answer.set("x-ms-popreceipt", &receipt);
    answer.set("x-ms-time-next-visible", http_date::rfc1123(visible_at));
    answer.message_ids = vec![id.to_owned()];
    let dequeued = message.dequeued;
    store.commit(vec![Change::Hidden {
        account: call.account.clone(),
        queue: name.to_owned(),
        id: id.to_owned(),
        visible_at,
        receipt,
        dequeued,
        text,
    }])?;
    Ok(answer)
}

fn message_address(call: &Call) -> ServiceResult<(&str, &str)> {
    match &call.resource {
        Resource::Message(queue, id) => Ok((queue, id)),
        _ => Err(Code::InvalidUri.into()),
    }
}

fn receipt(call: &Call) -> ServiceResult<&str> {
    match call.query.get("popreceipt") {
        None | Some("") => Err(Code::MissingRequiredQueryParameter.with("QueryParameterName", "popreceipt")),
        Some(receipt) => Ok(receipt),
    }
}

/// The text of a `QueueMessage` document; `None` if it has no `MessageText`.
fn message_text(call: &Call) -> ServiceResult<Option<String>> {
    let too_large = || Code::RequestBodyTooLarge.with("MaxLimit", LONGEST_TEXT.to_string());
    if call.body.len() > LONGEST_BODY {
        return Err(too_large());
    }
    let mut document = Element::parse(&call.body)?;
    if document.name != "QueueMessage" {
        return Err(Code::InvalidXmlDocument.into());
    }
    let Some(text) = document.children.iter_mut().find(|child| child.name == "MessageText") else {
        return Ok(None);
    };
    if !text.children.is_empty() {
        return Err(Code::InvalidXmlNodeValue.with("XmlNodeName", "MessageText"));
    }
    if text.text.len() > LONGEST_TEXT {
        return Err(too_large());
    }
    Ok(Some(std::mem::take(&mut text.text)))
}

/// Opaque to clients, as the service's: base64 of some bytes, which may hold `+`, `/` and `=`.
fn new_receipt(parts: &Parts) -> String {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&parts.rng.next_u64().to_be_bytes());
    bytes[8..].copy_from_slice(&parts.rng.next_u64().to_be_bytes());
    STANDARD.encode(bytes)
}

fn write_times(xml: &mut XmlWriter, message: &Message) {
    xml.text("MessageId", &message.id);
    xml.text("InsertionTime", &http_date::rfc1123(message.inserted));
    match message.expires {
        Some(expires) => xml.text("ExpirationTime", &http_date::rfc1123(expires)),
        None => xml.text("ExpirationTime", http_date::NEVER),
    }
}

fn write_receipt(xml: &mut XmlWriter, receipt: &str, visible_at: Timestamp) {
    xml.text("PopReceipt", receipt);
    xml.text("TimeNextVisible", &http_date::rfc1123(visible_at));
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(Duration::from_secs(seconds.unsigned_abs()))
        .unwrap_or(Timestamp::MAX)
}
