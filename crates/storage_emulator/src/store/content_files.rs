//! The folder of content files: each is written once, before anything refers to it, and never changed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::FolderError;
use crate::error::{Code, ServiceResult};
use crate::state::{Segment, State};

pub(super) struct ContentFiles {
    folder: PathBuf,
    next: AtomicU64,
}

impl ContentFiles {
    /// Opens the folder after the journal was read, and removes what a killed process left without a reference.
    pub(super) fn open(folder: &Path, state: &mut State) -> Result<Self, FolderError> {
        let folder = folder.join("content");
        let access = |source| FolderError::Access {
            path: folder.clone(),
            source,
        };
        fs::create_dir_all(&folder).map_err(access)?;
        let mut highest = state.last_file;
        for entry in fs::read_dir(&folder).map_err(access)? {
            let entry = entry.map_err(access)?;
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse::<u64>().ok()) else {
                continue;
            };
            highest = highest.max(number);
            if !state.files.contains(number) {
                fs::remove_file(entry.path()).map_err(access)?;
            }
        }
        state.files.unused.clear();
        Ok(Self {
            folder,
            next: AtomicU64::new(highest + 1),
        })
    }

    pub(super) fn write(&self, bytes: &Bytes) -> ServiceResult<Staged> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let staged = Staged {
            segment: Segment::File {
                number,
                length: bytes.len() as u64,
            },
            unused_file: Some(self.path(number)),
        };
        fs::write(self.path(number), bytes).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot write a content file");
            Code::InternalError
        })?;
        Ok(staged)
    }

    pub(super) fn read(&self, number: u64) -> ServiceResult<Arc<File>> {
        File::open(self.path(number)).map(Arc::new).map_err(|error| {
            tracing::error!(
                number,
                error = &error as &dyn std::error::Error,
                "cannot read a content file"
            );
            Code::InternalError.into()
        })
    }

    /// Removes files that nothing refers to. A failure only leaves a file for the next start to remove.
    pub(super) fn remove(&self, numbers: &[u64]) {
        for number in numbers {
            if let Err(error) = fs::remove_file(self.path(*number)) {
                tracing::warn!(
                    number,
                    error = &error as &dyn std::error::Error,
                    "cannot remove a content file"
                );
            }
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }
}

/// Bytes that are stored but belong to nothing yet. Dropped unused, they are removed again.
pub(crate) struct Staged {
    segment: Segment,
    unused_file: Option<PathBuf>,
}

impl Staged {
    pub(super) fn memory(segment: Segment) -> Self {
        Self {
            segment,
            unused_file: None,
        }
    }

    /// The segment, which the caller now puts into a change.
    pub(crate) fn keep(mut self) -> Segment {
        self.unused_file = None;
        self.segment.clone()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(path) = &self.unused_file {
            // It may not exist if writing it failed; what stays is removed at the next start.
            let _ = fs::remove_file(path);
        }
    }
}
