//! The JSON lines of a development host, waited for.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::Value;

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Lines {
    coming: Receiver<Value>,
    seen: Vec<Value>,
}

/// Where a started development host is reached.
pub(crate) struct Started {
    pub(crate) dashboard: String,
    pub(crate) front: String,
    pub(crate) website: Option<String>,
}

impl Lines {
    pub(crate) fn new(coming: Receiver<Value>) -> Self {
        Self {
            coming,
            seen: Vec::new(),
        }
    }

    /// Waits until all apps are ready or down.
    pub(crate) fn started(&mut self) -> Started {
        // The last line before that on which apps are ready.
        self.wait(1, "storage: ");
        let after = |part: &str| self.texts().find_map(|text| text.strip_prefix(part)).map(address);
        Started {
            dashboard: after("dashboard: ").unwrap(),
            front: after("feed http ").unwrap(),
            website: after("website: "),
        }
    }

    /// Waits until `count` lines since the start contain `part`, and gives the last of them.
    pub(crate) fn wait(&mut self, count: usize, part: &str) -> String {
        loop {
            let found: Vec<&str> = self.texts().filter(|text| text.contains(part)).collect();
            if found.len() >= count {
                return found[found.len() - 1].to_owned();
            }
            match self.coming.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(_) => panic!("no {count} lines with {part:?} among: {:#?}", self.seen),
            }
        }
    }

    /// Whether a line that was read so far contains `part`.
    pub(crate) fn have(&self, part: &str) -> bool {
        self.texts().any(|text| text.contains(part))
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.seen.iter().filter_map(|line| line["text"].as_str())
    }
}

/// `127.0.0.1:<port>` of the first URL in a text.
fn address(text: &str) -> String {
    let url = &text[text.find("http://").unwrap() + "http://".len()..];
    let end = url.find(['/', ' ']).unwrap_or(url.len());
    url[..end].replace("localhost", "127.0.0.1")
}
