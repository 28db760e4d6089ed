//! Copy Blob, within this emulator: done when the answer comes, since contents are shared and never changed.

use http::{Request, StatusCode, Uri};

use super::{blob_change, check_replace, find_blob, set_version};
use crate::answer::Answer;
use crate::auth::{self, Permit};
use crate::call::{Arrival, Call, Service};
use crate::conditions::Conditions;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::metadata;
use crate::operation::Operation;
use crate::state::{BlobInfo, ContentChange, CopyRecord, Lease};

pub(super) fn copy(parts: &Parts, call: &Call, permit: &Permit) -> ServiceResult<Answer> {
    let source_text = call.required_header("x-ms-copy-source")?;
    let source_call = source(call, source_text)?;
    // A source in another account, or with a signature, is read like anybody would read it.
    if source_call.account != call.account || source_call.query.has("sig") {
        auth::authorise(parts, &source_call, Operation::GetBlob).map_err(|_| Code::CannotVerifyCopySource)?;
    }
    let metadata = metadata::of_request(call)?;
    let mut store = parts.store.lock();
    let now = parts.now();
    let missing = |_| ServiceError::from(Code::CannotVerifyCopySource);
    let source = find_blob(store.state(), &source_call)
        .map_err(missing)?
        .ok_or(Code::CannotVerifyCopySource)?;
    Conditions::of_source(call)?.check_write(Some((source.info.etag, source.info.modified)))?;
    let current = find_blob(store.state(), call)?;
    if current.is_some() && permit.create_only {
        return Err(Code::AuthorizationPermissionMismatch.into());
    }
    check_replace(current, call, now)?;
    let id = parts.rng.uuid();
    let info = BlobInfo {
        etag: store.next_etag(now),
        created: now,
        modified: now,
        metadata: if metadata.is_empty() {
            source.info.metadata.clone()
        } else {
            metadata
        },
        lease: current.map_or(Lease::Available, |blob| blob.info.lease.after_write(now)),
        copy: Some(CopyRecord {
            id: id.clone(),
            source: source_text.split('?').next().unwrap_or("").to_owned(),
            bytes: source.content.len(),
            completed: now,
        }),
        ..source.info.clone()
    };
    let mut answer = Answer::new(StatusCode::ACCEPTED);
    set_version(&mut answer, info.etag, now);
    answer.set("x-ms-copy-id", id);
    answer.set_static("x-ms-copy-status", "success");
    let content = ContentChange::Replace(source.content.clone());
    store.commit(vec![blob_change(call, info, content)?])?;
    Ok(answer)
}

/// The address of the source as a request of its own. Only this emulator is read, whatever host the address names.
fn source(call: &Call, text: &str) -> ServiceResult<Call> {
    let invalid = || ServiceError::header("x-ms-copy-source", text);
    let uri: Uri = text.parse().map_err(|_| invalid())?;
    let mut request = Request::get(uri).body(bytes::Bytes::new()).map_err(|_| invalid())?;
    request.extensions_mut().insert(Arrival {
        service: Service::Blob,
        secure: call.secure,
        peer: call.peer,
    });
    let source = Call::parse(request).map_err(|_| invalid())?;
    if source.query.has("snapshot") || source.query.has("versionid") {
        return Err(Code::NotImplemented.with("Source", "snapshot or version"));
    }
    if source.blob().is_none() {
        return Err(invalid());
    }
    Ok(source)
}

/// Copies are done at once, so there is never one to abort.
pub(super) fn abort(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let store = parts.store.lock();
    find_blob(store.state(), call)?.ok_or(Code::BlobNotFound)?;
    Err(Code::NoPendingCopyOperation.into())
}
