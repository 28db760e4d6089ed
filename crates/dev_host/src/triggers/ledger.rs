//! What a queue listener writes down beside its work: which messages it holds, and why one went to the poison queue.

use std::collections::HashMap;

use host_rules::machine::queue::{CallId, ReceivedMessage, StorageAnswer, StorageCall, StorageFailure};
use jiff::SignedDuration;
use std::sync::{Arc, Mutex, PoisonError};

use crate::console::Level;
use crate::host::Host;
use crate::invoke::Conclusion;
use crate::journal::{MessageReference, Poisoned, Record};
use crate::storage::Held;
use crate::topics::Topic;

/// The lease of a received message. An update to a shorter time is a release and not a renewal.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// The notes of one listener.
pub(super) struct Ledger {
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
    received: Arc<Mutex<HashMap<String, ReceivedMessage>>>,
}

impl Ledger {
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
        let LeaseNotes { host, received, .. } = &self.leases;
        let message = received.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        let attempts = message.map_or(0, |message| u32::try_from(message.dequeue_count).unwrap_or(u32::MAX));
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
    /// Notes what an answer means for the messages that are held.
    pub(super) fn note(&self, call: &StorageCall, answer: &StorageAnswer) {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        match (call, answer) {
            (_, StorageAnswer::Messages(messages)) => {
                for message in messages {
                    self.hold(&message.id, &message.pop_receipt);
                    received.insert(message.id.clone(), message.clone());
                }
            }
            (StorageCall::UpdateMessage { id, visibility, .. }, StorageAnswer::Updated { pop_receipt }) => {
                if *visibility >= LEASE {
                    self.hold(id, pop_receipt);
                } else {
                    self.free(id);
                    received.remove(id);
                }
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
        let held = Held {
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
