//! Taking more results from the queue than the one that started the invocation.

use std::sync::Arc;
use std::time::Duration;

use custom_handler::{Context, PayloadStore};
use futures::future::join_all;
use futures::{StreamExt, stream};
use scan_status::queues::RESULTS;
use storage_access::{ClaimStore, Queue, Received, Storage, StorageError};

mod aside;
mod parse;
mod spare;
mod suspects;

use crate::delivered::Delivered;
use crate::error::DeliveryError;
use crate::functions::DRAIN_TIME;
use crate::settings::Deps;

/// A message that was handed out more often is put aside untried, as the host does it.
pub(crate) const MOST_DELIVERIES: u32 = 5;

/// Long enough for a page to be read, merged and written with many retries. A page whose reader dies comes back after
/// it, so it is also the longest delay that a crash costs.
const VISIBILITY: Duration = Duration::from_secs(120);

/// One write of the documents for everything that came within this time.
const FLUSH_AFTER: Duration = Duration::from_secs(1);

/// Pages asked for at once; each is a request of up to 32 messages.
const PAGES_AT_ONCE: usize = 4;

/// Bounds of what waits for a write, in messages and in bytes of text.
const MOST_WAITING: usize = 4096;
const MOST_WAITING_BYTES: usize = 16 << 20;

const DELETES_AT_ONCE: usize = 64;

/// A message from the queue that reads as a result.
struct Drained {
    received: Received,
    delivered: Delivered,
}

/// Everything that came for one write.
#[derive(Default)]
struct Batch {
    fresh: Vec<Drained>,
    /// Messages that were handed out before: handled after the others are safe, in the order of [`suspects`].
    again: Vec<Drained>,
    /// Messages at their last delivery: see [`spare`].
    last: Vec<Drained>,
    /// Messages that are no results, and why.
    unusable: Vec<(Received, String)>,
    bytes: usize,
}

/// Publishes what the queue holds until it is empty, [`DRAIN_TIME`] has passed or the process is asked to stop.
pub(crate) async fn drain(context: &Context<Deps>, storage: &Storage) -> Result<(), DeliveryError> {
    let started = context.clock().monotonic();
    let queue = storage.queue(RESULTS.name());
    let claims = ClaimStore::new(storage);
    loop {
        let (batch, more) = collect(context, &queue, &claims).await?;
        flush(context, storage, &queue, batch).await?;
        let spent = context.clock().monotonic().saturating_sub(started);
        if !more || spent >= DRAIN_TIME || context.is_cancelled() {
            return Ok(());
        }
    }
}

/// Receives for [`FLUSH_AFTER`] or up to the bounds; false: the queue was empty at the end, or cannot be read any more.
async fn collect(
    context: &Context<Deps>,
    queue: &Queue,
    claims: &dyn PayloadStore,
) -> Result<(Batch, bool), DeliveryError> {
    let started = context.clock().monotonic();
    let mut batch = Batch::default();
    let mut pages = 1;
    loop {
        let Round { received, failure } = receive(queue, pages).await;
        // A queue that fills whole pages has more, and is asked for several at once from then on.
        if received.len() >= usize::from(Queue::PAGE) {
            pages = PAGES_AT_ONCE;
        }
        if let Some(failure) = failure {
            if received.is_empty() && batch.is_empty() {
                return Err(DeliveryError::Drain(failure));
            }
            // What did arrive must not wait until it becomes visible again.
            tracing::warn!(error = &failure as &dyn std::error::Error, "draining stops");
            batch.take(context, received, claims).await;
            return Ok((batch, false));
        }
        if received.is_empty() {
            return Ok((batch, false));
        }
        batch.take(context, received, claims).await;
        let spent = context.clock().monotonic().saturating_sub(started);
        // Nothing may end the process before these are safe.
        let urgent = !batch.last.is_empty();
        let full = batch.len() >= MOST_WAITING || batch.bytes >= MOST_WAITING_BYTES;
        if urgent || full || spent >= FLUSH_AFTER || context.is_cancelled() {
            return Ok((batch, true));
        }
    }
}

/// What some pages brought, and why one of them brought nothing.
struct Round {
    received: Vec<Received>,
    failure: Option<StorageError>,
}

async fn receive(queue: &Queue, pages: usize) -> Round {
    let mut round = Round {
        received: Vec::new(),
        failure: None,
    };
    for page in join_all((0..pages).map(|_| queue.receive(Queue::PAGE, VISIBILITY))).await {
        match page {
            Ok(received) => round.received.extend(received),
            Err(error) => round.failure = Some(error),
        }
    }
    round
}

impl Batch {
    fn len(&self) -> usize {
        self.fresh.len() + self.again.len() + self.last.len() + self.unusable.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    async fn take(&mut self, context: &Context<Deps>, received: Vec<Received>, claims: &dyn PayloadStore) {
        let now = context.now();
        self.bytes += received.iter().map(|message| message.raw.len()).sum::<usize>();
        let (often, rest): (Vec<_>, Vec<_>) = received
            .into_iter()
            .partition(|message| message.dequeue_count > MOST_DELIVERIES);
        for message in often {
            let reason = format!("it was handed out {} times and never finished", message.dequeue_count);
            self.unusable.push((message, reason));
        }
        for (received, read) in parse::all(context, rest, claims).await {
            match read {
                Ok(message) => {
                    let sent_at = received.inserted.unwrap_or(now);
                    let drained = Drained {
                        delivered: Delivered { message, sent_at },
                        received,
                    };
                    let kept = match drained.received.dequeue_count {
                        ..=1 => &mut self.fresh,
                        MOST_DELIVERIES.. => &mut self.last,
                        _ => &mut self.again,
                    };
                    kept.push(drained);
                }
                Err(parse::Unread::Never(reason)) => self.unusable.push((received, reason)),
                // It stays invisible, comes back, and counts its deliveries.
                Err(parse::Unread::Later(reason)) => tracing::warn!(id = received.id, "left for later: {reason}"),
            }
        }
    }
}

/// Finishes a batch: of what is at its last delivery one, and then what is surely harmless first, suspects last.
async fn flush(
    context: &Context<Deps>,
    storage: &Storage,
    queue: &Queue,
    mut batch: Batch,
) -> Result<(), DeliveryError> {
    if let Some(tried) = batch.last.pop() {
        spare::spare(queue, batch.last).await?;
        finish(context, storage, queue, vec![tried]).await?;
    }
    finish(context, storage, queue, batch.fresh).await?;
    for (message, reason) in batch.unusable {
        set_aside(storage, queue, message, &reason).await?;
    }
    for group in suspects::groups(batch.again, |drained| {
        (&drained.received.id, drained.received.dequeue_count)
    }) {
        finish(context, storage, queue, group).await?;
    }
    Ok(())
}

/// Stores and publishes a group, then acknowledges it: whoever dies at the next group leaves none of this one in the
/// queue, where its deliveries would go on counting.
async fn finish(
    context: &Context<Deps>,
    storage: &Storage,
    queue: &Queue,
    group: Vec<Drained>,
) -> Result<(), DeliveryError> {
    if group.is_empty() {
        return Ok(());
    }
    let (received, delivered): (Vec<_>, Vec<_>) = group
        .into_iter()
        .map(|drained| (drained.received, drained.delivered))
        .unzip();
    let rejected = context
        .deps()
        .desk
        .deliver(context, storage, Arc::new(delivered))
        .await?;
    let mut finished = Vec::with_capacity(received.len());
    let mut unusable = Vec::new();
    for (message, rejected) in received.into_iter().zip(rejected) {
        match rejected {
            None => finished.push(message),
            Some(rejected) => unusable.push((message, rejected.to_string())),
        }
    }
    delete(queue, &finished).await;
    for (message, reason) in unusable {
        set_aside(storage, queue, message, &reason).await?;
    }
    Ok(())
}

async fn set_aside(storage: &Storage, queue: &Queue, message: Received, reason: &str) -> Result<(), DeliveryError> {
    aside::put(storage, &message, reason).await?;
    delete(queue, &[message]).await;
    Ok(())
}

/// A delete that fails leaves the message, which comes again and changes nothing.
async fn delete(queue: &Queue, messages: &[Received]) {
    stream::iter(messages)
        .for_each_concurrent(DELETES_AT_ONCE, |message| async move {
            if let Err(error) = queue.delete(&message.id, &message.pop_receipt).await {
                tracing::debug!(error = &error as &dyn std::error::Error, id = message.id, "not deleted");
            }
        })
        .await;
}
