//! The journal: JSON lines, one change each.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FolderError;
use crate::call::Service;
use crate::state::{Change, ContentChange, State};

const FORMAT: u32 = 1;
/// Below this a rewrite is not worth it.
const SMALLEST_REWRITE: u64 = 8 << 20;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
}

pub(super) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    /// The length right after the last rewrite.
    rewritten_length: u64,
    buffer: Vec<u8>,
    /// Held open, and with it the lock: it ends with the process, however that ends.
    _lock: File,
}

impl Journal {
    /// Reads the folder's journal into `state`; makes an empty one if there is none.
    pub(super) fn open(folder: &Path, state: &mut State) -> Result<Self, FolderError> {
        let path = folder.join("journal.jsonl");
        let access = |source| FolderError::Access {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(folder).map_err(|source| FolderError::Access {
            path: folder.to_owned(),
            source,
        })?;
        let lock = lock(folder)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(access)?;
        let length = read(&path, &file, state)?;
        file.set_len(length).map_err(access)?;
        let mut journal = Self {
            path: path.clone(),
            file,
            length,
            rewritten_length: 0,
            buffer: Vec::new(),
            _lock: lock,
        };
        journal.file.seek(SeekFrom::Start(length)).map_err(access)?;
        if length == 0 {
            journal.write_header().map_err(access)?;
        }
        // Starts compact: also measures what lives, which the next rewrite is decided by.
        journal.rewrite(state).map_err(access)?;
        Ok(journal)
    }

    /// Appends in one write. If that fails, nothing of it stays.
    pub(super) fn append(&mut self, changes: &[Change]) -> io::Result<()> {
        self.buffer.clear();
        for change in changes {
            line(&mut self.buffer, change)?;
        }
        self.write_buffer()
    }

    pub(super) fn has_grown(&self) -> bool {
        self.length > SMALLEST_REWRITE.max(3 * self.rewritten_length)
    }

    /// Waits with the next rewrite until the journal is three times as long as now.
    pub(super) fn postpone_rewrite(&mut self) {
        self.rewritten_length = self.length;
    }

    /// Replaces the journal by one that only says what is there now.
    pub(super) fn rewrite(&mut self, state: &State) -> io::Result<()> {
        let new_path = self.path.with_extension("new");
        let mut writer = BufWriter::with_capacity(1 << 20, File::create(&new_path)?);
        let mut buffer = Vec::new();
        line(&mut buffer, &Header { format: FORMAT })?;
        let mut length = 0;
        let mut write = |buffer: &mut Vec<u8>| -> io::Result<()> {
            writer.write_all(buffer)?;
            length += buffer.len() as u64;
            buffer.clear();
            Ok(())
        };
        write(&mut buffer)?;
        for_each_change(state, |change| {
            line(&mut buffer, &change)?;
            write(&mut buffer)
        })?;
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        fs::rename(&new_path, &self.path)?;
        self.file = file;
        self.length = length;
        self.rewritten_length = length;
        Ok(())
    }

    fn write_header(&mut self) -> io::Result<()> {
        self.buffer.clear();
        line(&mut self.buffer, &Header { format: FORMAT })?;
        self.write_buffer()
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        if let Err(error) = self.file.write_all(&self.buffer) {
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            return Err(error);
        }
        self.length += self.buffer.len() as u64;
        Ok(())
    }
}

fn lock(folder: &Path) -> Result<File, FolderError> {
    let path = folder.join("lock");
    let access = |source| FolderError::Access {
        path: path.clone(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(access)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(FolderError::InUse {
            path: folder.to_owned(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(access(source)),
    }
}

fn line(buffer: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *buffer, value)?;
    buffer.push(b'\n');
    Ok(())
}

/// Applies every whole line and returns where they end. The last line may be torn: its change was never acknowledged.
fn read(path: &Path, file: &File, state: &mut State) -> Result<u64, FolderError> {
    let access = |source| FolderError::Access {
        path: path.to_owned(),
        source,
    };
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut text = Vec::new();
    let mut end = 0;
    for number in 1.. {
        text.clear();
        reader.read_until(b'\n', &mut text).map_err(access)?;
        if text.last() != Some(&b'\n') {
            break;
        }
        let damaged = |source| FolderError::Damaged {
            path: path.to_owned(),
            line: number,
            source,
        };
        if number == 1 {
            let found = serde_json::from_slice::<Header>(&text).map_err(damaged)?.format;
            if found > FORMAT {
                return Err(FolderError::Newer {
                    path: path.to_owned(),
                    found,
                    known: FORMAT,
                });
            }
        } else {
            state.apply(serde_json::from_slice(&text).map_err(damaged)?);
        }
        end += text.len() as u64;
    }
    Ok(end)
}

/// The shortest list of changes that leads to this state.
fn for_each_change(state: &State, mut give: impl FnMut(Change) -> io::Result<()>) -> io::Result<()> {
    give(Change::Counters {
        etag: state.last_etag,
        message: state.last_message,
        file: state.last_file,
    })?;
    for (account_name, account) in &state.accounts {
        let account_name = || account_name.clone();
        for (service, value) in [
            (Service::Blob, &account.blob_service),
            (Service::Queue, &account.queue_service),
        ] {
            if !value.sections.is_empty() {
                give(Change::ServiceProperties {
                    account: account_name(),
                    service,
                    value: value.clone(),
                })?;
            }
        }
        for (name, container) in &account.containers {
            give(Change::Container {
                account: account_name(),
                name: name.clone(),
                info: container.info.clone(),
            })?;
            for (blob_name, blob) in &container.blobs {
                if let Some(committed) = &blob.committed {
                    give(Change::Blob {
                        account: account_name(),
                        container: name.clone(),
                        name: blob_name.clone(),
                        info: Box::new(committed.info.clone()),
                        content: ContentChange::Replace(committed.content.clone()),
                    })?;
                }
                for (id, block) in &blob.staged {
                    give(Change::Block {
                        account: account_name(),
                        container: name.clone(),
                        name: blob_name.clone(),
                        id: id.clone(),
                        block: block.clone(),
                    })?;
                }
            }
        }
        for (name, queue) in &account.queues {
            give(Change::Queue {
                account: account_name(),
                name: name.clone(),
                info: queue.info.clone(),
            })?;
            for message in queue.messages() {
                give(Change::Message {
                    account: account_name(),
                    queue: name.clone(),
                    message: message.clone(),
                })?;
            }
        }
    }
    Ok(())
}
