//! The Blob service.

mod append;
mod blocks;
mod change;
mod containers;
mod copy;
mod headers;
mod lease;
mod list_blobs;
mod list_containers;
mod put;
mod read;

use jiff::Timestamp;

use crate::answer::Answer;
use crate::auth::Permit;
use crate::call::Call;
use crate::conditions::Conditions;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::operation::Operation;
use crate::service_properties;
use crate::state::{BlobInfo, Change, Committed, Container, ContentChange, ETag, LeaseNames, State};

/// Does what a request, already allowed, asks for.
pub(crate) fn perform(parts: &Parts, call: &Call, operation: Operation, permit: &Permit) -> ServiceResult<Answer> {
    use Operation as O;
    match operation {
        O::ListContainers => list_containers::containers(parts, call),
        O::GetServiceProperties => Ok(service_properties::get(parts, call)),
        O::SetServiceProperties => service_properties::set(parts, call),
        O::GetAccountInformation => Ok(read::account_information()),
        O::CreateContainer => containers::create(parts, call),
        O::GetContainerProperties => containers::get_properties(parts, call),
        O::SetContainerMetadata => containers::set_metadata(parts, call),
        O::GetContainerAcl => containers::get_acl(parts, call),
        O::SetContainerAcl => containers::set_acl(parts, call),
        O::DeleteContainer => containers::delete(parts, call),
        O::LeaseContainer => lease::container(parts, call),
        O::ListBlobs => list_blobs::blobs(parts, call),
        O::PutBlob => put::put(parts, call, permit),
        O::GetBlob => read::get(parts, call, permit),
        O::GetBlobProperties => read::properties(parts, call, permit),
        O::GetBlobMetadata => read::metadata(parts, call),
        O::SetBlobProperties => change::set_properties(parts, call),
        O::SetBlobMetadata => change::set_metadata(parts, call),
        O::SetBlobTier => change::set_tier(parts, call),
        O::DeleteBlob => change::delete(parts, call),
        O::LeaseBlob => lease::blob(parts, call),
        O::CopyBlob => copy::copy(parts, call, permit),
        O::AbortCopyBlob => copy::abort(parts, call),
        O::PutBlock => blocks::put(parts, call),
        O::PutBlockList => blocks::put_list(parts, call, permit),
        O::GetBlockList => blocks::get_list(parts, call),
        O::AppendBlock => append::append(parts, call),
        _ => Err(Code::NotImplemented.into()),
    }
}

fn container_name(call: &Call) -> ServiceResult<&str> {
    call.container().ok_or_else(|| ServiceError::from(Code::InvalidUri))
}

fn blob_name(call: &Call) -> ServiceResult<&str> {
    /// "Naming and referencing containers, blobs, and metadata".
    const LONGEST_NAME: usize = 1024;
    const MOST_SEGMENTS: usize = 254;
    let name = call.blob().ok_or_else(|| ServiceError::from(Code::InvalidUri))?;
    if name.chars().count() > LONGEST_NAME || name.split('/').count() > MOST_SEGMENTS {
        return Err(Code::InvalidUri.into());
    }
    Ok(name)
}

fn existing_container<'s>(state: &'s State, call: &Call) -> ServiceResult<&'s Container> {
    state
        .container(&call.account, container_name(call)?)
        .ok_or_else(|| Code::ContainerNotFound.into())
}

/// The committed blob of the address, if there is one; its container must exist.
fn find_blob<'s>(state: &'s State, call: &Call) -> ServiceResult<Option<&'s Committed>> {
    let container = existing_container(state, call)?;
    Ok(container
        .blobs
        .get(blob_name(call)?)
        .and_then(|blob| blob.committed.as_ref()))
}

/// A blob that a read is about: it exists, and the lease id and conditions of the request hold.
fn blob_to_read<'s>(state: &'s State, call: &Call, now: Timestamp) -> ServiceResult<&'s Committed> {
    let conditions = Conditions::of(call)?;
    let Some(blob) = find_blob(state, call)? else {
        conditions.check_missing()?;
        return Err(Code::BlobNotFound.into());
    };
    conditions.check_read(blob.info.etag, blob.info.modified)?;
    blob.info
        .lease
        .check(call.header("x-ms-lease-id"), false, &LeaseNames::BLOB, now)?;
    Ok(blob)
}

/// A blob that a change is about: it exists, and the conditions and its lease allow the change.
fn blob_to_change<'s>(state: &'s State, call: &Call, now: Timestamp) -> ServiceResult<&'s Committed> {
    let blob = find_blob(state, call)?.ok_or(Code::BlobNotFound)?;
    Conditions::of(call)?.check_write(Some((blob.info.etag, blob.info.modified)))?;
    check_lease(blob, call, now)?;
    Ok(blob)
}

fn check_lease(blob: &Committed, call: &Call, now: Timestamp) -> ServiceResult<()> {
    blob.info
        .lease
        .check(call.header("x-ms-lease-id"), true, &LeaseNames::BLOB, now)
}

/// Whether the conditions and the lease of what is there (`None`: nothing) allow putting a new blob in its place.
fn check_replace(current: Option<&Committed>, call: &Call, now: Timestamp) -> ServiceResult<()> {
    let conditions = Conditions::of(call)?;
    conditions.check_write(current.map(|blob| (blob.info.etag, blob.info.modified)))?;
    match current {
        Some(_) if conditions.must_create() => Err(Code::BlobAlreadyExists.into()),
        Some(blob) => check_lease(blob, call, now),
        None if call.header("x-ms-lease-id").is_some() => Err(Code::LeaseNotPresentWithBlobOperation.into()),
        None => Ok(()),
    }
}

/// The change of one blob of the request's address.
fn blob_change(call: &Call, info: BlobInfo, content: ContentChange) -> ServiceResult<Change> {
    Ok(Change::Blob {
        account: call.account.clone(),
        container: container_name(call)?.to_owned(),
        name: blob_name(call)?.to_owned(),
        info: Box::new(info),
        content,
    })
}

fn set_version(answer: &mut Answer, etag: ETag, modified: Timestamp) {
    answer.set("etag", etag.quoted());
    answer.set("last-modified", crate::http_date::rfc1123(modified));
}
