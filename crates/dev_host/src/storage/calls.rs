//! Carries out the queue calls that a listener machine asks for: one try each, text as it stands on the wire.

use std::time::Duration;

use determinism::Clock;
use host_rules::machine::queue::{ReceivedMessage, StorageAnswer, StorageCall, StorageFailure};
use jiff::SignedDuration;
use storage_access::{Cause, MessageEncoding, Queue, Received, SendOptions, Storage, StorageError};

/// What came back, and the id of a message that was put.
#[derive(Debug)]
pub struct Outcome {
    /// For the machine.
    pub answer: StorageAnswer,
    /// The new message of a `PutMessage`.
    pub put: Option<String>,
}

/// Makes the call once.
pub async fn make(storage: &Storage, clock: &Clock, call: StorageCall) -> Outcome {
    let mut put = None;
    let answer = match call {
        StorageCall::GetQueueMetadata { queue } => raw(storage, &queue)
            .approximate_count()
            .await
            .map(|_| StorageAnswer::Done),
        StorageCall::GetMessages {
            queue,
            count,
            visibility,
        } => {
            let most = u8::try_from(count).unwrap_or(Queue::PAGE);
            let received = raw(storage, &queue).receive(most, duration(visibility)).await;
            received.map(|messages| {
                let now = clock.now();
                StorageAnswer::Messages(messages.into_iter().map(|message| message_of(message, now)).collect())
            })
        }
        StorageCall::UpdateMessage {
            queue,
            id,
            pop_receipt,
            visibility,
        } => {
            let updated = raw(storage, &queue)
                .update(&id, &pop_receipt, duration(visibility), None)
                .await;
            updated.map(|pop_receipt| StorageAnswer::Updated { pop_receipt })
        }
        StorageCall::DeleteMessage { queue, id, pop_receipt } => raw(storage, &queue)
            .delete(&id, &pop_receipt)
            .await
            .map(|()| StorageAnswer::Done),
        StorageCall::PutMessage { queue, text } => raw(storage, &queue)
            .send(text.as_bytes(), SendOptions::default())
            .await
            .map(|sent| {
                put = Some(sent.id);
                StorageAnswer::Done
            }),
        StorageCall::CreateQueue { queue } => raw(storage, &queue)
            .create_if_absent()
            .await
            .map(|()| StorageAnswer::Done),
    };
    Outcome {
        answer: answer.unwrap_or_else(|error| StorageAnswer::Failed(failure(&error))),
        put,
    }
}

/// A queue whose texts are passed through: encoding is the machine's business.
pub fn raw(storage: &Storage, queue: &str) -> Queue {
    storage.queue(queue).with_encoding(MessageEncoding::None)
}

fn message_of(message: Received, now: jiff::Timestamp) -> ReceivedMessage {
    ReceivedMessage {
        id: message.id,
        pop_receipt: message.pop_receipt,
        dequeue_count: i64::from(message.dequeue_count),
        inserted: message.inserted.unwrap_or(now),
        expires: message.expires,
        next_visible: message.next_visible.unwrap_or(now),
        text: message.raw,
    }
}

fn failure(error: &StorageError) -> StorageFailure {
    match error.cause() {
        Cause::Refused { status, code, .. } => StorageFailure::Status {
            status: *status,
            code: code.clone().unwrap_or_default(),
        },
        cause => StorageFailure::Unreachable(cause.to_string()),
    }
}

fn duration(duration: SignedDuration) -> Duration {
    duration.unsigned_abs()
}
