//! Append Block.

use bytes::{Bytes, BytesMut};
use http::StatusCode;

use super::{blob_change, blob_to_change, headers, set_version};
use crate::answer::Answer;
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::state::{BlobInfo, BlobKind, Content, ContentChange, Segment};

const MOST_BLOCKS: u32 = 50_000;
/// Since version 2022-11-02; 4 MiB before.
const LARGEST_BLOCK: usize = 100 << 20;
const LARGEST_BLOCK_BEFORE: usize = 4 << 20;

pub(super) fn append(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let largest = match call.header("x-ms-version") {
        Some(version) if version < "2022-11-02" => LARGEST_BLOCK_BEFORE,
        _ => LARGEST_BLOCK,
    };
    if call.body.is_empty() {
        return Err(ServiceError::header("Content-Length", "0"));
    }
    if call.body.len() > largest {
        return Err(Code::RequestBodyTooLarge.with("MaxLimit", largest.to_string()));
    }
    let md5 = headers::checked_md5(call, &["content-md5"])?;
    let wanted_offset = call.number_header("x-ms-blob-condition-appendpos")?;
    let most_bytes = call.number_header("x-ms-blob-condition-maxsize")?;
    let mut store = parts.store.lock();
    let now = parts.now();
    let blob = blob_to_change(store.state(), call, now)?;
    if blob.info.kind != BlobKind::Append {
        return Err(Code::InvalidBlobType.into());
    }
    let offset = blob.content.len();
    if wanted_offset.is_some_and(|wanted| wanted != offset) {
        return Err(Code::AppendPositionConditionNotMet.into());
    }
    if most_bytes.is_some_and(|most| offset + call.body.len() as u64 > most) {
        return Err(Code::MaxBlobSizeConditionNotMet.into());
    }
    if blob.info.appended >= MOST_BLOCKS {
        return Err(Code::BlockCountExceedsLimit.into());
    }
    let info = BlobInfo {
        etag: store.next_etag(now),
        modified: now,
        appended: blob.info.appended + 1,
        lease: blob.info.lease.after_write(now),
        ..blob.info.clone()
    };
    // A full tail goes to a file together with the new bytes, so that a long log does not stay in memory.
    let tail = if store.spills() {
        full_tail(&blob.content, &call.body)
    } else {
        None
    };
    let instead_of_last = tail.is_some();
    let staged = parts.store.stage(&tail.unwrap_or_else(|| call.body.clone()))?;
    let mut answer = Answer::new(StatusCode::CREATED);
    set_version(&mut answer, info.etag, now);
    answer.set("content-md5", md5);
    answer.set("x-ms-blob-append-offset", offset.to_string());
    answer.set("x-ms-blob-committed-block-count", info.appended.to_string());
    answer.set_static("x-ms-request-server-encrypted", "true");
    let content = ContentChange::Append {
        segment: staged.keep(),
        instead_of_last,
    };
    store.commit(vec![blob_change(call, info, content)?])?;
    Ok(answer)
}

/// The tail in memory with the new bytes, once they are too many to stay there.
fn full_tail(content: &Content, added: &Bytes) -> Option<Bytes> {
    let Segment::Memory(tail) = &content.parts.last()?.segment else {
        return None;
    };
    if tail.len() + added.len() <= Segment::LARGEST_TAIL {
        return None;
    }
    let mut joined = BytesMut::with_capacity(tail.len() + added.len());
    joined.extend_from_slice(tail);
    joined.extend_from_slice(added);
    Some(joined.freeze())
}
