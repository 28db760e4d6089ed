//! Containers themselves: create, delete, properties, metadata, access.

use http::StatusCode;

use super::{container_name, existing_container, headers, set_version};
use crate::answer::Answer;
use crate::call::Call;
use crate::conditions::Conditions;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::state::{Change, ContainerInfo, Lease, LeaseNames, PublicAccess};
use crate::{access_policies, metadata};

/// "Naming and referencing containers": as for queues, and the service's own `$root`, `$web`, `$logs`.
fn check_name(name: &str) -> ServiceResult<()> {
    if matches!(name, "$root" | "$web" | "$logs") {
        return Ok(());
    }
    if name.len() < 3 || name.len() > 63 {
        return Err(Code::OutOfRangeInput.into());
    }
    let allowed = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !allowed || name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        return Err(Code::InvalidResourceName.into());
    }
    Ok(())
}

fn public_access(call: &Call) -> ServiceResult<PublicAccess> {
    match call.header("x-ms-blob-public-access") {
        None => Ok(PublicAccess::None),
        Some("blob") => Ok(PublicAccess::Blob),
        Some("container") => Ok(PublicAccess::Container),
        Some(other) => Err(ServiceError::header("x-ms-blob-public-access", other)),
    }
}

pub(super) fn create(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let name = container_name(call)?;
    check_name(name)?;
    let metadata = metadata::of_request(call)?;
    let access = public_access(call)?;
    let mut store = parts.store.lock();
    if store.state().container(&call.account, name).is_some() {
        return Err(Code::ContainerAlreadyExists.into());
    }
    let now = parts.now();
    let info = ContainerInfo {
        etag: store.next_etag(now),
        modified: now,
        metadata,
        access,
        identifiers: Vec::new(),
        lease: Lease::Available,
    };
    let mut answer = Answer::new(StatusCode::CREATED);
    set_version(&mut answer, info.etag, now);
    store.commit(vec![Change::Container {
        account: call.account.clone(),
        name: name.to_owned(),
        info,
    }])?;
    Ok(answer)
}

pub(super) fn get_properties(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let store = parts.store.lock();
    let now = parts.now();
    let info = &existing_container(store.state(), call)?.info;
    info.lease
        .check(call.header("x-ms-lease-id"), false, &LeaseNames::CONTAINER, now)?;
    let mut answer = Answer::new(StatusCode::OK);
    set_version(&mut answer, info.etag, info.modified);
    metadata::write(&mut answer, &info.metadata);
    headers::write_lease(&mut answer, &info.lease, now);
    if let Some(access) = info.access.name() {
        answer.set_static("x-ms-blob-public-access", access);
    }
    answer.set_static("x-ms-has-immutability-policy", "false");
    answer.set_static("x-ms-has-legal-hold", "false");
    Ok(answer)
}

pub(super) fn set_metadata(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let metadata = metadata::of_request(call)?;
    change(parts, call, |info| info.metadata = metadata)
}

pub(super) fn get_acl(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let store = parts.store.lock();
    let info = &existing_container(store.state(), call)?.info;
    info.lease
        .check(call.header("x-ms-lease-id"), false, &LeaseNames::CONTAINER, parts.now())?;
    let mut answer = Answer::xml(StatusCode::OK, access_policies::write(&info.identifiers));
    set_version(&mut answer, info.etag, info.modified);
    if let Some(access) = info.access.name() {
        answer.set_static("x-ms-blob-public-access", access);
    }
    Ok(answer)
}

/// Replaces public access and policies: what is not sent is removed.
pub(super) fn set_acl(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let identifiers = access_policies::read(&call.body)?;
    let access = public_access(call)?;
    change(parts, call, |info| {
        info.identifiers = identifiers;
        info.access = access;
    })
}

fn change(parts: &Parts, call: &Call, change: impl FnOnce(&mut ContainerInfo)) -> ServiceResult<Answer> {
    let mut store = parts.store.lock();
    let now = parts.now();
    let mut info = existing_container(store.state(), call)?.info.clone();
    Conditions::of(call)?.check_write(Some((info.etag, info.modified)))?;
    // Only a delete needs the lease; but a wrong id is refused everywhere.
    info.lease
        .check(call.header("x-ms-lease-id"), false, &LeaseNames::CONTAINER, now)?;
    change(&mut info);
    info.etag = store.next_etag(now);
    info.modified = now;
    let mut answer = Answer::new(StatusCode::OK);
    set_version(&mut answer, info.etag, now);
    let name = container_name(call)?.to_owned();
    store.commit(vec![Change::Container {
        account: call.account.clone(),
        name,
        info,
    }])?;
    Ok(answer)
}

pub(super) fn delete(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let mut store = parts.store.lock();
    let info = &existing_container(store.state(), call)?.info;
    Conditions::of(call)?.check_write(Some((info.etag, info.modified)))?;
    info.lease
        .check(call.header("x-ms-lease-id"), true, &LeaseNames::CONTAINER, parts.now())?;
    let name = container_name(call)?.to_owned();
    store.commit(vec![Change::ContainerGone {
        account: call.account.clone(),
        name,
    }])?;
    Ok(Answer::new(StatusCode::ACCEPTED))
}
