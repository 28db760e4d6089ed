//! The queues that the apps use: counts, messages, replay of poison messages.

mod replay;

use std::time::Duration;

use functions_protocol::MessageEncoding;
use functions_protocol::function_json::BindingKind;
use functions_protocol::poison::{Body, Envelope};
use jiff::Timestamp;
use storage_access::{ConnectionError, Queue, Received, StorageError};

use crate::app::App;
use crate::host::Host;
use crate::journal::Content;
use crate::storage::{Use, calls};
use crate::topics::Topic;

pub use replay::{Replayed, replay, replay_all};

/// A queue, named by an app that uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueName {
    /// The app.
    pub app: String,
    /// The connection setting.
    pub connection: String,
    /// The queue.
    pub queue: String,
}

/// A queue as a page shows it.
#[derive(Clone, Debug)]
pub struct QueueState {
    /// Which.
    pub name: QueueName,
    /// Messages, visible or not; an error in words; none when it does not exist yet.
    pub count: Result<Option<u64>, String>,
    /// Functions that it triggers, as app/function.
    pub readers: Vec<String>,
    /// Functions that write to it.
    pub writers: Vec<String>,
}

/// A visible message.
#[derive(Clone, Debug)]
pub struct PeekedMessage {
    /// Message id.
    pub id: String,
    /// Receives so far.
    pub dequeue_count: u32,
    /// When it was put.
    pub inserted: Option<Timestamp>,
    /// What it says, out of its poison envelope if it is in one.
    pub content: Content,
    /// The reason in its envelope.
    pub reason: Option<String>,
    /// The id that it had before it was put aside, from its envelope.
    pub original: Option<String>,
}

/// Something cannot be done with a queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// No app of that name.
    #[error("there is no app {0:?}")]
    UnknownApp(String),
    /// The connection cannot be used.
    #[error("connection {connection}")]
    Connection {
        /// The connection setting.
        connection: String,
        /// Why not.
        source: ConnectionError,
    },
    /// Storage refuses.
    #[error("queue {queue}")]
    Storage {
        /// The queue.
        queue: String,
        /// Why not.
        source: StorageError,
    },
    /// The queue is no poison queue.
    #[error("{0} is no poison queue: its name does not end in -poison")]
    NotPoison(String),
    /// The message is not there (any more), or hidden at the moment.
    #[error("the message is not in {0} any more, or somebody holds it at the moment")]
    Gone(String),
    /// The message's text cannot be taken over.
    #[error("the message cannot be put back: it is not text in the queue's encoding")]
    Undecodable,
}

/// Messages that a page shows of one queue.
pub const SHOWN: u8 = Queue::PAGE;
/// How long a message is hidden while it is put back or dropped.
const HOLD: Duration = Duration::from_secs(30);
const SUFFIX: &str = "-poison";

/// Every queue of the apps, poison queues included, by name.
pub async fn all(host: &Host) -> Vec<QueueState> {
    let mut states: Vec<QueueState> = Vec::new();
    let mut accounts: Vec<String> = Vec::new();
    for app in &host.apps {
        let app = &app.app;
        for function in &app.functions {
            for binding in &function.bindings {
                let (queue, reads) = match &binding.kind {
                    BindingKind::QueueTrigger { queue_name, .. } => (queue_name, true),
                    BindingKind::QueueOutput { queue_name, .. } if !queue_name.contains('{') => (queue_name, false),
                    _ => continue,
                };
                let queue = queue.to_ascii_lowercase();
                let connection = binding.kind.connection().unwrap_or("AzureWebJobsStorage");
                let account = host.connections.account(&app.settings, connection);
                let known = states
                    .iter()
                    .zip(&accounts)
                    .position(|(state, known)| state.name.queue == queue && *known == account);
                let index = known.unwrap_or_else(|| {
                    let name = QueueName {
                        app: app.name.clone(),
                        connection: connection.to_owned(),
                        queue: queue.clone(),
                    };
                    states.push(QueueState {
                        name,
                        count: Ok(None),
                        readers: Vec::new(),
                        writers: Vec::new(),
                    });
                    accounts.push(account.clone());
                    states.len() - 1
                });
                let who = format!("{}/{}", app.name, function.name);
                let list = if reads {
                    &mut states[index].readers
                } else {
                    &mut states[index].writers
                };
                if !list.contains(&who) {
                    list.push(who);
                }
            }
        }
    }
    add_poison_queues(&mut states);
    for state in &mut states {
        state.count = count(host, &state.name).await;
    }
    states.sort_by(|one, other| one.name.queue.cmp(&other.name.queue));
    states
}

fn add_poison_queues(states: &mut Vec<QueueState>) {
    let read: Vec<QueueName> = states
        .iter()
        .filter(|state| !state.readers.is_empty())
        .map(|state| state.name.clone())
        .collect();
    for name in read.into_iter().filter(|name| !name.queue.ends_with(SUFFIX)) {
        let queue = format!("{}{SUFFIX}", name.queue);
        if !states.iter().any(|state| state.name.queue == queue) {
            let name = QueueName { queue, ..name };
            states.push(QueueState {
                name,
                count: Ok(None),
                readers: Vec::new(),
                writers: Vec::new(),
            });
        }
    }
}

async fn count(host: &Host, name: &QueueName) -> Result<Option<u64>, String> {
    let queue = open(host, name).map_err(|error| crate::error_chain::chain(&error))?;
    match queue.approximate_count().await {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(crate::error_chain::chain(&error)),
    }
}

/// The first visible messages of a queue; none when it does not exist.
///
/// # Errors
/// The queue cannot be read.
pub async fn peek(host: &Host, name: &QueueName) -> Result<Vec<PeekedMessage>, QueueError> {
    let queue = open(host, name)?.with_encoding(encoding(&app(host, name)?.host.extensions.queues.message_encoding()));
    let messages = match queue.peek(SHOWN).await {
        Ok(messages) => messages,
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        Err(source) => {
            return Err(QueueError::Storage {
                queue: name.queue.clone(),
                source,
            });
        }
    };
    let shown = messages.into_iter().map(|message| {
        let body = message.body.unwrap_or_else(|_| message.raw.into_bytes());
        let envelope = std::str::from_utf8(&body).ok().and_then(Envelope::decode);
        let (content, reason, original) = match envelope {
            Some(envelope) => (bytes(envelope.body), Some(envelope.reason), envelope.id),
            None => (body, None, None),
        };
        PeekedMessage {
            id: message.id,
            dequeue_count: message.dequeue_count,
            inserted: message.inserted,
            content: Content::keep(&content, &host.redactor),
            reason: reason.map(|reason| host.redactor.redact(&reason).into_owned()),
            original,
        }
    });
    Ok(shown.collect())
}

/// Deletes a message for good.
///
/// # Errors
/// The message is gone or storage refuses.
pub async fn remove(host: &Host, name: &QueueName, id: &str) -> Result<(), QueueError> {
    let queue = open(host, name)?;
    let message = take(&queue, id).await?;
    delete(&queue, &message).await?;
    host.topics.changed(Topic::Queues);
    Ok(())
}

/// Receives pages until the message is among them; the others are shown again at once.
async fn take(queue: &Queue, id: &str) -> Result<Received, QueueError> {
    let failed = |source| QueueError::Storage {
        queue: queue.name().to_owned(),
        source,
    };
    let mut others = Vec::new();
    let mut found = None;
    while found.is_none() {
        let page = queue.receive(SHOWN, HOLD).await.map_err(failed)?;
        if page.is_empty() {
            break;
        }
        for message in page {
            if message.id == id {
                found = Some(message);
            } else {
                others.push(message);
            }
        }
    }
    for other in others {
        // One that cannot be shown at once comes back by itself after the hold.
        let _ = queue.update(&other.id, &other.pop_receipt, Duration::ZERO, None).await;
    }
    found.ok_or_else(|| QueueError::Gone(queue.name().to_owned()))
}

async fn delete(queue: &Queue, message: &Received) -> Result<(), QueueError> {
    let deleted = queue.delete(&message.id, &message.pop_receipt).await;
    deleted.map_err(|source| QueueError::Storage {
        queue: queue.name().to_owned(),
        source,
    })
}

fn app<'a>(host: &'a Host, name: &QueueName) -> Result<&'a App, QueueError> {
    host.app(&name.app)
        .map(|app| &app.app)
        .ok_or_else(|| QueueError::UnknownApp(name.app.clone()))
}

/// The queue with texts as they stand on the wire.
fn open(host: &Host, name: &QueueName) -> Result<Queue, QueueError> {
    let storage = host
        .connections
        .storage(&app(host, name)?.settings, &name.connection, Use::Bindings);
    let storage = storage.map_err(|source| QueueError::Connection {
        connection: name.connection.clone(),
        source,
    })?;
    Ok(calls::raw(&storage, &name.queue))
}

fn encoding(written: &MessageEncoding) -> storage_access::MessageEncoding {
    match written {
        MessageEncoding::Base64 => storage_access::MessageEncoding::Base64,
        MessageEncoding::None => storage_access::MessageEncoding::None,
    }
}

fn bytes(body: Body) -> Vec<u8> {
    match body {
        Body::Text(text) => text.into_bytes(),
        Body::Bytes(bytes) => bytes,
    }
}
