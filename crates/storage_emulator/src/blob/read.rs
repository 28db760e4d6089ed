//! Get Blob, Get Blob Properties, Get Blob Metadata.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use md5::{Digest as _, Md5};

use super::{blob_to_read, headers, set_version};
use crate::answer::{Answer, Body};
use crate::auth::Permit;
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};

/// The service hashes a range only up to this size.
const LARGEST_HASHED_RANGE: u64 = 4 << 20;

pub(super) fn get(parts: &Parts, call: &Call, permit: &Permit) -> ServiceResult<Answer> {
    let store = parts.store.lock();
    let now = parts.now();
    let blob = blob_to_read(store.state(), call, now)?;
    let length = blob.content.len();
    let range = requested_range(call)?;
    let (start, end) = match range {
        None => (0, length),
        Some((start, _)) if start >= length => {
            let content_range = Some(format!("bytes */{length}"));
            return Err(ServiceError {
                content_range,
                ..Code::InvalidRange.into()
            });
        }
        Some((start, last)) => (start, last.map_or(length, |last| length.min(last.saturating_add(1)))),
    };
    let mut answer = Answer::new(if range.is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    });
    headers::write(&mut answer, &blob.info, permit, now);
    answer.set("content-length", (end - start).to_string());
    answer.body = Body::from(store.pieces(&blob.content, start, end)?);
    let md5 = blob.info.headers.md5.as_deref();
    if range.is_some() {
        answer.set("content-range", format!("bytes {start}-{}/{length}", end - 1));
        if let Some(md5) = md5 {
            answer.set("x-ms-blob-content-md5", md5);
        }
    } else if let Some(md5) = md5 {
        answer.set("content-md5", md5);
    }
    if call
        .header("x-ms-range-get-content-md5")
        .is_some_and(|wanted| wanted.eq_ignore_ascii_case("true"))
    {
        if range.is_none() {
            return Err(ServiceError::header("x-ms-range-get-content-md5", "true"));
        }
        if end - start > LARGEST_HASHED_RANGE {
            return Err(Code::OutOfRangeInput.into());
        }
        let bytes = answer.body.clone().collect().map_err(|_| Code::InternalError)?;
        answer.set("content-md5", STANDARD.encode(Md5::digest(&bytes)));
    }
    Ok(answer)
}

pub(super) fn properties(parts: &Parts, call: &Call, permit: &Permit) -> ServiceResult<Answer> {
    let store = parts.store.lock();
    let now = parts.now();
    let blob = blob_to_read(store.state(), call, now)?;
    let mut answer = Answer::new(StatusCode::OK);
    headers::write(&mut answer, &blob.info, permit, now);
    answer.set("content-length", blob.content.len().to_string());
    if let Some(md5) = &blob.info.headers.md5 {
        answer.set("content-md5", md5);
    }
    match &blob.info.tier {
        Some(tier) => answer.set("x-ms-access-tier", tier),
        None => {
            answer.set_static("x-ms-access-tier", "Hot");
            answer.set_static("x-ms-access-tier-inferred", "true");
        }
    }
    Ok(answer)
}

pub(super) fn metadata(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let store = parts.store.lock();
    let blob = blob_to_read(store.state(), call, parts.now())?;
    let mut answer = Answer::new(StatusCode::OK);
    set_version(&mut answer, blob.info.etag, blob.info.modified);
    crate::metadata::write(&mut answer, &blob.info.metadata);
    Ok(answer)
}

pub(super) fn account_information() -> Answer {
    let mut answer = Answer::new(StatusCode::OK);
    answer.set_static("x-ms-sku-name", "Standard_LRS");
    answer.set_static("x-ms-account-kind", "StorageV2");
    answer.set_static("x-ms-is-hns-enabled", "false");
    answer
}

/// First and last byte. The service knows `bytes=a-b` and `bytes=a-`. Other forms in `Range` are ignored, as HTTP allows;
/// in `x-ms-range` they are refused.
fn requested_range(call: &Call) -> ServiceResult<Option<(u64, Option<u64>)>> {
    if let Some(text) = call.header("x-ms-range") {
        return parse_range(text)
            .map(Some)
            .ok_or_else(|| ServiceError::header("x-ms-range", text));
    }
    Ok(call.header("range").and_then(parse_range))
}

fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let first = first.trim().parse().ok()?;
    let last = match last.trim() {
        "" => None,
        last => Some(last.parse().ok()?),
    };
    if last.is_some_and(|last| last < first) {
        None
    } else {
        Some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::parse_range;

    #[test]
    fn ranges_have_a_beginning() {
        assert_eq!(parse_range("bytes=0-499"), Some((0, Some(499))));
        assert_eq!(parse_range("bytes=7-"), Some((7, None)));
        for text in ["bytes=-5", "bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", ""] {
            assert_eq!(parse_range(text), None, "{text}");
        }
    }
}
