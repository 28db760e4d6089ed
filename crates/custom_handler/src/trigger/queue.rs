//! Queue triggers, and where their unusable messages go.

use std::marker::PhantomData;

use functions_protocol::names::Queue;
use functions_protocol::payload::Payload;
use functions_protocol::poison::{Body, Envelope, unwrap_text};
use functions_protocol::{Answer, Invocation, InvocationError, Message, Output, PayloadStore, QueueMetadata};

use super::sealed::Sealed;
use super::{Edge, PoisonPlace, Trigger, attempt_of_retry_policy};
use crate::claims::Claim;
use crate::declaration::Declaration;
use crate::failure::{Failure, Permanent, QueueFailure, chain, log_retry};
use crate::reply::Reply;

/// Name of the generated output through which unusable messages go to `<queue>-poison`.
pub(crate) const POISON_BINDING: &str = "poison";

/// A claim inside an envelope inside a claim is the deepest that this crate writes; foreign messages may nest further.
const DEEPEST_WRAPPING: usize = 4;

/// Runs a function for each message of a queue.
#[derive(Debug)]
pub struct QueueTrigger<T, Value = Bare> {
    pub(crate) binding: &'static str,
    pub(crate) queue: Queue<T>,
    pub(crate) connection: &'static str,
    value: PhantomData<fn() -> Value>,
}

/// The handler gets the payload alone.
#[derive(Debug)]
pub struct Bare;

/// The handler gets a [`QueueMessage`].
#[derive(Debug)]
pub struct WithMetadata;

/// A payload with what the queue says about its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage<T> {
    /// The decoded message.
    pub payload: T,
    /// Ids, times and dequeue count. All are absent when someone runs the function by hand.
    pub metadata: QueueMetadata,
}

impl<T: Payload + Send + 'static> QueueTrigger<T> {
    pub(crate) fn new(binding: &'static str, queue: Queue<T>) -> Self {
        Self {
            binding,
            queue,
            connection: crate::declaration::DEFAULT_CONNECTION,
            value: PhantomData,
        }
    }

    /// The handler gets a [`QueueMessage`] instead of the bare payload.
    #[must_use]
    pub fn with_metadata(self) -> QueueTrigger<T, WithMetadata> {
        QueueTrigger {
            binding: self.binding,
            queue: self.queue,
            connection: self.connection,
            value: PhantomData,
        }
    }
}

impl<T, Value> QueueTrigger<T, Value> {
    /// The setting that holds the connection to the queue's storage account. Default: `AzureWebJobsStorage`.
    #[must_use]
    pub fn connection(self, setting: &'static str) -> Self {
        Self {
            connection: setting,
            ..self
        }
    }
}

/// What a queue handler gets for a payload `T`.
pub trait QueueValue<T>: Send + Sync + 'static {
    /// The handler's input.
    type Value: Send + 'static;

    #[doc(hidden)]
    fn value(payload: T, invocation: &Invocation<'_>) -> Self::Value;
}

impl<T: Send + 'static> QueueValue<T> for Bare {
    type Value = T;

    fn value(payload: T, _: &Invocation<'_>) -> T {
        payload
    }
}

impl<T: Send + 'static> QueueValue<T> for WithMetadata {
    type Value = QueueMessage<T>;

    fn value(payload: T, invocation: &Invocation<'_>) -> QueueMessage<T> {
        QueueMessage {
            payload,
            metadata: invocation.metadata().queue(),
        }
    }
}

impl<T, Value> Sealed for QueueTrigger<T, Value> {}

impl<T: Payload + Send + 'static, Value: QueueValue<T>> PoisonPlace for QueueTrigger<T, Value> {}

impl<T: Payload + Send + 'static, Value: QueueValue<T>> Trigger for QueueTrigger<T, Value> {
    type Value = Value::Value;
    type Known = Permanent;

    fn declare(&self, declaration: &mut Declaration) {
        declaration.queue_trigger(self.binding, self.queue.name(), self.connection);
    }

    async fn read(&self, at: &Edge<'_>) -> Result<Value::Value, QueueFailure> {
        let text = unwrap_message(at.invocation.text(self.binding)?, at.store).await?;
        let payload = T::decode(&text).map_err(|source| {
            let undecodable = InvocationError::Payload {
                binding: self.binding.to_owned(),
                source,
            };
            Permanent::from(&undecodable)
        })?;
        Ok(Value::value(payload, at.invocation))
    }

    fn attempt(&self, invocation: &Invocation<'_>) -> u32 {
        let count = invocation
            .metadata()
            .text("DequeueCount")
            .and_then(|count| count.parse().ok());
        count.unwrap_or(1).max(attempt_of_retry_policy(invocation))
    }

    async fn settle(&self, failure: QueueFailure, at: &Edge<'_>) -> Reply {
        let permanent = match failure {
            Failure::Retry(error) => return Reply::failure(&log_retry(&*error)),
            Failure::Known(permanent) => permanent,
        };
        match self.envelope(&permanent, at).await {
            Ok(envelope) => {
                tracing::error!(queue = %self.queue.poison_name(), "message put aside: {permanent}");
                Reply::success(&Answer::new().output(POISON_BINDING, envelope))
            }
            // The host's own rule applies then: after its tries it moves the message to the same queue.
            Err(error) => {
                let reason = format!("{permanent}; it could not be put aside: {}", chain(&*error));
                tracing::error!("{reason}");
                Reply::failure(&reason)
            }
        }
    }
}

impl<T, Value> QueueTrigger<T, Value> {
    async fn envelope(&self, permanent: &Permanent, at: &Edge<'_>) -> Result<Output, crate::BoxError> {
        // A message that was replayed from the poison queue must not come back in two envelopes.
        let body = unwrap_text(at.invocation.text(self.binding)?);
        let id = at.invocation.metadata().queue().id;
        let mut envelope = Envelope {
            reason: permanent.reason().to_owned(),
            id,
            body: Body::Text(body),
        };
        let text = match (envelope.encode(at.encoding), at.store) {
            (Ok(text), _) => text,
            (Err(too_large), None) => return Err(too_large.into()),
            (Err(_), Some(store)) => {
                // Only the body moves, so that the reason can still be read in the queue.
                if let Body::Text(body) = envelope.body {
                    envelope.body = Body::Text(Claim::store(store, body).await?);
                }
                envelope.encode(at.encoding)?
            }
        };
        Ok(Output::queue(&[Message::Text(text)], at.encoding)?)
    }
}

/// The message itself, out of the envelopes and claims that may stand for it. A trigger does this by itself; it is for
/// functions that take further messages from a queue on their own.
///
/// # Errors
/// [`Failure::Known`] when a payload is gone or was changed; every other failure may pass.
pub async fn unwrap_message(mut text: String, store: Option<&dyn PayloadStore>) -> Result<String, QueueFailure> {
    for _ in 0..DEEPEST_WRAPPING {
        if let Some(claim) = Claim::read(&text) {
            text = claim.fetch(store).await.map_err(|error| {
                if error.is_permanent() {
                    Failure::Known(Permanent::from(&error))
                } else {
                    Failure::from(error)
                }
            })?;
        } else if Envelope::decode(&text).is_some() {
            text = unwrap_text(text);
        } else {
            break;
        }
    }
    Ok(text)
}
