//! Queues and their messages.

use std::time::Duration;

use azure_core::http::headers::HeaderName;
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::{
    QueueClientClearOptions, QueueClientCreateOptions, QueueClientDeleteMessageOptions,
    QueueClientGetPropertiesOptions, QueueClientGetPropertiesResultHeaders, QueueClientPeekMessagesOptions,
    QueueClientReceiveMessagesOptions, QueueClientSendMessageOptions, QueueClientUpdateMessageOptions, QueueMessage,
};
mod message;

pub use message::{Peeked, Received, SendOptions, Sent, TimeToLive};

use crate::encoding::{MessageEncoding, timestamp};
use crate::error::{Cause, StorageError};
use crate::storage::{Storage, client_or};

const POP_RECEIPT: HeaderName = HeaderName::from_static("x-ms-popreceipt");

/// A storage queue. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Queue {
    storage: Storage,
    name: String,
    encoding: MessageEncoding,
}

impl Queue {
    /// The most messages that one [`Queue::receive`] or [`Queue::peek`] gives.
    pub const PAGE: u8 = 32;
    /// The longest text of a message, in bytes as it stands in the queue (48 KiB of content in base64).
    pub const LONGEST_TEXT: usize = 64 << 10;

    pub(crate) fn new(storage: Storage, name: &str) -> Self {
        Self {
            storage,
            name: name.to_owned(),
            encoding: MessageEncoding::default(),
        }
    }

    /// The queue's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same queue with another encoding of its messages.
    #[must_use]
    pub fn with_encoding(self, encoding: MessageEncoding) -> Self {
        Self { encoding, ..self }
    }

    /// Creates the queue unless it exists.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn create_if_absent(&self) -> Result<(), StorageError> {
        const OPERATION: &str = "create queue";
        let options = QueueClientCreateOptions {
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        // An existing queue without metadata is answered with 204, so there is nothing to tell apart.
        self.client(OPERATION)?
            .create(Some(options))
            .await
            .map_err(|error| self.error(OPERATION, &error))?;
        Ok(())
    }

    /// Puts a message into the queue. A lost answer is tried again and may leave the message there twice.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; [`Cause::Invalid`] for a body longer than [`Queue::LONGEST_TEXT`] allows, 404 for a missing
    /// queue.
    pub async fn send(&self, body: &[u8], options: SendOptions) -> Result<Sent, StorageError> {
        const OPERATION: &str = "send to queue";
        let invalid = |message: String| StorageError::new(OPERATION, &self.name, Cause::Invalid { message });
        let text = self
            .encoding
            .encode(body)
            .map_err(|_| invalid("the message is not UTF-8, and the queue's encoding is none".to_owned()))?;
        if text.len() > Self::LONGEST_TEXT {
            return Err(invalid(format!(
                "the message takes {} bytes in the queue, more than the limit of {}",
                text.len(),
                Self::LONGEST_TEXT
            )));
        }
        let message = QueueMessage {
            message_text: Some(text),
        };
        let content = message.try_into().map_err(|error| self.error(OPERATION, &error))?;
        let options = QueueClientSendMessageOptions {
            message_time_to_live: match options.time_to_live {
                TimeToLive::SevenDays => None,
                TimeToLive::For(time) => Some(seconds(time).max(1)),
                TimeToLive::Unlimited => Some(-1),
            },
            visibility_timeout: (!options.delay.is_zero()).then(|| seconds(options.delay)),
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        let answer = self.client(OPERATION)?.send_message(content, Some(options)).await;
        let sent = answer
            .and_then(|answer| answer.into_model())
            .map_err(|error| self.error(OPERATION, &error))?
            .items
            .and_then(|items| items.into_iter().next());
        match sent.and_then(|sent| {
            Some(Sent {
                id: sent.message_id?,
                pop_receipt: sent.pop_receipt?,
            })
        }) {
            Some(sent) => Ok(sent),
            None => Err(self.unreadable(OPERATION, "it names no message")),
        }
    }

    /// Receives up to `most` messages (at most [`Queue::PAGE`]) and hides them for `visibility` (whole seconds, from one
    /// second to seven days).
    ///
    /// # Errors
    ///
    /// [`StorageError`]; 404 for a missing queue. An answer that was lost leaves its messages hidden until then.
    pub async fn receive(&self, most: u8, visibility: Duration) -> Result<Vec<Received>, StorageError> {
        const OPERATION: &str = "receive from queue";
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(i32::from(most.clamp(1, Self::PAGE))),
            visibility_timeout: Some(seconds(visibility).max(1)),
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        let answer = self.client(OPERATION)?.receive_messages(Some(options)).await;
        let items = answer
            .and_then(|answer| answer.into_model())
            .map_err(|error| self.error(OPERATION, &error))?
            .items
            .unwrap_or_default();
        let received = items.into_iter().map(|item| {
            let raw = item.message_text.unwrap_or_default();
            Some(Received {
                id: item.message_id?,
                pop_receipt: item.pop_receipt?,
                dequeue_count: count(item.dequeue_count),
                inserted: item.insertion_time.and_then(timestamp),
                expires: item.expiration_time.and_then(timestamp),
                next_visible: item.time_next_visible.and_then(timestamp),
                body: self.encoding.decode(&raw),
                raw,
            })
        });
        received
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| self.unreadable(OPERATION, "a message has no id or no pop receipt"))
    }

    /// Looks at up to `most` visible messages (at most [`Queue::PAGE`]) without receiving them.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; 404 for a missing queue.
    pub async fn peek(&self, most: u8) -> Result<Vec<Peeked>, StorageError> {
        const OPERATION: &str = "peek into queue";
        let options = QueueClientPeekMessagesOptions {
            number_of_messages: Some(i32::from(most.clamp(1, Self::PAGE))),
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        let answer = self.client(OPERATION)?.peek_messages(Some(options)).await;
        let items = answer
            .and_then(|answer| answer.into_model())
            .map_err(|error| self.error(OPERATION, &error))?
            .items
            .unwrap_or_default();
        let peeked = items.into_iter().map(|item| {
            let raw = item.message_text.unwrap_or_default();
            Some(Peeked {
                id: item.message_id?,
                dequeue_count: count(item.dequeue_count),
                inserted: item.insertion_time.and_then(timestamp),
                expires: item.expiration_time.and_then(timestamp),
                body: self.encoding.decode(&raw),
                raw,
            })
        });
        peeked
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| self.unreadable(OPERATION, "a message has no id"))
    }

    /// Hides a received message for `visibility` from now (zero shows it at once) and, with `body`, replaces its
    /// content. Gives the new pop receipt; the old one is void.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; 404 or `PopReceiptMismatch` when another receiver has the message or it is gone.
    pub async fn update(
        &self,
        id: &str,
        pop_receipt: &str,
        visibility: Duration,
        body: Option<&[u8]>,
    ) -> Result<String, StorageError> {
        const OPERATION: &str = "update message of queue";
        let queue_message = match body {
            None => None,
            Some(body) => {
                let text = self.encoding.encode(body).map_err(|error| {
                    StorageError::new(
                        OPERATION,
                        &self.name,
                        Cause::Invalid {
                            message: error.to_string(),
                        },
                    )
                })?;
                let message = QueueMessage {
                    message_text: Some(text),
                };
                Some(message.try_into().map_err(|error| self.error(OPERATION, &error))?)
            }
        };
        let options = QueueClientUpdateMessageOptions {
            queue_message,
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        let answer = self
            .client(OPERATION)?
            .update_message(id, pop_receipt, seconds(visibility), Some(options))
            .await
            .map_err(|error| self.error(OPERATION, &error))?;
        match answer.headers().get_optional_str(&POP_RECEIPT) {
            Some(receipt) => Ok(receipt.to_owned()),
            None => Err(self.unreadable(OPERATION, "it has no pop receipt")),
        }
    }

    /// Deletes a received message.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; 404 or `PopReceiptMismatch` when another receiver has the message or it is gone, also after a
    /// lost answer of this very delete.
    pub async fn delete(&self, id: &str, pop_receipt: &str) -> Result<(), StorageError> {
        const OPERATION: &str = "delete message of queue";
        let options = QueueClientDeleteMessageOptions {
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        self.client(OPERATION)?
            .delete_message(id, pop_receipt, Some(options))
            .await
            .map_err(|error| self.error(OPERATION, &error))?;
        Ok(())
    }

    /// The number of messages, visible or not; never too low, at times too high.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; 404 for a missing queue.
    pub async fn approximate_count(&self) -> Result<u64, StorageError> {
        const OPERATION: &str = "count messages of queue";
        let options = QueueClientGetPropertiesOptions {
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        let answer = self
            .client(OPERATION)?
            .get_properties(Some(options))
            .await
            .map_err(|error| self.error(OPERATION, &error))?;
        let count = answer
            .approximate_messages_count()
            .map_err(|error| self.error(OPERATION, &error))?;
        match count.and_then(|count| u64::try_from(count).ok()) {
            Some(count) => Ok(count),
            None => Err(self.unreadable(OPERATION, "it has no count")),
        }
    }

    /// Deletes all messages.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; 404 for a missing queue.
    pub async fn clear(&self) -> Result<(), StorageError> {
        const OPERATION: &str = "clear queue";
        let options = QueueClientClearOptions {
            method_options: self.storage.method_options(),
            ..Default::default()
        };
        self.client(OPERATION)?
            .clear(Some(options))
            .await
            .map_err(|error| self.error(OPERATION, &error))?;
        Ok(())
    }

    fn client(&self, operation: &'static str) -> Result<QueueClient, StorageError> {
        let queues = client_or(self.storage.queues(), operation, &self.name)?;
        queues
            .queue_client(&self.name)
            .map_err(|error| self.error(operation, &error))
    }

    fn error(&self, operation: &'static str, error: &azure_core::Error) -> StorageError {
        StorageError::of(operation, &self.name, error)
    }

    fn unreadable(&self, operation: &'static str, message: &str) -> StorageError {
        StorageError::new(
            operation,
            &self.name,
            Cause::Unreadable {
                message: message.to_owned(),
            },
        )
    }
}

/// Whole seconds, rounded up so that nothing becomes visible early.
fn seconds(duration: Duration) -> i32 {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(whole).unwrap_or(i32::MAX)
}

fn count(dequeue_count: Option<i64>) -> u32 {
    dequeue_count
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or_default()
}
