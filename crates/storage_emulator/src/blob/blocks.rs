//! Put Block, Put Block List, Get Block List.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::{
    blob_change, blob_name, blob_to_read, check_replace, container_name, existing_container, find_blob, headers, put,
    set_version,
};
use crate::answer::Answer;
use crate::auth::Permit;
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::metadata;
use crate::state::{Blob, BlobInfo, BlobKind, Change, Content, ContentChange, Lease, LeaseNames, Segment, StagedBlock};
use crate::xml::{Element, XmlWriter};

const LONGEST_ID: usize = 64;
const MOST_BLOCKS: usize = 50_000;
const MOST_WAITING: usize = 100_000;

pub(super) fn put(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let id = call
        .query
        .get("blockid")
        .ok_or_else(|| Code::MissingRequiredQueryParameter.with("QueryParameterName", "blockid"))?;
    let is_valid = STANDARD
        .decode(id)
        .is_ok_and(|bytes| !bytes.is_empty() && bytes.len() <= LONGEST_ID);
    if !is_valid {
        return Err(ServiceError::query("blockid", id));
    }
    if call.body.is_empty() {
        return Err(ServiceError::header("Content-Length", "0"));
    }
    let md5 = headers::checked_md5(call, &["content-md5"])?;
    let staged = parts.store.stage(&call.body)?;
    let mut store = parts.store.lock();
    let now = parts.now();
    let container = existing_container(store.state(), call)?;
    if let Some(blob) = container.blobs.get(blob_name(call)?) {
        if let Some(committed) = &blob.committed {
            if committed.info.kind != BlobKind::Block {
                return Err(Code::InvalidBlobType.into());
            }
            committed
                .info
                .lease
                .check(call.header("x-ms-lease-id"), true, &LeaseNames::BLOB, now)?;
        }
        if blob.staged.keys().next().is_some_and(|known| known.len() != id.len()) {
            return Err(Code::InvalidBlobOrBlock.into());
        }
        if blob.staged.len() >= MOST_WAITING {
            return Err(Code::BlockCountExceedsLimit.into());
        }
    }
    store.commit(vec![Change::Block {
        account: call.account.clone(),
        container: container_name(call)?.to_owned(),
        name: blob_name(call)?.to_owned(),
        id: id.to_owned(),
        block: StagedBlock {
            segment: staged.keep(),
            at: now,
        },
    }])?;
    let mut answer = Answer::new(StatusCode::CREATED);
    answer.set("content-md5", md5);
    answer.set_static("x-ms-request-server-encrypted", "true");
    Ok(answer)
}

pub(super) fn put_list(parts: &Parts, call: &Call, permit: &Permit) -> ServiceResult<Answer> {
    headers::checked_md5(call, &["content-md5"])?;
    let wanted = block_list(call)?;
    let metadata = metadata::of_request(call)?;
    let content_headers = headers::of_request(call, false)?;
    let tier = put::tier_of_request(call)?;
    let mut store = parts.store.lock();
    let now = parts.now();
    let current = find_blob(store.state(), call)?;
    if current.is_some() && permit.create_only {
        return Err(Code::AuthorizationPermissionMismatch.into());
    }
    check_replace(current, call, now)?;
    if current.is_some_and(|blob| blob.info.kind != BlobKind::Block) {
        return Err(Code::InvalidBlobType.into());
    }
    let blob = existing_container(store.state(), call)?.blobs.get(blob_name(call)?);
    let content = assemble(blob, &wanted)?;
    let info = BlobInfo {
        kind: BlobKind::Block,
        etag: store.next_etag(now),
        created: current.map_or(now, |blob| blob.info.created),
        modified: now,
        metadata,
        headers: content_headers,
        lease: current.map_or(Lease::Available, |blob| blob.info.lease.after_write(now)),
        appended: 0,
        tier,
        copy: None,
    };
    let mut answer = Answer::new(StatusCode::CREATED);
    set_version(&mut answer, info.etag, now);
    answer.set_static("x-ms-request-server-encrypted", "true");
    store.commit(vec![blob_change(call, info, ContentChange::Replace(content))?])?;
    Ok(answer)
}

/// Where an entry of a block list wants its block from.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    Committed,
    Uncommitted,
    Latest,
}

fn block_list(call: &Call) -> ServiceResult<Vec<(Source, String)>> {
    let document = Element::parse(&call.body)?;
    if document.name != "BlockList" {
        return Err(Code::InvalidXmlDocument.into());
    }
    if document.children.len() > MOST_BLOCKS {
        return Err(Code::BlockListTooLong.into());
    }
    document
        .children
        .into_iter()
        .map(|entry| {
            let source = match entry.name.as_str() {
                "Committed" => Source::Committed,
                "Uncommitted" => Source::Uncommitted,
                "Latest" => Source::Latest,
                _ => return Err(Code::InvalidXmlDocument.into()),
            };
            Ok((source, entry.text.trim().to_owned()))
        })
        .collect()
}

fn assemble(blob: Option<&Blob>, wanted: &[(Source, String)]) -> ServiceResult<Content> {
    let committed: std::collections::HashMap<&str, &Segment> = blob
        .and_then(|blob| blob.committed.as_ref())
        .into_iter()
        .flat_map(|committed| &committed.content.parts)
        .filter_map(|part| Some((part.block.as_deref()?, &part.segment)))
        .collect();
    let mut content = Content::default();
    for (source, id) in wanted {
        let waiting = || blob.and_then(|blob| blob.staged.get(id)).map(|block| &block.segment);
        let stored = || committed.get(id.as_str()).copied();
        let segment = match source {
            Source::Committed => stored(),
            Source::Uncommitted => waiting(),
            Source::Latest => waiting().or_else(stored),
        };
        content.push(Some(id.clone()), segment.ok_or(Code::InvalidBlockList)?.clone());
    }
    Ok(content)
}

pub(super) fn get_list(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let which = call
        .query
        .get("blocklisttype")
        .unwrap_or("committed")
        .to_ascii_lowercase();
    let (with_committed, with_waiting) = match which.as_str() {
        "committed" => (true, false),
        "uncommitted" => (false, true),
        "all" => (true, true),
        other => return Err(ServiceError::query("blocklisttype", other)),
    };
    let store = parts.store.lock();
    let now = parts.now();
    let name = blob_name(call)?;
    let blob = existing_container(store.state(), call)?
        .blobs
        .get(name)
        .ok_or(Code::BlobNotFound)?;
    let mut xml = XmlWriter::new();
    xml.open("BlockList");
    let mut version = None;
    if blob.committed.is_some() {
        let committed = blob_to_read(store.state(), call, now)?;
        if committed.info.kind != BlobKind::Block {
            return Err(Code::InvalidBlobType.into());
        }
        version = Some((committed.info.etag, committed.info.modified, committed.content.len()));
        if with_committed {
            xml.open("CommittedBlocks");
            for part in &committed.content.parts {
                if let Some(id) = &part.block {
                    write_block(&mut xml, id, &part.segment);
                }
            }
            xml.close("CommittedBlocks");
        }
    } else if with_committed {
        xml.open("CommittedBlocks");
        xml.close("CommittedBlocks");
    }
    if with_waiting {
        xml.open("UncommittedBlocks");
        for (id, block) in &blob.staged {
            write_block(&mut xml, id, &block.segment);
        }
        xml.close("UncommittedBlocks");
    }
    xml.close("BlockList");
    let mut answer = Answer::xml(StatusCode::OK, xml.finish());
    if let Some((etag, modified, length)) = version {
        set_version(&mut answer, etag, modified);
        answer.set("x-ms-blob-content-length", length.to_string());
    } else {
        answer.set_static("x-ms-blob-content-length", "0");
    }
    Ok(answer)
}

fn write_block(xml: &mut XmlWriter, id: &str, segment: &Segment) {
    xml.open("Block");
    xml.text("Name", id);
    xml.number("Size", segment.len());
    xml.close("Block");
}
