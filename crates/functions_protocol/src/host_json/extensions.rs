//! The `extensions` section: settings of bindings.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Sorted;
use crate::document::{DocumentError, Fields, Warning};
use crate::time_span::TimeSpan;

/// What a queue message may take up in storage, as text.
const QUEUE_TEXT_LIMIT: usize = 65_536;

/// Settings of bindings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extensions {
    /// Storage queues.
    pub queues: QueueSettings,
    /// HTTP.
    pub http: HttpSettings,
    /// Extensions that this crate only passes on.
    pub other: BTreeMap<String, Value>,
}

/// Settings of all queue triggers and queue outputs of an app. A member that is none has the host's default, which the
/// method of the same name gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueSettings {
    /// Messages that one poll takes, all handled in parallel: 1 to 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// The next poll is made when at most this many messages are in work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_batch_threshold: Option<u32>,
    /// Failed runs after which a message is moved to the poison queue: 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_dequeue_count: Option<u32>,
    /// How long a message stays invisible after a failed run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility_timeout: Option<TimeSpan>,
    /// The longest pause between polls of an empty queue: 100 ms or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_polling_interval: Option<TimeSpan>,
    /// How messages stand in storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_encoding: Option<MessageEncoding>,
}

/// How the content of messages stands in storage, for triggers and outputs of all queues of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageEncoding {
    /// As base64.
    #[default]
    Base64,
    /// As it is.
    None,
}

/// Settings of HTTP triggers. A member that is none has the host's default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpSettings {
    /// What stands before every route; empty for nothing; none for `api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_prefix: Option<String>,
    /// Requests that may wait or be in work, above which callers get 429; -1 for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_outstanding_requests: Option<i32>,
    /// Requests in work at the same time; -1 for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_requests: Option<i32>,
    /// Headers of every response.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_headers: BTreeMap<String, String>,
}

impl MessageEncoding {
    /// The most bytes of content that a message can have: 49152 in base64, 65536 as it is.
    #[must_use]
    pub const fn content_limit(self) -> usize {
        match self {
            Self::Base64 => QUEUE_TEXT_LIMIT / 4 * 3,
            Self::None => QUEUE_TEXT_LIMIT,
        }
    }
}

impl QueueSettings {
    /// Messages that one poll takes.
    #[must_use]
    pub fn batch_size(&self) -> u32 {
        self.batch_size.unwrap_or(16)
    }

    /// Messages in work at or below which the next poll is made. The default grows with the processors that the host
    /// sees (one on the Consumption plan).
    #[must_use]
    pub fn new_batch_threshold(&self, processors: u32) -> u32 {
        self.new_batch_threshold.unwrap_or(self.batch_size() / 2 * processors)
    }

    /// Failed runs after which a message is moved to the poison queue.
    #[must_use]
    pub fn max_dequeue_count(&self) -> u32 {
        self.max_dequeue_count.unwrap_or(5)
    }

    /// How long a message stays invisible after a failed run.
    #[must_use]
    pub fn visibility_timeout(&self) -> Duration {
        self.visibility_timeout.unwrap_or_default().duration()
    }

    /// The longest pause between polls of an empty queue. In a host that runs as `Development`, the default, even when
    /// it is written out, is two seconds.
    #[must_use]
    pub fn max_polling_interval(&self, development: bool) -> Duration {
        const DEFAULT: Duration = Duration::from_secs(60);
        match self.max_polling_interval.map_or(DEFAULT, TimeSpan::duration) {
            DEFAULT if development => Duration::from_secs(2),
            interval => interval,
        }
    }

    /// How messages stand in storage.
    #[must_use]
    pub fn message_encoding(&self) -> MessageEncoding {
        self.message_encoding.unwrap_or_default()
    }

    fn read(mut fields: Fields, warnings: &mut Vec<Warning>) -> Result<Self, DocumentError> {
        let settings = Self {
            batch_size: fields.take_scalar("batchSize", "a whole number from 1 to 32")?,
            new_batch_threshold: fields.take_scalar("newBatchThreshold", "a whole number, 0 or more")?,
            max_dequeue_count: fields.take_scalar("maxDequeueCount", "a whole number, 1 or more")?,
            visibility_timeout: fields.take_scalar("visibilityTimeout", "a duration such as 00:00:30")?,
            max_polling_interval: fields.take_scalar("maxPollingInterval", "a duration of 100 ms or more")?,
            message_encoding: match fields.take_text("messageEncoding")? {
                None => None,
                Some(text) if text.eq_ignore_ascii_case("base64") => Some(MessageEncoding::Base64),
                Some(text) if text.eq_ignore_ascii_case("none") => Some(MessageEncoding::None),
                Some(value) => {
                    let path = fields.path("messageEncoding");
                    return Err(DocumentError::Value {
                        path,
                        value,
                        expected: "base64 or none",
                    });
                }
            },
        };
        fields.warn_about_rest(warnings);
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), DocumentError> {
        let refuse = |name: &str, value: String, expected| {
            Err(DocumentError::Value {
                path: format!("extensions.queues.{name}"),
                value,
                expected,
            })
        };
        if let Some(size) = self.batch_size.filter(|size| !(1..=32).contains(size)) {
            return refuse("batchSize", size.to_string(), "a whole number from 1 to 32");
        }
        if self.max_dequeue_count == Some(0) {
            return refuse("maxDequeueCount", "0".to_owned(), "a whole number, 1 or more");
        }
        match self.max_polling_interval {
            Some(interval) if interval.duration() < Duration::from_millis(100) => refuse(
                "maxPollingInterval",
                interval.to_string(),
                "a duration of 100 ms or more",
            ),
            _ => Ok(()),
        }
    }
}

impl HttpSettings {
    /// What stands before every route.
    #[must_use]
    pub fn route_prefix(&self) -> &str {
        self.route_prefix.as_deref().unwrap_or("api")
    }

    fn read(mut fields: Fields, warnings: &mut Vec<Warning>) -> Result<Self, DocumentError> {
        let custom_headers = match fields.take("customHeaders") {
            None => BTreeMap::new(),
            Some(value) => serde_json::from_value(value).map_err(|_| DocumentError::Type {
                path: fields.path("customHeaders"),
                expected: "an object of texts",
            })?,
        };
        let settings = Self {
            route_prefix: fields.take_text("routePrefix")?,
            max_outstanding_requests: fields.take_scalar("maxOutstandingRequests", "a whole number, or -1")?,
            max_concurrent_requests: fields.take_scalar("maxConcurrentRequests", "a whole number, or -1")?,
            custom_headers,
        };
        for known in ["dynamicThrottlesEnabled", "hsts"] {
            if fields.take(known).is_some() {
                let message = "is read by the host, but not here".to_owned();
                warnings.push(Warning {
                    path: fields.path(known),
                    message,
                });
            }
        }
        fields.warn_about_rest(warnings);
        Ok(settings)
    }
}

impl Extensions {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<(), DocumentError> {
        self.queues.check()
    }

    pub(super) fn read(mut fields: Fields, warnings: &mut Vec<Warning>) -> Result<Self, DocumentError> {
        /// Sections of extensions in the bundle.
        const KNOWN: [&str; 9] = [
            "blobs",
            "cosmosDB",
            "durableTask",
            "eventHubs",
            "kafka",
            "sendGrid",
            "serviceBus",
            "signalR",
            "tables",
        ];
        let queues = fields
            .take_fields("queues")?
            .map(|fields| QueueSettings::read(fields, warnings))
            .transpose()?;
        let http = fields
            .take_fields("http")?
            .map(|fields| HttpSettings::read(fields, warnings))
            .transpose()?;
        let other = KNOWN
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), fields.take(name)?)))
            .collect();
        fields.warn_about_rest(warnings);
        Ok(Self {
            queues: queues.unwrap_or_default(),
            http: http.unwrap_or_default(),
            other,
        })
    }
}

impl Serialize for Extensions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut members = serializer.serialize_map(None)?;
        if self.http != HttpSettings::default() {
            members.serialize_entry("http", &self.http)?;
        }
        if self.queues != QueueSettings::default() {
            members.serialize_entry("queues", &self.queues)?;
        }
        for (name, section) in &self.other {
            members.serialize_entry(name, &Sorted(section))?;
        }
        members.end()
    }
}
