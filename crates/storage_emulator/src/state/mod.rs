//! All that the emulator remembers, as values. It changes only by applying a [`Change`], live and when a journal is read.

mod apply;
mod blob;
mod change;
mod container;
mod content;
mod etag;
mod lease;
mod queue;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

pub(crate) use blob::{Blob, BlobInfo, BlobKind, Committed, ContentHeaders, CopyRecord, StagedBlock};
pub(crate) use change::{Change, ContentChange};
pub(crate) use container::{Container, ContainerInfo, PublicAccess, SignedIdentifier};
pub(crate) use content::{Content, Segment};
pub(crate) use etag::ETag;
pub(crate) use lease::{Lease, Names as LeaseNames};
pub(crate) use queue::{Message, Queue, QueueInfo};

use crate::call::Service;
use crate::xml::Element;

/// User metadata in the order sent; names in lower case.
pub(crate) type Metadata = Vec<(String, String)>;

/// Every account's containers and queues.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) accounts: HashMap<String, AccountState>,
    /// The highest value given out; the next ETag is higher, whatever the clock does.
    pub(crate) last_etag: u64,
    /// The highest number given to a message: it keeps the order of sending.
    pub(crate) last_message: u64,
    /// The highest number given to a content file.
    pub(crate) last_file: u64,
    pub(crate) files: apply::FileUse,
}

#[derive(Debug, Default)]
pub(crate) struct AccountState {
    pub(crate) containers: BTreeMap<String, Container>,
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) blob_service: ServiceProperties,
    pub(crate) queue_service: ServiceProperties,
}

/// What Set Service Properties stored: the sections given so far, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceProperties {
    pub(crate) sections: Vec<Element>,
}

impl State {
    pub(crate) fn account(&self, name: &str) -> Option<&AccountState> {
        self.accounts.get(name)
    }

    pub(crate) fn container(&self, account: &str, name: &str) -> Option<&Container> {
        self.account(account)?.containers.get(name)
    }

    pub(crate) fn queue(&self, account: &str, name: &str) -> Option<&Queue> {
        self.account(account)?.queues.get(name)
    }

    pub(crate) fn service_properties(&self, account: &str, service: Service) -> Option<&ServiceProperties> {
        let account = self.account(account)?;
        Some(match service {
            Service::Blob => &account.blob_service,
            Service::Queue => &account.queue_service,
        })
    }
}
