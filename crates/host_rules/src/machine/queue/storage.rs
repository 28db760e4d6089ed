use jiff::{SignedDuration, Timestamp};

/// Names one call of a listener; a retry of the call keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(super) u64);

/// One request to the queue service. The shell makes a single try: retries are the machine's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageCall {
    /// Does the queue exist?
    GetQueueMetadata {
        /// Queue name.
        queue: String,
    },
    /// Receive.
    GetMessages {
        /// Queue name.
        queue: String,
        /// `numofmessages`.
        count: u32,
        /// `visibilitytimeout`: the lease of the messages.
        visibility: SignedDuration,
    },
    /// Extend the lease or release; the body stays as it is (the request has an empty one).
    UpdateMessage {
        /// Queue name.
        queue: String,
        /// Message id.
        id: String,
        /// The newest pop receipt.
        pop_receipt: String,
        /// `visibilitytimeout`.
        visibility: SignedDuration,
    },
    /// Delete for good.
    DeleteMessage {
        /// Queue name.
        queue: String,
        /// Message id.
        id: String,
        /// The newest pop receipt.
        pop_receipt: String,
    },
    /// Send, with the service's default time to live.
    PutMessage {
        /// Queue name.
        queue: String,
        /// The text on the wire.
        text: String,
    },
    /// Create, without metadata.
    CreateQueue {
        /// Queue name.
        queue: String,
    },
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum StorageAnswer {
    /// Success of a call that returns nothing needed here.
    Done,
    /// Success of `GetMessages`.
    Messages(Vec<ReceivedMessage>),
    /// Success of `UpdateMessage`.
    Updated {
        /// The receipt that replaces the old one.
        pop_receipt: String,
    },
    /// No success.
    Failed(StorageFailure),
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageFailure {
    /// The service answered with an error.
    #[error("storage answered {status} {code}")]
    Status {
        /// HTTP status.
        status: u16,
        /// The service's error code, empty when it gave none.
        code: String,
    },
    /// No answer: refused, reset, cut off.
    #[error("storage cannot be reached: {0}")]
    Unreachable(String),
}

/// A message as `GetMessages` returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Message id.
    pub id: String,
    /// Pop receipt of this receive.
    pub pop_receipt: String,
    /// Receives so far, this one included.
    pub dequeue_count: i64,
    /// When it was sent.
    pub inserted: Timestamp,
    /// When it expires; `None` for never.
    pub expires: Option<Timestamp>,
    /// When it becomes visible again.
    pub next_visible: Timestamp,
    /// The text on the wire, before decoding.
    pub text: String,
}

impl StorageFailure {
    /// Whether the storage client tries again by itself.
    pub(super) fn is_retried(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        }
    }

    fn has(&self, expected_status: u16, codes: &[&str]) -> bool {
        matches!(self, Self::Status { status, code } if *status == expected_status && codes.contains(&code.as_str()))
    }

    pub(super) fn is_queue_missing(&self) -> bool {
        self.has(404, &["QueueNotFound"])
    }

    /// Failures of polling after which the listener just waits: no queue, being deleted, or the service's own fault.
    pub(super) fn is_waited_out(&self) -> bool {
        self.is_queue_missing()
            || self.has(409, &["QueueBeingDeleted", "QueueDisabled"])
            || matches!(self, Self::Status { status, .. } if (500..600).contains(status))
    }

    /// The message is gone or belongs to someone else: nothing left to do for it.
    pub(super) fn is_message_lost(&self) -> bool {
        self.has(404, &["MessageNotFound", "QueueNotFound"])
            || self.has(400, &["PopReceiptMismatch"])
            || self.has(409, &["QueueBeingDeleted", "QueueDisabled"])
    }
}
