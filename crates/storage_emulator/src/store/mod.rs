//! Keeps the state, in memory only or in a folder as well.
//!
//! A folder holds one journal of JSON lines and, for content above [`INLINE`] bytes, one file each. A change is
//! appended to the journal before it is applied and answered, so a killed process loses nothing that it acknowledged:
//! the kernel has what was written. There is no fsync, so a power failure may lose the last moments; a database would
//! cost a dependency and a sync per request to give a guarantee that storage for development does not need. When most of the journal is about things
//! that are gone, it is rewritten from the state and swapped in by a rename, so it stays within a few times what lives.

mod content_files;
mod journal;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use content_files::ContentFiles;
pub(crate) use content_files::Staged;
use journal::Journal;

use crate::answer::Piece;
use crate::error::{Code, ServiceResult};
use crate::state::{Change, Content, ETag, Segment, State};

/// Content up to this size lives in memory and in the journal: a file of its own would cost more than its bytes.
const INLINE: usize = 16 << 10;

/// The state and where it is kept.
pub(crate) struct Store {
    inner: Mutex<Inner>,
    files: Option<ContentFiles>,
}

/// The state while nobody else uses it.
pub(crate) struct Inner {
    state: State,
    journal: Option<Journal>,
}

/// Why a storage folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder, or a file in it, cannot be read, made or written.
    #[error("cannot use the storage folder {path}")]
    Access {
        /// What was tried to open.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another emulator has the folder open.
    #[error("the storage folder {path} is in use by another emulator")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A line in the middle of the journal cannot be read; a torn last line, as a kill leaves it, is no error.
    #[error("line {line} of {path} is damaged; remove that line, or the folder to start empty")]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The journal was written by a newer emulator.
    #[error("{path} has format {found}; this emulator reads format {known}")]
    Newer {
        /// The journal.
        path: PathBuf,
        /// The format it has.
        found: u32,
        /// The newest format this emulator reads.
        known: u32,
    },
}

impl Store {
    pub(crate) fn in_memory() -> Self {
        Self {
            inner: Mutex::new(Inner {
                state: State::default(),
                journal: None,
            }),
            files: None,
        }
    }

    pub(crate) fn open(folder: &Path) -> Result<Self, FolderError> {
        let mut state = State::default();
        let journal = Journal::open(folder, &mut state)?;
        let files = ContentFiles::open(folder, &mut state)?;
        Ok(Self {
            inner: Mutex::new(Inner {
                state,
                journal: Some(journal),
            }),
            files: Some(files),
        })
    }

    pub(crate) fn lock(&self) -> Locked<'_> {
        // A panic in the middle of a change would leave it half made; changes do not panic, and going on with what is
        // there serves a developer better than refusing everything.
        Locked {
            inner: self.inner.lock().unwrap_or_else(PoisonError::into_inner),
            files: self.files.as_ref(),
        }
    }

    /// Puts bytes where they will stay, before the state is locked.
    pub(crate) fn stage(&self, bytes: &Bytes) -> ServiceResult<Staged> {
        match &self.files {
            Some(files) if bytes.len() > INLINE => files.write(bytes),
            _ if bytes.len() > INLINE => Ok(Staged::memory(Segment::Memory(bytes.clone()))),
            _ => Ok(Staged::memory(Segment::memory(bytes))),
        }
    }
}

/// The state, locked.
pub(crate) struct Locked<'a> {
    inner: MutexGuard<'a, Inner>,
    files: Option<&'a ContentFiles>,
}

impl Locked<'_> {
    pub(crate) fn state(&self) -> &State {
        &self.inner.state
    }

    /// Drops expired messages of a queue; see [`crate::state::Queue::purge`].
    pub(crate) fn purge(&mut self, account: &str, queue: &str, now: Timestamp) {
        if let Some(queue) = self.inner.state.queue_mut(account, queue) {
            queue.purge(now);
        }
    }

    pub(crate) fn next_etag(&self, now: Timestamp) -> ETag {
        ETag::after(self.inner.state.last_etag, now)
    }

    pub(crate) fn next_message_number(&self) -> u64 {
        self.inner.state.last_message + 1
    }

    /// Whether contents are kept in files at all.
    pub(crate) fn spills(&self) -> bool {
        self.files.is_some()
    }

    /// Discards blocks that have waited for their list for more than `limit`, as the service does after a week.
    pub(crate) fn discard_stale_blocks(&mut self, now: Timestamp, limit: Duration) -> ServiceResult<()> {
        let mut changes = Vec::new();
        for (account, in_account) in &self.inner.state.accounts {
            for (container, in_container) in &in_account.containers {
                for (name, blob) in &in_container.blobs {
                    let newest = blob.staged.values().map(|block| block.at).max();
                    if newest.is_some_and(|newest| now.duration_since(newest).unsigned_abs() > limit && newest < now) {
                        changes.push(Change::StagedGone {
                            account: account.clone(),
                            container: container.clone(),
                            name: name.clone(),
                        });
                    }
                }
            }
        }
        if changes.is_empty() {
            Ok(())
        } else {
            self.commit(changes)
        }
    }

    /// Records the changes, then makes them: all or none.
    pub(crate) fn commit(&mut self, changes: Vec<Change>) -> ServiceResult<()> {
        let Inner { state, journal } = &mut *self.inner;
        if let Some(journal) = journal {
            journal.append(&changes).map_err(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "cannot write the storage journal"
                );
                Code::InternalError
            })?;
        }
        for change in changes {
            state.apply(change);
        }
        if let Some(files) = self.files {
            files.remove(&std::mem::take(&mut state.files.unused));
        }
        if let Some(journal) = journal
            && journal.has_grown()
            && let Err(error) = journal.rewrite(state)
        {
            // The old journal is whole and goes on growing; trying at every change would only make a full disk slow.
            journal.postpone_rewrite();
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "cannot rewrite the storage journal"
            );
        }
        Ok(())
    }

    /// The pieces of `start..end` of a blob, with their files open.
    pub(crate) fn pieces(&self, content: &Content, start: u64, end: u64) -> ServiceResult<Vec<Piece>> {
        content
            .slices(start, end)
            .map(|(segment, low, high)| match segment {
                Segment::Memory(bytes) => Ok(Piece::Memory(bytes.slice(low as usize..high as usize))),
                Segment::File { number, .. } => {
                    let files = self.files.ok_or(Code::InternalError)?;
                    Ok(Piece::File {
                        file: files.read(*number)?,
                        offset: low,
                        length: high - low,
                    })
                }
            })
            .collect()
    }
}
