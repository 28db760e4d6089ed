//! Queue and blob outputs, written after a run.

use bytes::Bytes;
use functions_protocol::MessageEncoding;
use functions_protocol::function_json::{Binding, BindingKind};
use host_rules::wire::{BoundOutput, Delivered};
use storage_access::{Access, BlobHeaders, Condition, ConnectionError, Queue, SendOptions, Storage, StorageError};

use super::{NameError, Names};
use crate::app::Function;
use crate::host::{Host, RunningApp};
use crate::journal::{Content, MessageReference, Output, Record, Sent};
use crate::storage::Use;
use crate::topics::Topic;

/// An output that cannot be written: the run fails. What was written before it stays.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Its queue name or path has a name without a value.
    #[error("output {binding}")]
    Name {
        /// The binding.
        binding: String,
        /// What is missing.
        source: NameError,
    },
    /// Its path names no blob.
    #[error("output {binding}: {path:?} is not of the form container/blob")]
    NoBlob {
        /// The binding.
        binding: String,
        /// The path.
        path: String,
    },
    /// Its connection cannot be used.
    #[error("output {binding}")]
    Connection {
        /// The binding.
        binding: String,
        /// Why not.
        source: ConnectionError,
    },
    /// Storage does not take it.
    #[error("output {binding}")]
    Write {
        /// The binding.
        binding: String,
        /// Why not.
        source: StorageError,
    },
}

/// Where one invocation writes.
struct Target<'a> {
    host: &'a Host,
    app: &'a RunningApp,
    invocation: &'a str,
    names: &'a Names,
    binding: &'a Binding,
}

/// Writes what the output bindings received, in order, and tells what was written in `written`.
///
/// # Errors
/// An output cannot be written.
pub async fn write_outputs(
    host: &Host,
    app: &RunningApp,
    function: &Function,
    invocation: &str,
    names: &Names,
    outputs: &[BoundOutput],
    written: &mut Vec<Output>,
) -> Result<(), OutputError> {
    for output in outputs {
        let Some(binding) = function.outputs().find(|binding| binding.name == output.binding) else {
            continue;
        };
        let target = Target {
            host,
            app,
            invocation,
            names,
            binding,
        };
        match (&binding.kind, &output.delivered) {
            (BindingKind::QueueOutput { queue_name, .. }, Delivered::Messages(messages)) => {
                target.queue(queue_name, messages, written).await?;
            }
            (BindingKind::BlobOutput { path, .. }, Delivered::Stream(bytes)) => {
                target.blob(path, bytes, written).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Target<'_> {
    async fn queue(&self, name: &str, messages: &[Vec<u8>], written: &mut Vec<Output>) -> Result<(), OutputError> {
        let name = self.name(name)?.to_ascii_lowercase();
        let encoding = match self.app.app.host.extensions.queues.message_encoding() {
            MessageEncoding::Base64 => storage_access::MessageEncoding::Base64,
            MessageEncoding::None => storage_access::MessageEncoding::None,
        };
        let queue = self.storage()?.queue(&name).with_encoding(encoding);
        for message in messages {
            let id = send(&queue, message).await.map_err(|source| self.write_error(source))?;
            let reference = MessageReference {
                queue: name.clone(),
                id: id.clone(),
            };
            // The emulator's observer has mostly told it already; other stores have no observer.
            if self.host.journal.look(|ring| ring.sender(&id).is_none()) {
                self.host.journal.append(Record::Sent(Sent {
                    id: self.invocation.to_owned(),
                    message: reference,
                }));
            }
            written.push(Output {
                binding: self.binding.name.clone(),
                to: "queue".to_owned(),
                target: name.clone(),
                message: Some(id),
                content: Content::keep(message, &self.host.redactor),
            });
        }
        if !messages.is_empty() {
            self.host.topics.changed(Topic::Queues);
        }
        Ok(())
    }

    async fn blob(&self, path: &str, bytes: &[u8], written: &mut Vec<Output>) -> Result<(), OutputError> {
        let path = self.name(path)?;
        let Some((container, blob)) = path.split_once('/') else {
            return Err(OutputError::NoBlob {
                binding: self.binding.name.clone(),
                path,
            });
        };
        let container = self.storage()?.container(container);
        let document = container.document(blob);
        // The host overwrites, and names no content type.
        let put = || document.put(Bytes::copy_from_slice(bytes), Condition::Always, BlobHeaders::default());
        match put().await {
            Err(error) if error.is_not_found() => {
                container
                    .create_if_absent(Access::Private)
                    .await
                    .map_err(|source| self.write_error(source))?;
                put().await.map(drop)
            }
            outcome => outcome.map(drop),
        }
        .map_err(|source| self.write_error(source))?;
        written.push(Output {
            binding: self.binding.name.clone(),
            to: "blob".to_owned(),
            target: path,
            message: None,
            content: Content::keep(bytes, &self.host.redactor),
        });
        Ok(())
    }

    fn name(&self, text: &str) -> Result<String, OutputError> {
        self.names.fill(text).map_err(|source| OutputError::Name {
            binding: self.binding.name.clone(),
            source,
        })
    }

    fn storage(&self) -> Result<Storage, OutputError> {
        let connection = self.binding.kind.connection().unwrap_or("AzureWebJobsStorage");
        self.host
            .connections
            .storage(&self.app.app.settings, connection, Use::Bindings)
            .map(|storage| storage.for_invocation(self.invocation))
            .map_err(|source| OutputError::Connection {
                binding: self.binding.name.clone(),
                source,
            })
    }

    fn write_error(&self, source: StorageError) -> OutputError {
        OutputError::Write {
            binding: self.binding.name.clone(),
            source,
        }
    }
}

/// PutMessage; on a missing queue CreateQueue and PutMessage again, as the host does.
async fn send(queue: &Queue, message: &[u8]) -> Result<String, StorageError> {
    match queue.send(message, SendOptions::default()).await {
        Err(error) if error.code() == Some("QueueNotFound") => {
            queue.create_if_absent().await?;
            queue.send(message, SendOptions::default()).await.map(|sent| sent.id)
        }
        outcome => outcome.map(|sent| sent.id),
    }
}
