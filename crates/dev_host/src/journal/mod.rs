//! What happened: appended to files first, then shown from memory.

mod content;
mod files;
mod record;
mod ring;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use content::Content;
pub use files::Limits;
pub use record::{
    Answer, Finished, LogLine, MessageReference, Outcome, Output, Poisoned, Record, Sent, Started, TriggerKind,
};
pub use ring::{Invocation, Ring};

use crate::console::{Console, Level};
use crate::topics::{Topic, Topics};

/// The journal. Clones share it.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    topics: Topics,
    console: Console,
}

struct State {
    files: Option<files::Files>,
    ring: Ring,
}

/// Invocations that the dashboard can show.
const REMEMBERED: usize = 2_000;

impl Journal {
    /// Opens the journal in `folder` and remembers what its files tell. Without a folder nothing is kept on disk.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(folder: Option<&Path>, limits: Limits, topics: Topics, console: Console) -> std::io::Result<Self> {
        let mut ring = Ring::new(REMEMBERED);
        let files = match folder {
            Some(folder) => {
                for record in files::read(folder, REMEMBERED)? {
                    ring.apply(record);
                }
                Some(files::Files::open(folder, limits)?)
            }
            None => None,
        };
        Ok(Self(Arc::new(Inner {
            state: Mutex::new(State { files, ring }),
            topics,
            console,
        })))
    }

    /// Appends a record. A full disk must not stop the apps: it is reported once and the journal goes on in memory.
    pub fn append(&self, record: Record) {
        let mut state = self.state();
        if let Some(files) = &mut state.files
            && let Err(error) = files.append(&record)
        {
            state.files = None;
            self.0.console.host(
                Level::Error,
                &format!("the journal is no longer written to disk: {error}"),
            );
        }
        state.ring.apply(record);
        drop(state);
        self.0.topics.changed(Topic::Invocations);
    }

    /// Looks at the newest invocations.
    pub fn look<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.state().ring)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
