//! Set Blob Metadata, Set Blob Properties, Set Blob Tier, Delete Blob.

use http::StatusCode;

use super::{blob_change, blob_name, blob_to_change, container_name, headers, put, set_version};
use crate::answer::Answer;
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{ServiceError, ServiceResult};
use crate::metadata;
use crate::state::{BlobInfo, Change, ContentChange};

pub(super) fn set_metadata(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let metadata = metadata::of_request(call)?;
    change_info(parts, call, |info| info.metadata = metadata)
}

/// Replaces all headers: one that is not sent is cleared.
pub(super) fn set_properties(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let content_headers = headers::of_request(call, false)?;
    change_info(parts, call, |info| info.headers = content_headers)
}

/// Changes neither ETag nor Last-Modified.
pub(super) fn set_tier(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    call.required_header("x-ms-access-tier")?;
    let tier = put::tier_of_request(call)?;
    let mut store = parts.store.lock();
    let blob = blob_to_change(store.state(), call, parts.now())?;
    let info = BlobInfo {
        tier,
        ..blob.info.clone()
    };
    store.commit(vec![blob_change(call, info, ContentChange::Same)?])?;
    Ok(Answer::new(StatusCode::OK))
}

fn change_info(parts: &Parts, call: &Call, change: impl FnOnce(&mut BlobInfo)) -> ServiceResult<Answer> {
    let mut store = parts.store.lock();
    let now = parts.now();
    let mut info = blob_to_change(store.state(), call, now)?.info.clone();
    change(&mut info);
    info.etag = store.next_etag(now);
    info.modified = now;
    info.lease = info.lease.after_write(now);
    let mut answer = Answer::new(StatusCode::OK);
    set_version(&mut answer, info.etag, now);
    answer.set_static("x-ms-request-server-encrypted", "true");
    store.commit(vec![blob_change(call, info, ContentChange::Same)?])?;
    Ok(answer)
}

pub(super) fn delete(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let mut store = parts.store.lock();
    blob_to_change(store.state(), call, parts.now())?;
    let mut answer = Answer::new(StatusCode::ACCEPTED);
    answer.set_static("x-ms-delete-type-permanent", "true");
    match call.header("x-ms-delete-snapshots") {
        // There are no snapshots here, so none are left after this.
        Some("only") => return Ok(answer),
        None | Some("include") => {}
        Some(other) => return Err(ServiceError::header("x-ms-delete-snapshots", other)),
    }
    store.commit(vec![Change::BlobGone {
        account: call.account.clone(),
        container: container_name(call)?.to_owned(),
        name: blob_name(call)?.to_owned(),
    }])?;
    Ok(answer)
}
