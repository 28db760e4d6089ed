//! What a queue listener writes down beside its work: which messages it holds, and why one went to the poison queue.

use std::collections::HashMap;

use host_rules::machine::queue::{CallId, StorageAnswer, StorageCall, StorageFailure};
use jiff::SignedDuration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::console::Level;
use crate::host::Host;
use crate::invoke::Conclusion;
use crate::journal::{MessageReference, Poisoned, Record};
use crate::storage;
use crate::topics::Topic;

/// The notes of one listener.
pub(super) struct Notes {
    leases: LeaseNotes,
    /// Poison copies that arrived: call → poison message.
    copies: HashMap<CallId, String>,
    /// How the last run of a message ended, until the message is gone.
    failures: HashMap<String, Conclusion>,
}

/// The part that is written while a call is made.
#[derive(Clone)]
pub(super) struct LeaseNotes {
    host: Arc<Host>,
    app: String,
    connection: String,
    queue: String,
    received: Arc<Mutex<HashMap<String, Held>>>,
}

/// A message that was received and is not over.
struct Held {
    pop_receipt: String,
    attempts: u32,
    /// Its run has ended: what is updated now is released, for however long it stays invisible.
    ended: bool,
}

/// What is lost or kept by a call, which is known when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Renewal,
    Other,
}

impl Notes {
    pub(super) fn new(host: &Arc<Host>, app: &str, connection: &str, queue: &str) -> Self {
        let leases = LeaseNotes {
            host: host.clone(),
            app: app.to_owned(),
            connection: connection.to_owned(),
            queue: queue.to_owned(),
            received: Arc::default(),
        };
        Self {
            leases,
            copies: HashMap::new(),
            failures: HashMap::new(),
        }
    }

    pub(super) fn leases(&self) -> LeaseNotes {
        self.leases.clone()
    }

    /// A run ended.
    pub(super) fn ended(&mut self, message: &str, conclusion: Conclusion) {
        self.leases
            .received()
            .entry(message.to_owned())
            .and_modify(|held| held.ended = true);
        match conclusion.failure {
            Some(_) => drop(self.failures.insert(message.to_owned(), conclusion)),
            None => drop(self.failures.remove(message)),
        }
    }

    /// A message was put; only poison copies are.
    pub(super) fn copied(&mut self, call: CallId, message: String) {
        self.copies.insert(call, message);
    }

    /// `call` follows on the answer to `answered`. The delete that follows a copy names the original.
    pub(super) fn follows(&mut self, answered: CallId, call: &StorageCall) {
        let Some(copy) = self.copies.remove(&answered) else {
            return;
        };
        let StorageCall::DeleteMessage { queue, id, .. } = call else {
            return;
        };
        let host = &self.leases.host;
        let attempts = self.leases.received().get(id).map_or(0, |held| held.attempts);
        let failure = self.failures.remove(id);
        let reason = match failure.as_ref().and_then(|conclusion| conclusion.failure.clone()) {
            Some(reason) => reason,
            None if attempts > 1 => "every try before was cut off, the last one by a crash of the host".to_owned(),
            None => "the message is not base64 (see messageEncoding in host.json); the function was not run".to_owned(),
        };
        let message = MessageReference {
            queue: format!("{queue}-poison"),
            id: copy,
        };
        let original = MessageReference {
            queue: queue.clone(),
            id: id.clone(),
        };
        let invocation = failure.map(|conclusion| conclusion.invocation);
        host.journal.append(Record::Poisoned(Poisoned {
            at: host.clock.now(),
            message,
            original,
            attempts,
            invocation,
            reason,
        }));
    }
}

impl LeaseNotes {
    /// What the listener's call means for the message it names.
    pub(super) fn purpose(&self, call: &StorageCall) -> Purpose {
        match call {
            StorageCall::UpdateMessage { id, .. } if self.received().get(id).is_some_and(|held| !held.ended) => {
                Purpose::Renewal
            }
            _ => Purpose::Other,
        }
    }

    /// The call that makes a held message visible at once.
    pub(super) fn release(&self, id: &str) -> Option<StorageCall> {
        Some(StorageCall::UpdateMessage {
            queue: self.queue.clone(),
            id: id.to_owned(),
            pop_receipt: self.received().get(id)?.pop_receipt.clone(),
            visibility: SignedDuration::ZERO,
        })
    }

    /// The messages that are held.
    pub(super) fn held(&self) -> Vec<String> {
        self.received().keys().cloned().collect()
    }

    fn received(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what an answer means for the messages that are held.
    pub(super) fn note(&self, call: &StorageCall, purpose: Purpose, answer: &StorageAnswer) {
        let mut received = self.received();
        match (call, answer) {
            (_, StorageAnswer::Messages(messages)) => {
                for message in messages {
                    self.hold(&message.id, &message.pop_receipt);
                    let held = Held {
                        pop_receipt: message.pop_receipt.clone(),
                        attempts: u32::try_from(message.dequeue_count).unwrap_or(u32::MAX),
                        ended: false,
                    };
                    received.insert(message.id.clone(), held);
                }
            }
            (StorageCall::UpdateMessage { id, .. }, StorageAnswer::Updated { pop_receipt })
                if purpose == Purpose::Renewal =>
            {
                self.hold(id, pop_receipt);
                received
                    .entry(id.clone())
                    .and_modify(|held| held.pop_receipt.clone_from(pop_receipt));
            }
            (StorageCall::DeleteMessage { id, .. }, answer) if is_over(answer) => {
                self.free(id);
                received.remove(id);
            }
            (StorageCall::UpdateMessage { id, .. }, answer) if is_over(answer) => {
                self.free(id);
                received.remove(id);
            }
            _ => return,
        }
        self.host.topics.changed(Topic::Queues);
    }

    fn hold(&self, id: &str, pop_receipt: &str) {
        let held = storage::Held {
            app: self.app.clone(),
            connection: self.connection.clone(),
            queue: self.queue.clone(),
            id: id.to_owned(),
            pop_receipt: pop_receipt.to_owned(),
        };
        self.report(self.host.leases.hold(held));
    }

    fn free(&self, id: &str) {
        self.report(self.host.leases.free(&self.queue, id));
    }

    fn report(&self, outcome: std::io::Result<()>) {
        if let Err(error) = outcome {
            let text =
                format!("cannot write down which messages are held: {error}; a crash would hide them for 10 minutes");
            self.host.console.host(Level::Error, &text);
        }
    }
}

/// Deleted, or no longer this listener's.
fn is_over(answer: &StorageAnswer) -> bool {
    match answer {
        StorageAnswer::Done | StorageAnswer::Updated { .. } => true,
        StorageAnswer::Failed(StorageFailure::Status { status, .. }) => matches!(status, 404 | 400),
        _ => false,
    }
}
