//! Poison messages on their way back.

use std::time::Duration;

use functions_protocol::poison::Envelope;
use storage_access::{MessageEncoding, Queue, Received, SendOptions};

use super::{HOLD, QueueError, QueueName, SHOWN, SUFFIX, app, bytes, delete, encoding, open, take};
use crate::error_chain::chain;
use crate::host::Host;
use crate::topics::Topic;

/// What a replay of a whole queue did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Messages that are back where they came from.
    pub put_back: u64,
    /// Messages that are still in the poison queue: their ids, and why.
    pub failed: Vec<(String, String)>,
}

/// A poison queue and where its messages came from.
struct Way {
    poison: Queue,
    origin: Queue,
    encoding: MessageEncoding,
}

/// Puts a poison message back into the queue that it came from, with the bytes that it had there, and then deletes it.
/// A crash in between leaves both: delivered twice rather than lost.
///
/// # Errors
/// The message is gone or storage refuses.
pub async fn replay(host: &Host, name: &QueueName, id: &str) -> Result<(), QueueError> {
    let way = Way::of(host, name)?;
    let message = take(&way.poison, id).await?;
    way.put_back(&message).await?;
    way.tell(host);
    Ok(())
}

/// Puts all messages back that the queue holds now; those that come back at once by failing again are left for the next
/// time. One that cannot be put back does not keep the others.
///
/// # Errors
/// The queue cannot be read.
pub async fn replay_all(host: &Host, name: &QueueName) -> Result<Replayed, QueueError> {
    let way = Way::of(host, name)?;
    let failed = |source| QueueError::Storage {
        queue: name.queue.clone(),
        source,
    };
    let mut left = way.poison.approximate_count().await.map_err(failed)?;
    let (mut replayed, mut kept) = (Replayed::default(), Vec::new());
    while left > 0 {
        let most = u8::try_from(left).unwrap_or(SHOWN).min(SHOWN);
        let page = match way.poison.receive(most, HOLD).await {
            Ok(page) => page,
            // What was done is worth telling.
            Err(error) if replayed != Replayed::default() => {
                replayed.failed.push(("the others".to_owned(), chain(&error)));
                break;
            }
            Err(error) => return Err(failed(error)),
        };
        if page.is_empty() {
            break;
        }
        for message in page {
            left = left.saturating_sub(1);
            match way.put_back(&message).await {
                Ok(()) => replayed.put_back += 1,
                Err(error) => {
                    replayed.failed.push((message.id.clone(), chain(&error)));
                    kept.push(message);
                }
            }
        }
    }
    for message in kept {
        // One that cannot be shown at once comes back by itself after the hold.
        let _ = way
            .poison
            .update(&message.id, &message.pop_receipt, Duration::ZERO, None)
            .await;
    }
    way.tell(host);
    Ok(replayed)
}

impl Way {
    fn of(host: &Host, name: &QueueName) -> Result<Self, QueueError> {
        let origin = name
            .queue
            .strip_suffix(SUFFIX)
            .ok_or_else(|| QueueError::NotPoison(name.queue.clone()))?;
        let encoding = encoding(&app(host, name)?.host.extensions.queues.message_encoding());
        let target = QueueName {
            queue: origin.to_owned(),
            ..name.clone()
        };
        Ok(Self {
            poison: open(host, name)?.with_encoding(encoding),
            origin: open(host, &target)?,
            encoding,
        })
    }

    async fn put_back(&self, message: &Received) -> Result<(), QueueError> {
        let envelope = message
            .body
            .as_ref()
            .ok()
            .and_then(|body| Envelope::decode(std::str::from_utf8(body).ok()?));
        let sent = match envelope {
            Some(envelope) => {
                let origin = self.origin.clone().with_encoding(self.encoding);
                origin.send(&bytes(envelope.body), SendOptions::default()).await
            }
            // The text as it stands: what could not be decoded goes back as it was.
            None => self.origin.send(message.raw.as_bytes(), SendOptions::default()).await,
        };
        sent.map_err(|source| QueueError::Storage {
            queue: self.origin.name().to_owned(),
            source,
        })?;
        delete(&self.poison, message).await
    }

    /// Listeners would notice at their next poll; a person who pressed a button does not want to wait for it.
    fn tell(&self, host: &Host) {
        host.topics.changed(Topic::Queues);
        let _ = host.poison_notices.send(self.origin.name().to_owned());
    }
}
