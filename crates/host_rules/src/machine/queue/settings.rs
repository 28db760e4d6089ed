use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;

use crate::dotnet::convert_from_base64;

/// `extensions.queues` of host.json, as written there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueOptions {
    /// Messages per receive, 1 to 32; 16 when absent.
    pub batch_size: Option<i64>,
    /// Receive again when no more than this many are in flight.
    pub new_batch_threshold: Option<i64>,
    /// Tries before a message is poison; 5 when absent.
    pub max_dequeue_count: Option<i64>,
    /// How long a failed message stays invisible; none when absent.
    pub visibility_timeout: Option<SignedDuration>,
    /// The longest wait between two polls; one minute when absent.
    pub max_polling_interval: Option<SignedDuration>,
    /// `base64` when absent.
    pub message_encoding: Option<MessageEncoding>,
}

/// How bodies stand in a queue message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageEncoding {
    /// Base64 text of the bytes.
    #[default]
    Base64,
    /// The text itself.
    None,
}

impl MessageEncoding {
    /// The text on the wire for a body.
    pub fn encode(self, body: &[u8]) -> String {
        match self {
            Self::Base64 => STANDARD.encode(body),
            Self::None => String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// The body of a text on the wire; `None` when it is no base64.
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Base64 => convert_from_base64(text),
            Self::None => Some(text.as_bytes().to_vec()),
        }
    }
}

/// Checked settings of the queue extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// Messages per receive.
    pub batch_size: u32,
    /// Receive again when no more than this many are in flight.
    pub new_batch_threshold: u32,
    /// Tries before a message is poison.
    pub max_dequeue_count: i64,
    /// How long a failed message stays invisible.
    pub visibility_timeout: SignedDuration,
    /// The longest wait between two polls.
    pub max_polling_interval: SignedDuration,
    /// How bodies stand in the messages.
    pub message_encoding: MessageEncoding,
}

/// A value that stops the host from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueSettingsError {
    /// `batchSize` outside 1 to 32.
    #[error("extensions.queues.batchSize is {0}; it must be between 1 and 32")]
    BatchSize(i64),
    /// `newBatchThreshold` below 0.
    #[error("extensions.queues.newBatchThreshold is {0}; it must not be negative")]
    NewBatchThreshold(i64),
    /// `maxDequeueCount` below 1.
    #[error("extensions.queues.maxDequeueCount is {0}; it must be at least 1")]
    MaxDequeueCount(i64),
    /// `maxPollingInterval` below 100 ms.
    #[error("extensions.queues.maxPollingInterval is {0:?}; it must be at least 100 ms")]
    MaxPollingInterval(SignedDuration),
}

/// The shortest wait between two polls, also the first one.
pub(super) const MINIMUM_POLLING_INTERVAL: SignedDuration = SignedDuration::from_millis(100);

const DEFAULT_MAX_POLLING_INTERVAL: SignedDuration = SignedDuration::from_mins(1);
const DEVELOPMENT_MAX_POLLING_INTERVAL: SignedDuration = SignedDuration::from_secs(2);

/// `newBatchThreshold` when host.json has none: half a batch per processor (one processor counts on the Consumption plan).
pub fn default_new_batch_threshold(batch_size: u32, processors: u32) -> u32 {
    batch_size / 2 * processors.max(1)
}

impl QueueSettings {
    /// Checks the options as the extension does. `development` is the environment `Development`, which Core Tools set: there
    /// polling waits at most 2 seconds unless host.json names another interval than the default.
    pub fn new(options: &QueueOptions, processors: u32, development: bool) -> Result<Self, QueueSettingsError> {
        let batch_size = options.batch_size.unwrap_or(16);
        let batch_size = u32::try_from(batch_size)
            .ok()
            .filter(|size| (1..=32).contains(size))
            .ok_or(QueueSettingsError::BatchSize(batch_size))?;
        let new_batch_threshold = match options.new_batch_threshold {
            Some(given) => u32::try_from(given).map_err(|_| QueueSettingsError::NewBatchThreshold(given))?,
            None => default_new_batch_threshold(batch_size, processors),
        };
        let max_dequeue_count = options.max_dequeue_count.unwrap_or(5);
        if max_dequeue_count < 1 {
            return Err(QueueSettingsError::MaxDequeueCount(max_dequeue_count));
        }
        let mut max_polling_interval = options.max_polling_interval.unwrap_or(DEFAULT_MAX_POLLING_INTERVAL);
        if max_polling_interval < MINIMUM_POLLING_INTERVAL {
            return Err(QueueSettingsError::MaxPollingInterval(max_polling_interval));
        }
        if development && max_polling_interval == DEFAULT_MAX_POLLING_INTERVAL {
            max_polling_interval = DEVELOPMENT_MAX_POLLING_INTERVAL;
        }
        Ok(Self {
            batch_size,
            new_batch_threshold,
            max_dequeue_count,
            visibility_timeout: options.visibility_timeout.unwrap_or(SignedDuration::ZERO),
            max_polling_interval,
            message_encoding: options.message_encoding.unwrap_or_default(),
        })
    }
}
