//! List Blobs.

use http::StatusCode;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::list_containers::write_lease;
use super::{container_name, existing_container, headers};
use crate::answer::Answer;
use crate::call::{Call, Service};
use crate::emulator::Parts;
use crate::error::ServiceResult;
use crate::http_date;
use crate::listing::{Item, ListRequest, Page};
use crate::metadata;
use crate::state::{Blob, Committed};
use crate::xml::{XmlWriter, is_xml_character};

/// What to tell of each blob beyond its properties.
struct Include {
    metadata: bool,
    copy: bool,
}

pub(super) fn blobs(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let request = ListRequest::of(call)?;
    let include = Include {
        metadata: call.query.includes("include", "metadata"),
        copy: call.query.includes("include", "copy"),
    };
    let with_uncommitted = call.query.includes("include", "uncommittedblobs");
    let store = parts.store.lock();
    let now = parts.now();
    let container = existing_container(store.state(), call)?;
    let mut page = Page::default();
    let entries = container
        .blobs
        .range(request.first_name()..)
        .map(|(name, blob)| (name.as_str(), blob));
    page.fill(&request, entries, |blob: &Blob| {
        blob.committed.is_some() || with_uncommitted
    });
    let mut xml = XmlWriter::new();
    request.open(&mut xml, call, Service::Blob, Some(container_name(call)?));
    xml.open("Blobs");
    for item in page.items() {
        match item {
            Item::Prefix(prefix) => {
                xml.open("BlobPrefix");
                write_name(&mut xml, prefix);
                xml.close("BlobPrefix");
            }
            Item::Entry(name, blob) => {
                xml.open("Blob");
                write_name(&mut xml, name);
                match &blob.committed {
                    Some(committed) => write_blob(&mut xml, committed, &include, now),
                    None => write_uncommitted(&mut xml),
                }
                xml.close("Blob");
            }
        }
    }
    xml.close("Blobs");
    page.close(&mut xml);
    Ok(Answer::xml(StatusCode::OK, xml.finish()))
}

/// A name may hold characters that XML cannot: then it is percent-encoded and says so (version 2021-02-12 and later).
fn write_name(xml: &mut XmlWriter, name: &str) {
    if name.chars().all(is_xml_character) {
        xml.text("Name", name);
    } else {
        xml.open_with("Name", &[("Encoded", "true")]);
        xml.raw(&utf8_percent_encode(name, NON_ALPHANUMERIC).to_string());
        xml.close("Name");
    }
}

fn write_blob(xml: &mut XmlWriter, blob: &Committed, include: &Include, now: Timestamp) {
    let info = &blob.info;
    xml.open("Properties");
    xml.text("Creation-Time", &http_date::rfc1123(info.created));
    xml.text("Last-Modified", &http_date::rfc1123(info.modified));
    // Without quotes, unlike everywhere else: so does the service.
    xml.text("Etag", &info.etag.to_string());
    xml.number("Content-Length", blob.content.len());
    let stored = &info.headers;
    let texts = [
        (
            "Content-Type",
            Some(stored.content_type.as_deref().unwrap_or(headers::DEFAULT_TYPE)),
        ),
        ("Content-Encoding", stored.encoding.as_deref()),
        ("Content-Language", stored.language.as_deref()),
        ("Content-MD5", stored.md5.as_deref()),
        ("Cache-Control", stored.cache_control.as_deref()),
        ("Content-Disposition", stored.disposition.as_deref()),
    ];
    for (name, text) in texts {
        xml.text(name, text.unwrap_or(""));
    }
    xml.text("BlobType", info.kind.name());
    xml.text("AccessTier", info.tier.as_deref().unwrap_or("Hot"));
    if info.tier.is_none() {
        xml.text("AccessTierInferred", "true");
    }
    write_lease(xml, &info.lease, now);
    if include.copy
        && let Some(copy) = &info.copy
    {
        xml.text("CopyId", &copy.id);
        xml.text("CopySource", &copy.source);
        xml.text("CopyStatus", "success");
        xml.text("CopyProgress", &format!("{0}/{0}", copy.bytes));
        xml.text("CopyCompletionTime", &http_date::rfc1123(copy.completed));
    }
    xml.text("ServerEncrypted", "true");
    xml.close("Properties");
    if include.metadata {
        metadata::write_xml(xml, &info.metadata);
    }
}

/// Blocks that were put, but no block list yet.
fn write_uncommitted(xml: &mut XmlWriter) {
    xml.open("Properties");
    xml.text("Content-Length", "0");
    xml.text("BlobType", "BlockBlob");
    xml.text("LeaseStatus", "unlocked");
    xml.text("LeaseState", "available");
    xml.text("ServerEncrypted", "true");
    xml.close("Properties");
}
