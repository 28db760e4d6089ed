//! The HTTP headers that a blob is stored and served with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest as _, Md5};

use crate::answer::Answer;
use crate::auth::Permit;
use crate::call::Call;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::http_date;
use crate::state::{BlobInfo, BlobKind, ContentHeaders, Lease};

pub(super) const DEFAULT_TYPE: &str = "application/octet-stream";

/// The headers for a new blob. `plain`: the standard headers of the request count where the `x-ms-blob-*` one is missing.
pub(super) fn of_request(call: &Call, plain: bool) -> ServiceResult<ContentHeaders> {
    let read = |special: &str, standard: &str| {
        let value = call
            .header(special)
            .or(if plain { call.header(standard) } else { None });
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let md5 = call
        .header("x-ms-blob-content-md5")
        .map(|text| decode_md5(text).map(|_| text.to_owned()))
        .transpose()?;
    Ok(ContentHeaders {
        content_type: read("x-ms-blob-content-type", "content-type"),
        encoding: read("x-ms-blob-content-encoding", "content-encoding"),
        language: read("x-ms-blob-content-language", "content-language"),
        disposition: read("x-ms-blob-content-disposition", "content-disposition"),
        cache_control: read("x-ms-blob-cache-control", "cache-control"),
        md5,
    })
}

/// Checks the body against the hash in this header, if it was sent; returns the body's hash.
pub(super) fn checked_md5(call: &Call, headers: &[&str]) -> ServiceResult<String> {
    let actual = STANDARD.encode(Md5::digest(&call.body));
    for header in headers {
        if let Some(text) = call.header(header) {
            decode_md5(text)?;
            if text != actual {
                return Err(Code::Md5Mismatch
                    .with("UserSpecifiedMd5", text)
                    .with("ServerCalculatedMd5", &actual));
            }
        }
    }
    Ok(actual)
}

fn decode_md5(text: &str) -> ServiceResult<Vec<u8>> {
    STANDARD
        .decode(text)
        .ok()
        .filter(|bytes| bytes.len() == 16)
        .ok_or_else(|| ServiceError::from(Code::InvalidMd5))
}

/// What a read of the blob answers besides its bytes.
pub(super) fn write(answer: &mut Answer, info: &BlobInfo, permit: &Permit, now: Timestamp) {
    super::set_version(answer, info.etag, info.modified);
    crate::metadata::write(answer, &info.metadata);
    let stored = &info.headers;
    answer.set("content-type", stored.content_type.as_deref().unwrap_or(DEFAULT_TYPE));
    let optional = [
        ("content-encoding", &stored.encoding),
        ("content-language", &stored.language),
        ("content-disposition", &stored.disposition),
        ("cache-control", &stored.cache_control),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            answer.set(name, value);
        }
    }
    for (name, value) in &permit.overrides {
        answer.set(name, value);
    }
    answer.set_static("accept-ranges", "bytes");
    answer.set_static("x-ms-blob-type", info.kind.name());
    answer.set("x-ms-creation-time", http_date::rfc1123(info.created));
    answer.set_static("x-ms-server-encrypted", "true");
    write_lease(answer, &info.lease, now);
    if info.kind == BlobKind::Append {
        answer.set("x-ms-blob-committed-block-count", info.appended.to_string());
    }
    if let Some(copy) = &info.copy {
        answer.set("x-ms-copy-id", &copy.id);
        answer.set("x-ms-copy-source", &copy.source);
        answer.set_static("x-ms-copy-status", "success");
        answer.set("x-ms-copy-progress", format!("{0}/{0}", copy.bytes));
        answer.set("x-ms-copy-completion-time", http_date::rfc1123(copy.completed));
    }
}

pub(super) fn write_lease(answer: &mut Answer, lease: &Lease, now: Timestamp) {
    let status = lease.status(now);
    answer.set_static(
        "x-ms-lease-status",
        if status.is_locked() { "locked" } else { "unlocked" },
    );
    answer.set_static("x-ms-lease-state", status.name());
    if let Some(duration) = lease.duration_name(now) {
        answer.set_static("x-ms-lease-duration", duration);
    }
}
