//! Shared access signatures: of an account, and of one container, blob or queue.

use std::net::IpAddr;

use super::permissions::{Need, need};
use super::{Permit, failed, sign};
use crate::call::{Call, Service};
use crate::emulator::Parts;
use crate::error::{Code, ServiceResult};
use crate::http_date;
use crate::operation::Operation;
use crate::state::SignedIdentifier;

/// The version from which on signatures cover an encryption scope.
const WITH_ENCRYPTION_SCOPE: &str = "2020-12-06";
/// The version from which on signatures of blobs cover the resource type and snapshot.
const WITH_SNAPSHOT: &str = "2018-11-09";

pub(super) fn check(parts: &Parts, call: &Call, operation: Operation) -> ServiceResult<Permit> {
    let query = |name| call.query.text(name);
    let account = parts
        .account(&call.account)
        .ok_or_else(|| failed("There is no such account."))?;
    if query("sv").is_empty() {
        return Err(failed("The signed version (sv) is missing."));
    }
    if call.query.has("skoid") {
        return Err(failed("User delegation signatures are not supported by this emulator."));
    }
    let is_account_sas = call.query.has("ss");
    let texts = if is_account_sas {
        vec![account_text(call)]
    } else {
        service_texts(call)?
    };
    if !texts.iter().any(|text| sign(&account.key, text) == query("sig")) {
        let text = texts.first().map_or("", String::as_str);
        return Err(failed(format!(
            "Signature did not match. String to sign used was {text}"
        )));
    }
    let stored = if is_account_sas {
        None
    } else {
        stored_policy(parts, call)?
    };
    let from_policy = |name, of: fn(&SignedIdentifier) -> &str| match query(name) {
        "" => stored.as_ref().map_or("", of),
        own => own,
    };
    check_time(
        parts,
        from_policy("st", |policy| &policy.start),
        from_policy("se", |policy| &policy.expiry),
    )?;
    if query("spr") == "https" && !call.secure {
        return Err(Code::AuthorizationProtocolMismatch.into());
    }
    check_address(call, query("sip"))?;
    let permissions = from_policy("sp", |policy| &policy.permission);
    let is_break = call
        .header("x-ms-lease-action")
        .is_some_and(|action| action.eq_ignore_ascii_case("break"));
    if is_account_sas && operation == Operation::GetAccountInformation {
        return Ok(Permit::default());
    }
    let need = need(operation, is_break).ok_or(Code::AuthorizationPermissionMismatch)?;
    if is_account_sas {
        check_scope(call, &need)?;
    } else if !need.by_service_sas {
        return Err(Code::AuthorizationPermissionMismatch.into());
    } else if query("sr") == "b" && call.blob().is_none() {
        return Err(Code::AuthorizationResourceTypeMismatch.into());
    }
    if !permissions.contains(|letter| need.any_of.contains(letter)) {
        return Err(Code::AuthorizationPermissionMismatch.into());
    }
    let only_create =
        !permissions.contains(|letter| need.any_of.contains(letter) && !need.create_only.contains(letter));
    let overrides = [
        ("cache-control", "rscc"),
        ("content-disposition", "rscd"),
        ("content-encoding", "rsce"),
        ("content-language", "rscl"),
        ("content-type", "rsct"),
    ];
    Ok(Permit {
        create_only: !need.create_only.is_empty() && only_create,
        overrides: overrides
            .into_iter()
            .filter_map(|(header, name)| Some((header, call.query.get(name)?.to_owned())))
            .collect(),
    })
}

fn account_text(call: &Call) -> String {
    let query = |name| call.query.text(name);
    let mut text = format!("{}\n", call.account);
    for name in ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"] {
        text.push_str(query(name));
        text.push('\n');
    }
    if query("sv") >= WITH_ENCRYPTION_SCOPE {
        text.push_str(query("ses"));
        text.push('\n');
    }
    text
}

/// A signature names the container or the blob, so a request for a blob may match either.
fn service_texts(call: &Call) -> ServiceResult<Vec<String>> {
    let query = |name| call.query.text(name);
    let resource = match call.service {
        Service::Queue => format!("/queue/{}/{}", call.account, call.queue().unwrap_or("")),
        Service::Blob => {
            let container = call.container().unwrap_or("");
            match (query("sr"), call.blob()) {
                ("c", _) => format!("/blob/{}/{container}", call.account),
                ("b", Some(blob)) => format!("/blob/{}/{container}/{blob}", call.account),
                ("b", None) => format!("/blob/{}/{container}", call.account),
                (other, _) => return Err(failed(format!("The signed resource (sr) '{other}' is not supported."))),
            }
        }
    };
    let mut fields = vec![
        query("sp"),
        query("st"),
        query("se"),
        &resource,
        query("si"),
        query("sip"),
        query("spr"),
        query("sv"),
    ];
    if call.service == Service::Blob {
        if query("sv") >= WITH_SNAPSHOT {
            fields.extend([query("sr"), ""]);
        }
        if query("sv") >= WITH_ENCRYPTION_SCOPE {
            fields.push(query("ses"));
        }
        fields.extend(["rscc", "rscd", "rsce", "rscl", "rsct"].map(query));
    }
    Ok(vec![fields.join("\n")])
}

fn stored_policy(parts: &Parts, call: &Call) -> ServiceResult<Option<SignedIdentifier>> {
    let id = call.query.text("si");
    if id.is_empty() {
        return Ok(None);
    }
    let store = parts.store.lock();
    let identifiers = match call.service {
        Service::Blob => call
            .container()
            .and_then(|name| store.state().container(&call.account, name))
            .map(|container| &container.info.identifiers),
        Service::Queue => call
            .queue()
            .and_then(|name| store.state().queue(&call.account, name))
            .map(|queue| &queue.info.identifiers),
    };
    let found = identifiers.and_then(|identifiers| identifiers.iter().find(|policy| policy.id == id));
    found
        .cloned()
        .map(Some)
        .ok_or_else(|| failed(format!("There is no stored access policy '{id}'.")))
}

fn check_time(parts: &Parts, start: &str, expiry: &str) -> ServiceResult<()> {
    let now = parts.signature_clock.now();
    let parse = |text: &str| http_date::parse(text).ok_or_else(|| failed(format!("'{text}' is not a time.")));
    let end = if expiry.is_empty() {
        return Err(failed("The expiry (se) is missing."));
    } else {
        parse(expiry)?
    };
    let begin = if start.is_empty() { None } else { Some(parse(start)?) };
    if now >= end || begin.is_some_and(|begin| now < begin) {
        return Err(failed(format!(
            "Signature not valid in the specified time frame: Start [{start}] - Expiry [{expiry}] - Current [{}]",
            http_date::rfc1123(now)
        )));
    }
    Ok(())
}

/// The sender's address is known behind a listener only.
fn check_address(call: &Call, allowed: &str) -> ServiceResult<()> {
    let Some(peer) = call.peer else { return Ok(()) };
    if allowed.is_empty() {
        return Ok(());
    }
    let (low, high) = allowed.split_once('-').unwrap_or((allowed, allowed));
    match (low.parse::<IpAddr>(), high.parse::<IpAddr>()) {
        (Ok(low), Ok(high)) if (low..=high).contains(&peer) => Ok(()),
        _ => Err(Code::AuthorizationSourceIPMismatch.into()),
    }
}

fn check_scope(call: &Call, need: &Need) -> ServiceResult<()> {
    let service = match call.service {
        Service::Blob => 'b',
        Service::Queue => 'q',
    };
    if !call.query.text("ss").contains(service) {
        return Err(Code::AuthorizationServiceMismatch.into());
    }
    if !call.query.text("srt").contains(need.resource_type) {
        return Err(Code::AuthorizationResourceTypeMismatch.into());
    }
    Ok(())
}
