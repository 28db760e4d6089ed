//! What can happen to the state. Each change says how things are afterwards, not what was asked, so reading a journal
//! again needs no clock, no chance and no check.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BlobInfo, ContainerInfo, Content, Message, QueueInfo, Segment, ServiceProperties, StagedBlock};
use crate::call::Service;

/// One line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Numbers that must never be given out again; stands first in a rewritten journal.
    Counters {
        etag: u64,
        message: u64,
        file: u64,
    },
    ServiceProperties {
        account: String,
        service: Service,
        value: ServiceProperties,
    },
    Container {
        account: String,
        name: String,
        info: ContainerInfo,
    },
    ContainerGone {
        account: String,
        name: String,
    },
    Blob {
        account: String,
        container: String,
        name: String,
        info: Box<BlobInfo>,
        content: ContentChange,
    },
    BlobGone {
        account: String,
        container: String,
        name: String,
    },
    Block {
        account: String,
        container: String,
        name: String,
        id: String,
        block: StagedBlock,
    },
    /// Blocks that nobody listed in time.
    StagedGone {
        account: String,
        container: String,
        name: String,
    },
    Queue {
        account: String,
        name: String,
        info: QueueInfo,
    },
    QueueGone {
        account: String,
        name: String,
    },
    Message {
        account: String,
        queue: String,
        message: Message,
    },
    Hidden {
        account: String,
        queue: String,
        id: String,
        visible_at: Timestamp,
        receipt: String,
        dequeued: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    MessageGone {
        account: String,
        queue: String,
        id: String,
    },
    Cleared {
        account: String,
        queue: String,
    },
}

/// What happens to a blob's bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ContentChange {
    /// Only the properties change.
    Same,
    /// All of it is new; blocks that were waiting are gone.
    Replace(Content),
    /// Bytes at the end of an append blob. `instead_of_last`: they include those of the last part, which they replace.
    Append { segment: Segment, instead_of_last: bool },
}
