//! Containers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Blob, ETag, Lease, Metadata};

#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub(crate) info: ContainerInfo,
    pub(crate) blobs: BTreeMap<String, Blob>,
}

/// All about a container but its blobs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ContainerInfo {
    pub(crate) etag: ETag,
    pub(crate) modified: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) access: PublicAccess,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) identifiers: Vec<SignedIdentifier>,
    #[serde(default)]
    pub(crate) lease: Lease,
}

/// What can be read without signing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PublicAccess {
    #[default]
    None,
    /// Blobs.
    Blob,
    /// Blobs, their list, and the container's properties.
    Container,
}

impl PublicAccess {
    /// The header's value; `None` when there is no public access.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Blob => Some("blob"),
            Self::Container => Some("container"),
        }
    }
}

/// A stored access policy: a SAS may name it instead of carrying its own times and permissions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIdentifier {
    pub(crate) id: String,
    pub(crate) start: String,
    pub(crate) expiry: String,
    pub(crate) permission: String,
}
