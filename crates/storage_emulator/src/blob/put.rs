//! Put Blob.

use http::StatusCode;

use super::{blob_change, check_replace, find_blob, headers, set_version};
use crate::answer::Answer;
use crate::auth::Permit;
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::metadata;
use crate::state::{BlobInfo, BlobKind, Content, ContentChange, Lease};

pub(super) fn put(parts: &Parts, call: &Call, permit: &Permit) -> ServiceResult<Answer> {
    let kind = match call.required_header("x-ms-blob-type")? {
        "BlockBlob" => BlobKind::Block,
        "AppendBlob" => BlobKind::Append,
        "PageBlob" => return Err(Code::NotImplemented.with("BlobType", "PageBlob")),
        other => return Err(ServiceError::header("x-ms-blob-type", other)),
    };
    if kind == BlobKind::Append && !call.body.is_empty() {
        return Err(ServiceError::header("Content-Length", &call.body.len().to_string()));
    }
    let metadata = metadata::of_request(call)?;
    let mut content_headers = headers::of_request(call, true)?;
    let md5 = headers::checked_md5(call, &["content-md5", "x-ms-blob-content-md5"])?;
    if kind == BlobKind::Block {
        content_headers.md5 = Some(md5.clone());
    }
    let tier = tier_of_request(call)?;
    let staged = parts.store.stage(&call.body)?;
    let mut store = parts.store.lock();
    let now = parts.now();
    let current = find_blob(store.state(), call)?;
    if current.is_some() && permit.create_only {
        return Err(Code::AuthorizationPermissionMismatch.into());
    }
    check_replace(current, call, now)?;
    let etag = store.next_etag(now);
    let info = BlobInfo {
        kind,
        etag,
        created: now,
        modified: now,
        metadata,
        headers: content_headers,
        lease: current.map_or(Lease::Available, |blob| blob.info.lease.after_write(now)),
        appended: 0,
        tier,
        copy: None,
    };
    let change = blob_change(call, info, ContentChange::Replace(Content::single(staged.keep())))?;
    store.commit(vec![change])?;
    let mut answer = Answer::new(StatusCode::CREATED);
    set_version(&mut answer, etag, now);
    if kind == BlobKind::Block {
        answer.set("content-md5", md5);
    }
    answer.set_static("x-ms-request-server-encrypted", "true");
    Ok(answer)
}

/// The access tier is stored and answered; nothing here is slower or cheaper for it.
pub(super) fn tier_of_request(call: &Call) -> ServiceResult<Option<String>> {
    match call.header("x-ms-access-tier") {
        None => Ok(None),
        Some(tier @ ("Hot" | "Cool" | "Cold" | "Archive")) => Ok(Some(tier.to_owned())),
        Some(other) => Err(ServiceError::header("x-ms-access-tier", other)),
    }
}
