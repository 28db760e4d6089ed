//! Lease Blob and Lease Container.

use http::StatusCode;
use jiff::Timestamp;

use super::{blob_change, container_name, existing_container, find_blob, set_version};
use crate::answer::Answer;
use crate::call::Call;
use crate::conditions::Conditions;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::state::{BlobInfo, Change, ContainerInfo, ContentChange, Lease};

pub(super) fn blob(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let mut store = parts.store.lock();
    let now = parts.now();
    let blob = find_blob(store.state(), call)?.ok_or(Code::BlobNotFound)?;
    let info = blob.info.clone();
    Conditions::of(call)?.check_write(Some((info.etag, info.modified)))?;
    let (lease, mut answer) = perform(parts, call, &info.lease, now)?;
    // A lease is not a change of the blob: its version stays.
    set_version(&mut answer, info.etag, info.modified);
    store.commit(vec![blob_change(
        call,
        BlobInfo { lease, ..info },
        ContentChange::Same,
    )?])?;
    Ok(answer)
}

pub(super) fn container(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let mut store = parts.store.lock();
    let now = parts.now();
    let info = existing_container(store.state(), call)?.info.clone();
    Conditions::of(call)?.check_write(Some((info.etag, info.modified)))?;
    let (lease, mut answer) = perform(parts, call, &info.lease, now)?;
    set_version(&mut answer, info.etag, info.modified);
    let name = container_name(call)?.to_owned();
    let info = ContainerInfo { lease, ..info };
    store.commit(vec![Change::Container {
        account: call.account.clone(),
        name,
        info,
    }])?;
    Ok(answer)
}

fn perform(parts: &Parts, call: &Call, lease: &Lease, now: Timestamp) -> ServiceResult<(Lease, Answer)> {
    let action = call.required_header("x-ms-lease-action")?.to_ascii_lowercase();
    Ok(match action.as_str() {
        "acquire" => {
            let seconds = duration(call)?;
            let id = match call.header("x-ms-proposed-lease-id") {
                Some(_) => lease_id(call, "x-ms-proposed-lease-id")?,
                None => parts.rng.uuid(),
            };
            let mut answer = Answer::new(StatusCode::CREATED);
            answer.set("x-ms-lease-id", &id);
            (lease.acquire(id, seconds, now)?, answer)
        }
        "renew" => {
            let id = lease_id(call, "x-ms-lease-id")?;
            let mut answer = Answer::new(StatusCode::OK);
            answer.set("x-ms-lease-id", &id);
            (lease.renew(&id, now)?, answer)
        }
        "change" => {
            let id = lease_id(call, "x-ms-lease-id")?;
            let proposed = lease_id(call, "x-ms-proposed-lease-id")?;
            let mut answer = Answer::new(StatusCode::OK);
            answer.set("x-ms-lease-id", &proposed);
            (lease.change(&id, proposed, now)?, answer)
        }
        "release" => (
            lease.release(&lease_id(call, "x-ms-lease-id")?)?,
            Answer::new(StatusCode::OK),
        ),
        "break" => {
            let period = match call.number_header("x-ms-lease-break-period")? {
                Some(seconds) if seconds > 60 => {
                    return Err(ServiceError::header("x-ms-lease-break-period", &seconds.to_string()));
                }
                seconds => seconds.map(|seconds| seconds as u32),
            };
            let (lease, wait) = lease.broken(period, now)?;
            let mut answer = Answer::new(StatusCode::ACCEPTED);
            answer.set("x-ms-lease-time", wait.to_string());
            (lease, answer)
        }
        other => return Err(ServiceError::header("x-ms-lease-action", other)),
    })
}

/// 15 to 60 seconds, or −1 for a lease without end.
fn duration(call: &Call) -> ServiceResult<Option<u32>> {
    let text = call.required_header("x-ms-lease-duration")?;
    match text.parse::<i64>() {
        Ok(-1) => Ok(None),
        Ok(seconds @ 15..=60) => Ok(Some(seconds as u32)),
        _ => Err(ServiceError::header("x-ms-lease-duration", text)),
    }
}

/// Lease ids are GUIDs, in any of their usual notations.
fn lease_id(call: &Call, header: &str) -> ServiceResult<String> {
    let text = call.required_header(header)?;
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let rest_is_punctuation = text
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || b"-{}()".contains(&byte));
    if digits == 32 && rest_is_punctuation {
        Ok(text.to_owned())
    } else {
        Err(ServiceError::header(header, text))
    }
}
