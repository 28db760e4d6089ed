//! The storage queue listener: polling with back-off, batches, leases, release, poison messages, stop and drain.
//!
//! Behaviour of the queue extension 5.3.4 to 5.3.7 with the retries of the storage client it uses.

mod calls;
mod ending;
mod event;
mod listener;
mod output;
mod settings;
mod storage;

pub use event::{QueueEffect, QueueEvent, RunId, StopKind, TriggerMessage};
pub use listener::QueueListener;
pub use output::{InvalidQueueName, OutputEffect, QueueOutput};
pub use settings::{MessageEncoding, QueueOptions, QueueSettings, QueueSettingsError, default_new_batch_threshold};
pub use storage::{CallId, ReceivedMessage, StorageAnswer, StorageCall, StorageFailure};
