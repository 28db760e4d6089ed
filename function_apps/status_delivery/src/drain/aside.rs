//! Putting a drained message aside as the SDK does it with the one that starts an invocation.

use functions_protocol::MessageEncoding;
use functions_protocol::poison::{Body, Envelope, unwrap_text};
use scan_status::queues::RESULTS;
use storage_access::{Queue, Received, SendOptions, Storage, StorageError};

use crate::error::DeliveryError;

/// Sends the message with the reason to the poison queue, creating the queue if it is missing.
pub(super) async fn put(storage: &Storage, message: &Received, reason: &str) -> Result<(), DeliveryError> {
    let queue = storage.queue(&RESULTS.poison_name());
    tracing::error!(id = message.id, queue = queue.name(), "message put aside: {reason}");
    let envelope = Envelope {
        reason: reason.to_owned(),
        id: Some(message.id.clone()),
        body: body(message),
    };
    let sent = match envelope.encode(MessageEncoding::Base64) {
        Ok(text) => send(&queue, text.as_bytes()).await,
        // The host's own poison messages carry no reason either; this one stands in the log.
        Err(_) => {
            let original = message
                .body
                .clone()
                .unwrap_or_else(|_| message.raw.clone().into_bytes());
            send(&queue, &original).await
        }
    };
    sent.map_err(DeliveryError::Aside)
}

/// What stood in the queue; the text inside, if the message was in an envelope already.
fn body(message: &Received) -> Body {
    match &message.body {
        Err(_) => Body::Text(message.raw.clone()),
        Ok(bytes) => match String::from_utf8(bytes.clone()) {
            Ok(text) => Body::Text(unwrap_text(text)),
            Err(error) => Body::Bytes(error.into_bytes()),
        },
    }
}

async fn send(queue: &Queue, body: &[u8]) -> Result<(), StorageError> {
    match queue.send(body, SendOptions::default()).await {
        Err(error) if error.code() == Some("QueueNotFound") => {
            queue.create_if_absent().await?;
            queue.send(body, SendOptions::default()).await.map(drop)
        }
        sent => sent.map(drop),
    }
}
