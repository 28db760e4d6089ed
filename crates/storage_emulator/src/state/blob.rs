//! Blobs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, ETag, Lease, Metadata, Segment};

/// A name in a container: a committed blob, blocks waiting for Put Block List, or both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blob {
    pub(crate) committed: Option<Committed>,
    pub(crate) staged: BTreeMap<String, StagedBlock>,
}

#[derive(Clone, Debug)]
pub(crate) struct Committed {
    pub(crate) info: BlobInfo,
    pub(crate) content: Content,
}

/// A block that is not yet part of a blob.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StagedBlock {
    pub(crate) segment: Segment,
    pub(crate) at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BlobKind {
    #[serde(rename = "block")]
    Block,
    #[serde(rename = "append")]
    Append,
}

impl BlobKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Block => "BlockBlob",
            Self::Append => "AppendBlob",
        }
    }
}

/// All about a blob but its content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BlobInfo {
    pub(crate) kind: BlobKind,
    pub(crate) etag: ETag,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) headers: ContentHeaders,
    #[serde(default)]
    pub(crate) lease: Lease,
    /// Blocks appended so far; the service stops at 50,000.
    #[serde(default)]
    pub(crate) appended: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) copy: Option<CopyRecord>,
}

/// The HTTP headers that a blob is served with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ContentHeaders {
    pub(crate) content_type: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) disposition: Option<String>,
    pub(crate) cache_control: Option<String>,
    /// Base64.
    pub(crate) md5: Option<String>,
}

/// Where a blob was copied from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CopyRecord {
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) bytes: u64,
    pub(crate) completed: Timestamp,
}
