//! One development host per workspace: a file lock that a killed process loses, and the address for those who ask.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use determinism::Rng;
use serde::{Deserialize, Serialize};

use super::StartError;

/// What others may know of the running one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// The dashboard's address.
    pub dashboard: String,
}

/// The right to run in this workspace. Dropping it lets the next one run.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    state: PathBuf,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// Another process has it, or the file cannot be made.
    pub fn take(state: &Path) -> Result<Self, StartError> {
        let path = state.join("lock");
        let failed = |source| StartError::State {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                _file: file,
                state: state.to_path_buf(),
            }),
            Err(TryLockError::WouldBlock) => Err(StartError::AlreadyRunning {
                dashboard: announced(state).map(|instance| instance.dashboard),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The id by which every development host of this workspace holds locks in storage, so that the next one takes up
    /// at once what a killed one held. There is only one at a time, because it has this lock.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn holder(&self, rng: &Rng) -> Result<String, StartError> {
        let path = self.state.join("holder");
        let kept = match std::fs::read_to_string(&path) {
            // 36: the length of a UUID. A kill can leave less.
            Ok(kept) if kept.len() == 36 => return Ok(kept),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        let fresh = rng.uuid();
        kept.and_then(|()| std::fs::write(&path, &fresh))
            .map_err(|source| StartError::State { path, source })?;
        Ok(fresh)
    }

    /// Tells others where it is.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn announce(&self, instance: &Instance) -> Result<(), StartError> {
        let path = self.state.join("running.json");
        let text = serde_json::to_vec(instance).map_err(std::io::Error::from);
        text.and_then(|text| std::fs::write(&path, text))
            .map_err(|source| StartError::State { path, source })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind it does no harm: who reads it also looks at the lock.
        let _ = std::fs::remove_file(self.state.join("running.json"));
    }
}

impl Instance {
    /// The one that runs now, if any.
    pub fn find(state: &Path) -> Option<Self> {
        let file = File::open(state.join("lock")).ok()?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => announced(state),
            _ => None,
        }
    }
}

fn announced(state: &Path) -> Option<Instance> {
    serde_json::from_slice(&std::fs::read(state.join("running.json")).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_told_where_the_first_is() {
        let state = tempfile::tempdir().unwrap();
        let first = Lock::take(state.path()).unwrap();
        let instance = Instance {
            dashboard: "http://127.0.0.1:7070".to_owned(),
        };
        first.announce(&instance).unwrap();
        assert_eq!(Instance::find(state.path()), Some(instance));
        let error = Lock::take(state.path()).unwrap_err().to_string();
        assert!(error.contains("http://127.0.0.1:7070"), "{error}");
        let rng = Rng::seeded(7);
        let holder = first.holder(&rng).unwrap();
        drop(first);
        assert_eq!(Instance::find(state.path()), None);
        let next = Lock::take(state.path()).unwrap();
        assert_eq!(next.holder(&rng).unwrap(), holder, "it takes up what the first held");
    }
}
