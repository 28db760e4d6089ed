//! The newest invocations in memory, with what links them: messages and their senders.

use std::collections::{HashMap, VecDeque};

use super::record::{Finished, LogLine, Poisoned, Record, Started};

/// One invocation as far as it is known.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Its beginning.
    pub started: Started,
    /// Its end; none while it runs, or when the development host died first.
    pub finished: Option<Finished>,
    /// Lines that the handler printed for it.
    pub printed: Vec<LogLine>,
}

/// The newest invocations. Bounded: the oldest is forgotten for a new one.
#[derive(Debug)]
pub struct Ring {
    capacity: usize,
    order: VecDeque<String>,
    invocations: HashMap<String, Invocation>,
    /// Message id → the invocation that sent it.
    senders: HashMap<String, String>,
    /// Sender → its messages, so that both go together.
    sent: HashMap<String, Vec<String>>,
    /// Messages put aside, newest last.
    poisoned: VecDeque<Poisoned>,
}

/// Lines kept for one invocation.
const MOST_LINES: usize = 500;
/// Messages remembered for one sender.
const MOST_MESSAGES: usize = 5_000;

impl Ring {
    /// A ring of `capacity` invocations.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            order: VecDeque::new(),
            invocations: HashMap::new(),
            senders: HashMap::new(),
            sent: HashMap::new(),
            poisoned: VecDeque::new(),
        }
    }

    /// Takes a record in.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Started(started) => self.start(started),
            Record::Finished(finished) => {
                for message in finished.outputs.iter().filter_map(|output| output.message.clone()) {
                    self.remember(&finished.id, message);
                }
                if let Some(invocation) = self.invocations.get_mut(&finished.id) {
                    invocation.finished = Some(finished);
                }
            }
            Record::Log(line) => {
                if let Some(invocation) = self.invocations.get_mut(&line.id)
                    && invocation.printed.len() < MOST_LINES
                {
                    invocation.printed.push(line);
                }
            }
            Record::Sent(sent) => self.remember(&sent.id, sent.message.id),
            Record::Poisoned(poisoned) => {
                if self.poisoned.len() == self.capacity {
                    self.poisoned.pop_front();
                }
                self.poisoned.push_back(poisoned);
            }
        }
    }

    /// The invocation with this id.
    pub fn get(&self, id: &str) -> Option<&Invocation> {
        self.invocations.get(id)
    }

    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Invocation> {
        self.order.iter().rev().filter_map(|id| self.invocations.get(id))
    }

    /// The invocation that sent this message.
    pub fn sender(&self, message: &str) -> Option<&str> {
        self.senders.get(message).map(String::as_str)
    }

    /// Why this message of a poison queue is there, when the host put it there.
    pub fn poisoned(&self, message: &str) -> Option<&Poisoned> {
        self.poisoned
            .iter()
            .rev()
            .find(|poisoned| poisoned.message.id == message)
    }

    fn start(&mut self, started: Started) {
        // A retry policy repeats an invocation under its id: the newest try is shown.
        if !self.invocations.contains_key(&started.id) {
            if self.order.len() == self.capacity {
                self.forget_oldest();
            }
            self.order.push_back(started.id.clone());
        }
        let id = started.id.clone();
        self.invocations.insert(
            id,
            Invocation {
                started,
                finished: None,
                printed: Vec::new(),
            },
        );
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front() {
            self.invocations.remove(&oldest);
            for message in self.sent.remove(&oldest).unwrap_or_default() {
                self.senders.remove(&message);
            }
        }
    }

    fn remember(&mut self, sender: &str, message: String) {
        if !self.invocations.contains_key(sender) {
            return;
        }
        let messages = self.sent.entry(sender.to_owned()).or_default();
        if messages.len() < MOST_MESSAGES && !self.senders.contains_key(&message) {
            self.senders.insert(message.clone(), sender.to_owned());
            messages.push(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Content;
    use crate::journal::record::{Outcome, Output, TriggerKind};

    fn started(id: &str) -> Record {
        Record::Started(Started {
            id: id.into(),
            app: "app".into(),
            function: "f".into(),
            trigger: TriggerKind::Queue,
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            attempt: 1,
            parent: None,
            message: None,
            payload: Content::default(),
            request: Content::default(),
        })
    }

    fn finished(id: &str, message: &str) -> Record {
        Record::Finished(Finished {
            id: id.into(),
            at: "2026-11-20T10:00:01Z".parse().unwrap(),
            milliseconds: 1000,
            outcome: Outcome::Succeeded,
            reason: None,
            answer: None,
            outputs: vec![Output {
                binding: "msg".into(),
                to: "queue".into(),
                target: "work".into(),
                message: Some(message.into()),
                content: Content::default(),
            }],
            logs: vec![],
        })
    }

    #[test]
    fn a_message_leads_to_the_invocation_that_sent_it() {
        let mut ring = Ring::new(10);
        ring.apply(started("a"));
        ring.apply(finished("a", "m1"));
        assert_eq!(ring.sender("m1"), Some("a"));
        assert_eq!(ring.get("a").unwrap().finished.as_ref().unwrap().milliseconds, 1000);
    }

    #[test]
    fn the_oldest_is_forgotten_with_its_messages() {
        let mut ring = Ring::new(2);
        for id in ["a", "b", "c"] {
            ring.apply(started(id));
            ring.apply(finished(id, &format!("message of {id}")));
        }
        let newest: Vec<_> = ring.newest().map(|invocation| invocation.started.id.as_str()).collect();
        assert_eq!(newest, ["c", "b"]);
        assert_eq!(ring.sender("message of a"), None);
        assert_eq!(ring.sender("message of b"), Some("b"));
    }
}
