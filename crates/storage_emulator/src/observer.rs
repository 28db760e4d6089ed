//! What an observer is told about each request.

use jiff::Timestamp;
use serde::Serialize;

use crate::call::Service;
use crate::operation::Operation;

/// One request and what became of it. Requests of a process are told in the order in which they were decided.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StorageEvent {
    /// Counts the emulator's requests from 1.
    pub sequence: u64,
    /// When it was decided, by the emulator's clock.
    pub at: Timestamp,
    /// Which service.
    pub service: Service,
    /// What was asked.
    pub operation: Operation,
    /// The account in the address.
    pub account: String,
    /// The container, for requests about one or about its blobs.
    pub container: Option<String>,
    /// The blob's name.
    pub blob: Option<String>,
    /// The queue, for requests about one or about its messages.
    pub queue: Option<String>,
    /// Messages created, handed out or removed.
    pub message_ids: Vec<String>,
    /// `x-ms-client-request-id`: storage_access sends the invocation id there.
    pub client_request_id: Option<String>,
    /// The [`crate::ProcessLabel`] of the sender.
    pub process: Option<String>,
    /// The status decided; 0 when a fault cut the connection before the operation ran.
    pub status: u16,
    /// `x-ms-error-code`.
    pub error_code: Option<String>,
    /// The fault that met the request, by its name in [`crate::Fault`].
    pub fault: Option<&'static str>,
    /// Whether the sender got the answer (false: connection cut, answer lost, or the process had crashed).
    pub answered: bool,
}

/// Called for each request, in the task that serves it: it must not block.
pub type Observer = std::sync::Arc<dyn Fn(&StorageEvent) + Send + Sync>;
