//! Applying changes.

use bytes::{Bytes, BytesMut};
use std::collections::HashMap;

use super::change::{Change, ContentChange};
use super::content::Content;
use super::{AccountState, Blob, BlobInfo, Committed, Container, Queue, Segment, State};
use crate::call::Service;

/// Which content files the state refers to, and how often: copies share them.
#[derive(Debug, Default)]
pub(crate) struct FileUse {
    counts: HashMap<u64, u32>,
    /// Files that nothing refers to any more, to be removed.
    pub(crate) unused: Vec<u64>,
}

impl FileUse {
    pub(crate) fn contains(&self, number: u64) -> bool {
        self.counts.contains_key(&number)
    }

    fn take(&mut self, files: impl Iterator<Item = u64>) {
        for number in files {
            *self.counts.entry(number).or_insert(0) += 1;
        }
    }

    fn release(&mut self, files: impl Iterator<Item = u64>) {
        for number in files {
            if let Some(count) = self.counts.get_mut(&number) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&number);
                    self.unused.push(number);
                }
            }
        }
    }
}

impl State {
    /// Makes the change. A change to something that does not exist does nothing: the journal cannot hold one, as each
    /// was checked against the state before it was written.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Counters { etag, message, file } => {
                self.last_etag = self.last_etag.max(etag);
                self.last_message = self.last_message.max(message);
                self.last_file = self.last_file.max(file);
            }
            Change::ServiceProperties {
                account,
                service,
                value,
            } => {
                let account = self.account_mut(account);
                match service {
                    Service::Blob => account.blob_service = value,
                    Service::Queue => account.queue_service = value,
                }
            }
            Change::Container { account, name, info } => {
                self.last_etag = self.last_etag.max(info.etag.0);
                let containers = &mut self.account_mut(account).containers;
                match containers.get_mut(&name) {
                    Some(container) => container.info = info,
                    None => {
                        containers.insert(
                            name,
                            Container {
                                info,
                                blobs: Default::default(),
                            },
                        );
                    }
                }
            }
            Change::ContainerGone { account, name } => {
                if let Some(container) = self.account_mut(account).containers.remove(&name) {
                    for blob in container.blobs.into_values() {
                        self.files.release(files_of(&blob));
                    }
                }
            }
            Change::Blob {
                account,
                container,
                name,
                info,
                content,
            } => {
                self.last_etag = self.last_etag.max(info.etag.0);
                if let Some((blob, files, last_file)) = self.blob_entry(&account, &container, name) {
                    set_blob(blob, files, last_file, *info, content);
                }
            }
            Change::BlobGone {
                account,
                container,
                name,
            } => {
                let blobs = self
                    .accounts
                    .get_mut(&account)
                    .and_then(|account| account.containers.get_mut(&container));
                if let Some(blob) = blobs.and_then(|container| container.blobs.remove(&name)) {
                    self.files.release(files_of(&blob));
                }
            }
            Change::Block {
                account,
                container,
                name,
                id,
                block,
            } => {
                if let Some((blob, files, last_file)) = self.blob_entry(&account, &container, name) {
                    note_files(files, last_file, block.segment.file().into_iter());
                    if let Some(old) = blob.staged.insert(id, block) {
                        files.release(old.segment.file().into_iter());
                    }
                }
            }
            Change::StagedGone {
                account,
                container,
                name,
            } => {
                let container = self
                    .accounts
                    .get_mut(&account)
                    .and_then(|account| account.containers.get_mut(&container));
                if let Some(container) = container
                    && let Some(blob) = container.blobs.get_mut(&name)
                {
                    let staged = std::mem::take(&mut blob.staged);
                    self.files
                        .release(staged.values().filter_map(|block| block.segment.file()));
                    if blob.committed.is_none() {
                        container.blobs.remove(&name);
                    }
                }
            }
            Change::Queue { account, name, info } => {
                let queues = &mut self.account_mut(account).queues;
                match queues.get_mut(&name) {
                    Some(queue) => queue.info = info,
                    None => {
                        queues.insert(name, Queue::new(info));
                    }
                }
            }
            Change::QueueGone { account, name } => {
                self.account_mut(account).queues.remove(&name);
            }
            Change::Message {
                account,
                queue,
                message,
            } => {
                self.last_message = self.last_message.max(message.number);
                if let Some(queue) = self.queue_mut(&account, &queue) {
                    queue.put(message);
                }
            }
            Change::Hidden {
                account,
                queue,
                id,
                visible_at,
                receipt,
                dequeued,
                text,
            } => {
                if let Some(queue) = self.queue_mut(&account, &queue) {
                    queue.hide(&id, visible_at, receipt, dequeued, text);
                }
            }
            Change::MessageGone { account, queue, id } => {
                if let Some(queue) = self.queue_mut(&account, &queue) {
                    queue.remove(&id);
                }
            }
            Change::Cleared { account, queue } => {
                if let Some(queue) = self.queue_mut(&account, &queue) {
                    queue.clear();
                }
            }
        }
    }

    fn account_mut(&mut self, name: String) -> &mut AccountState {
        self.accounts.entry(name).or_default()
    }

    pub(crate) fn queue_mut(&mut self, account: &str, queue: &str) -> Option<&mut Queue> {
        self.accounts.get_mut(account)?.queues.get_mut(queue)
    }

    fn blob_entry(
        &mut self,
        account: &str,
        container: &str,
        name: String,
    ) -> Option<(&mut Blob, &mut FileUse, &mut u64)> {
        let container = self.accounts.get_mut(account)?.containers.get_mut(container)?;
        Some((
            container.blobs.entry(name).or_default(),
            &mut self.files,
            &mut self.last_file,
        ))
    }
}

fn set_blob(blob: &mut Blob, files: &mut FileUse, last_file: &mut u64, info: BlobInfo, change: ContentChange) {
    match change {
        ContentChange::Same => {
            if let Some(committed) = &mut blob.committed {
                committed.info = info;
            }
        }
        ContentChange::Replace(content) => {
            // First take, then release: a block list may keep parts of what it replaces.
            note_files(files, last_file, content.files());
            files.release(files_of(blob));
            *blob = Blob {
                committed: Some(Committed { info, content }),
                staged: Default::default(),
            };
        }
        ContentChange::Append {
            segment,
            instead_of_last,
        } => {
            let Some(committed) = &mut blob.committed else { return };
            note_files(files, last_file, segment.file().into_iter());
            if instead_of_last && let Some(last) = committed.content.parts.pop() {
                files.release(last.segment.file().into_iter());
            }
            append(&mut committed.content, segment);
            committed.info = info;
        }
    }
}

/// Small appends grow the last part in memory, so that a log of many lines does not become a list of many parts.
fn append(content: &mut Content, segment: Segment) {
    if let Segment::Memory(added) = &segment
        && let Some(last) = content.parts.last_mut()
        && let Segment::Memory(tail) = &mut last.segment
        && tail.len() + added.len() <= Segment::LARGEST_TAIL
    {
        let mut joined = BytesMut::from(std::mem::take(tail));
        joined.extend_from_slice(added);
        last.segment = Segment::Memory(joined.freeze());
        return;
    }
    content.push(None, segment);
}

fn note_files(files: &mut FileUse, last_file: &mut u64, numbers: impl Iterator<Item = u64> + Clone) {
    *last_file = numbers.clone().fold(*last_file, u64::max);
    files.take(numbers);
}

fn files_of(blob: &Blob) -> impl Iterator<Item = u64> {
    let committed = blob.committed.iter().flat_map(|committed| committed.content.files());
    committed.chain(blob.staged.values().filter_map(|block| block.segment.file()))
}

impl Segment {
    /// Up to this size the end of an append blob is kept in one piece of memory.
    pub(crate) const LARGEST_TAIL: usize = 64 << 10;

    /// Bytes in memory, without the larger buffer that a small request may be a slice of.
    pub(crate) fn memory(bytes: &Bytes) -> Self {
        Self::Memory(Bytes::copy_from_slice(bytes))
    }
}
