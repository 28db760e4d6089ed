//! What the Functions host does with the ledger's queue.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use storage_access::{Queue, Received, SendOptions, StorageError};
use work_ledger::{Acknowledgement, Ledger, UnitMessage};

use crate::counting::Counting;
use crate::site::Site;

/// How long the host hides a message that it handed out, when nobody renews it any more.
pub(crate) const VISIBILITY: Duration = Duration::from_secs(60);

/// Deliveries before the host moves a message to the poison queue: more than the protocol's own limits.
const DELIVERIES: u32 = 30;

/// The host's side of the queue.
#[derive(Clone)]
pub(crate) struct Host {
    queue: Queue,
    poison: Queue,
}

impl Host {
    pub(crate) fn new(site: &Site) -> Self {
        Self {
            queue: site.queue(),
            poison: site.poison_queue(),
        }
    }

    pub(crate) async fn prepare(&self) -> Result<(), StorageError> {
        self.queue.create_if_absent().await?;
        self.poison.create_if_absent().await
    }

    /// A message for a worker, if one is visible.
    pub(crate) async fn next(&self) -> Result<Option<Received>, StorageError> {
        Ok(self.queue.receive(1, VISIBILITY).await?.pop())
    }

    /// Sends the same text again, as a queue may.
    pub(crate) async fn double(&self, message: &Received) -> Result<(), StorageError> {
        let text = message.body.as_deref().unwrap_or_default();
        self.queue.send(text, SendOptions::default()).await.map(drop)
    }

    pub(crate) async fn waiting(&self) -> Result<u64, StorageError> {
        self.queue.approximate_count().await
    }

    /// Hands the message to a process, and does as it answers.
    pub(crate) async fn hand_over(&self, ledger: &Ledger, message: &Received) -> Result<(), StorageError> {
        let body = message.body.as_deref().unwrap_or_default();
        let Ok(unit) = serde_json::from_slice::<UnitMessage>(body) else {
            return self.put_aside(message).await;
        };
        let never = futures::future::pending().boxed();
        let answer = ledger
            .deliver(
                unit,
                message.id.clone(),
                message.dequeue_count,
                Arc::new(Counting),
                never,
            )
            .await;
        match answer {
            Ok(Acknowledgement::Delete) => self.delete(message).await,
            Ok(Acknowledgement::DeliverAgain) | Err(_) if message.dequeue_count >= DELIVERIES => {
                self.put_aside(message).await
            }
            Ok(Acknowledgement::DeliverAgain) | Err(_) => self.release(message).await,
        }
    }

    /// A receipt that is no longer good: somebody else has the message by now.
    async fn delete(&self, message: &Received) -> Result<(), StorageError> {
        ignore_gone(self.queue.delete(&message.id, &message.pop_receipt).await.map(drop))
    }

    async fn release(&self, message: &Received) -> Result<(), StorageError> {
        ignore_gone(
            self.queue
                .update(&message.id, &message.pop_receipt, Duration::ZERO, None)
                .await
                .map(drop),
        )
    }

    async fn put_aside(&self, message: &Received) -> Result<(), StorageError> {
        let text = message.body.as_deref().unwrap_or_default();
        self.poison.send(text, SendOptions::default()).await?;
        self.delete(message).await
    }

    /// Gives messages of the poison queue to the ledger.
    pub(crate) async fn drain_poison(&self, ledger: &Ledger) -> Result<(), StorageError> {
        for message in self.poison.receive(32, VISIBILITY).await? {
            if let Ok(unit) = serde_json::from_slice::<UnitMessage>(message.body.as_deref().unwrap_or_default())
                && ledger.poison(&unit).await.is_err()
            {
                continue;
            }
            ignore_gone(self.poison.delete(&message.id, &message.pop_receipt).await.map(drop))?;
        }
        Ok(())
    }
}

fn ignore_gone(outcome: Result<(), StorageError>) -> Result<(), StorageError> {
    match outcome {
        Err(error) if matches!(error.status(), Some(400 | 404)) => Ok(()),
        outcome => outcome,
    }
}
