//! Queues: messages by id, by the time they become visible, and by the time they expire.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Metadata, SignedIdentifier};

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) info: QueueInfo,
    messages: HashMap<String, Message>,
    /// By visibility, then by order of sending: the front is what a receiver gets first.
    visible: BTreeSet<(Timestamp, u64, String)>,
    expiring: BTreeSet<(Timestamp, String)>,
}

/// All about a queue but its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueueInfo {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metadata: Metadata,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) identifiers: Vec<SignedIdentifier>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) text: String,
    pub(crate) inserted: Timestamp,
    /// `None`: never.
    pub(crate) expires: Option<Timestamp>,
    pub(crate) visible_at: Timestamp,
    pub(crate) dequeued: u32,
    pub(crate) receipt: String,
}

impl Queue {
    pub(crate) fn new(info: QueueInfo) -> Self {
        Self {
            info,
            messages: HashMap::new(),
            visible: BTreeSet::new(),
            expiring: BTreeSet::new(),
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Message> {
        self.messages.get(id)
    }

    /// Messages that have not expired at the last [`Queue::purge`], visible or not.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// All messages, in order of visibility.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.visible.iter().filter_map(|(_, _, id)| self.messages.get(id))
    }

    /// The messages that can be received now, the longest visible first.
    pub(crate) fn receivable(&self, now: Timestamp) -> impl Iterator<Item = &Message> {
        self.messages().take_while(move |message| message.visible_at <= now)
    }

    /// Adds the message or replaces the one with its id.
    pub(crate) fn put(&mut self, message: Message) {
        self.remove(&message.id);
        self.visible
            .insert((message.visible_at, message.number, message.id.clone()));
        if let Some(expires) = message.expires {
            self.expiring.insert((expires, message.id.clone()));
        }
        self.messages.insert(message.id.clone(), message);
    }

    /// Hides a message until `visible_at` under a new receipt.
    pub(crate) fn hide(
        &mut self,
        id: &str,
        visible_at: Timestamp,
        receipt: String,
        dequeued: u32,
        text: Option<String>,
    ) {
        if let Some(message) = self.messages.get_mut(id) {
            let id = match self.visible.take(&(message.visible_at, message.number, id.to_owned())) {
                Some((_, _, id)) => id,
                None => id.to_owned(),
            };
            self.visible.insert((visible_at, message.number, id));
            message.visible_at = visible_at;
            message.receipt = receipt;
            message.dequeued = dequeued;
            if let Some(text) = text {
                message.text = text;
            }
        }
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Message> {
        let message = self.messages.remove(id)?;
        let key = (message.visible_at, message.number, message.id);
        self.visible.remove(&key);
        let (visible_at, number, id) = key;
        let mut message = Message {
            id,
            visible_at,
            number,
            ..message
        };
        if let Some(expires) = message.expires {
            let key = (expires, message.id);
            self.expiring.remove(&key);
            message.id = key.1;
        }
        Some(message)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(std::mem::take(&mut self.info));
    }

    /// Drops what has expired. Needs no record of its own: the same follows from the stored times at any later moment.
    pub(crate) fn purge(&mut self, now: Timestamp) {
        while let Some((expires, id)) = self.expiring.first() {
            if *expires > now {
                break;
            }
            let id = id.clone();
            self.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn message(number: u64, visible: i64, expires: Option<i64>) -> Message {
        Message {
            id: format!("m{number}"),
            number,
            text: String::new(),
            inserted: at(0),
            expires: expires.map(at),
            visible_at: at(visible),
            dequeued: 0,
            receipt: String::new(),
        }
    }

    fn ids(queue: &Queue, second: i64) -> Vec<&str> {
        queue
            .receivable(at(second))
            .map(|message| message.id.as_str())
            .collect()
    }

    #[test]
    fn messages_come_in_order_of_sending_once_they_are_visible() {
        let mut queue = Queue::new(QueueInfo::default());
        queue.put(message(2, 0, None));
        queue.put(message(1, 0, None));
        queue.put(message(3, 10, None));
        assert_eq!(ids(&queue, 9), ["m1", "m2"]);
        queue.hide("m1", at(30), "r".into(), 1, None);
        assert_eq!(ids(&queue, 10), ["m2", "m3"]);
        assert_eq!(ids(&queue, 30), ["m2", "m3", "m1"]);
    }

    #[test]
    fn expired_messages_leave_no_trace() {
        let mut queue = Queue::new(QueueInfo::default());
        queue.put(message(1, 0, Some(5)));
        queue.put(message(2, 0, None));
        queue.purge(at(4));
        assert_eq!(queue.len(), 2);
        queue.purge(at(5));
        assert_eq!((queue.len(), queue.visible.len(), queue.expiring.len()), (1, 1, 0));
    }
}
