//! Which queue messages a listener holds, on disk: a killed development host frees them at its next start instead of
//! letting them wait out the ten minutes of their lease.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// A message that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The app whose listener holds it.
    pub app: String,
    /// The name of the connection setting, as in function.json.
    pub connection: String,
    /// The queue.
    pub queue: String,
    /// Message id.
    pub id: String,
    /// The receipt by which it can be freed.
    pub pop_receipt: String,
}

/// The list of held messages. Clones share it.
#[derive(Clone, Debug)]
pub struct Leases(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    path: Option<PathBuf>,
    file: Option<File>,
    held: BTreeMap<String, Held>,
    lines: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Held(Held),
    Freed(String),
}

/// The file is written anew once it has this many lines more than messages held.
const SLACK: usize = 4_096;

impl Leases {
    /// Opens the list in `state` and gives what the last run left held. Without a folder nothing is kept.
    ///
    /// # Errors
    /// The file cannot be read or made.
    pub fn open(state: Option<&Path>) -> std::io::Result<(Self, Vec<Held>)> {
        let Some(path) = state.map(|state| state.join("leases.jsonl")) else {
            let state = State {
                path: None,
                file: None,
                held: BTreeMap::new(),
                lines: 0,
            };
            return Ok((Self(Arc::new(Mutex::new(state))), Vec::new()));
        };
        let left: Vec<Held> = read(&path)?.into_values().collect();
        // Kept until they are freed one by one: a kill in the middle of freeing must not forget the rest.
        let held: BTreeMap<_, _> = left
            .iter()
            .map(|held| (key(&held.queue, &held.id), held.clone()))
            .collect();
        let mut state = State {
            path: Some(path),
            file: None,
            held,
            lines: 0,
        };
        state.write_anew()?;
        Ok((Self(Arc::new(Mutex::new(state))), left))
    }

    /// A message was received, or its receipt changed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn hold(&self, held: Held) -> std::io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.append(&Line::Held(held.clone()))?;
        state.held.insert(key(&held.queue, &held.id), held);
        Ok(())
    }

    /// A message was deleted, released or moved away.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn free(&self, queue: &str, id: &str) -> std::io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(queue, id);
        if state.held.remove(&key).is_some() {
            state.append(&Line::Freed(key))?;
        }
        if state.lines > state.held.len() + SLACK {
            state.write_anew()
        } else {
            Ok(())
        }
    }
}

impl State {
    fn append(&mut self, line: &Line) -> std::io::Result<()> {
        if let Some(file) = &mut self.file {
            let mut text = serde_json::to_vec(line)?;
            text.push(b'\n');
            file.write_all(&text)?;
            self.lines += 1;
        }
        Ok(())
    }

    fn write_anew(&mut self) -> std::io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let part = path.with_extension("part");
        let mut text = Vec::new();
        for held in self.held.values() {
            serde_json::to_writer(&mut text, &Line::Held(held.clone()))?;
            text.push(b'\n');
        }
        std::fs::write(&part, text)?;
        std::fs::rename(&part, path)?;
        self.file = Some(OpenOptions::new().append(true).open(path)?);
        self.lines = self.held.len();
        Ok(())
    }
}

fn read(path: &Path) -> std::io::Result<BTreeMap<String, Held>> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut held = BTreeMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        // A kill can tear the last line; its message then waits out its lease.
        match serde_json::from_slice(line) {
            Ok(Line::Held(message)) => drop(held.insert(key(&message.queue, &message.id), message)),
            Ok(Line::Freed(key)) => drop(held.remove(&key)),
            Err(_) => {}
        }
    }
    Ok(held)
}

fn key(queue: &str, id: &str) -> String {
    format!("{queue}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: &str, receipt: &str) -> Held {
        let [app, connection, queue] = ["app", "PRIMARY", "work"].map(str::to_owned);
        Held {
            app,
            connection,
            queue,
            id: id.to_owned(),
            pop_receipt: receipt.to_owned(),
        }
    }

    #[test]
    fn what_a_dead_run_held_is_known_with_its_newest_receipt() {
        let folder = tempfile::tempdir().unwrap();
        let (leases, left) = Leases::open(Some(folder.path())).unwrap();
        assert_eq!(left, []);
        for (id, receipt) in [("a", "1"), ("b", "1"), ("a", "2")] {
            leases.hold(held(id, receipt)).unwrap();
        }
        leases.free("work", "b").unwrap();
        drop(leases);
        for _ in 0..2 {
            // Opening alone frees nothing: a second crash must not forget it.
            assert_eq!(Leases::open(Some(folder.path())).unwrap().1, [held("a", "2")]);
        }
    }

    #[test]
    fn the_file_stays_small_however_many_messages_pass() {
        let folder = tempfile::tempdir().unwrap();
        let (leases, _) = Leases::open(Some(folder.path())).unwrap();
        for n in 0..20_000 {
            let id = n.to_string();
            leases.hold(held(&id, "r")).unwrap();
            leases.free("work", &id).unwrap();
        }
        let size = folder.path().join("leases.jsonl").metadata().unwrap().len();
        assert!(size < 1024 * 1024, "{size}");
    }

    #[test]
    fn a_torn_line_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        Leases::open(Some(folder.path()))
            .unwrap()
            .0
            .hold(held("a", "1"))
            .unwrap();
        let path = folder.path().join("leases.jsonl");
        let text = std::fs::read_to_string(&path).unwrap() + "{\"held\":{\"app\":";
        std::fs::write(&path, text).unwrap();
        assert_eq!(Leases::open(Some(folder.path())).unwrap().1.len(), 1);
    }
}
