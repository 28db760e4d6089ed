//! What an app sets in its host.json beyond the part that all apps share.

use std::time::Duration;

use functions_protocol::host_json::{CustomHandler, FunctionTimeout, HttpSettings, MessageEncoding, QueueSettings};
use functions_protocol::{HostJson, TimeSpan};

/// The app's own part of host.json. What is not set here comes from the shared part, or is the host's default.
#[derive(Clone, Debug, Default)]
pub struct HostSettings {
    function_timeout: Option<FunctionTimeout>,
    queues: QueueSettings,
    http: HttpSettings,
}

impl HostSettings {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long one run may take. The host's default is 5 minutes on the Consumption plan and 30 elsewhere.
    #[must_use]
    pub fn function_timeout(self, limit: Duration) -> Self {
        Self {
            function_timeout: Some(FunctionTimeout::After(TimeSpan::new(limit))),
            ..self
        }
    }

    /// No limit for a run; not possible on the Consumption plan.
    #[must_use]
    pub fn unlimited_function_timeout(self) -> Self {
        Self {
            function_timeout: Some(FunctionTimeout::Unlimited),
            ..self
        }
    }

    /// Messages that one poll of a queue takes, all handled at once: 1 to 32, by default 16.
    #[must_use]
    pub fn batch_size(mut self, messages: u32) -> Self {
        self.queues.batch_size = Some(messages);
        self
    }

    /// The next poll is made once no more than this many messages are in work: by default half the batch size for each
    /// processor. At most `batch_size + new_batch_threshold` messages are in work at once, per function and instance.
    #[must_use]
    pub fn new_batch_threshold(mut self, messages: u32) -> Self {
        self.queues.new_batch_threshold = Some(messages);
        self
    }

    /// Tries before the host moves a message to the poison queue: by default 5.
    #[must_use]
    pub fn max_dequeue_count(mut self, tries: u32) -> Self {
        self.queues.max_dequeue_count = Some(tries);
        self
    }

    /// How long a message waits after a failed try. The host's default is no time at all: five tries then take about
    /// half a second.
    #[must_use]
    pub fn visibility_timeout(mut self, pause: Duration) -> Self {
        self.queues.visibility_timeout = Some(TimeSpan::new(pause));
        self
    }

    /// The longest pause between polls of an empty queue: by default a minute.
    #[must_use]
    pub fn max_polling_interval(mut self, pause: Duration) -> Self {
        self.queues.max_polling_interval = Some(TimeSpan::new(pause));
        self
    }

    /// How messages stand in storage: by default as base64, which the Azure tools expect too.
    #[must_use]
    pub fn message_encoding(mut self, encoding: MessageEncoding) -> Self {
        self.queues.message_encoding = Some(encoding);
        self
    }

    /// What stands before every HTTP route: by default `api`; may be empty.
    #[must_use]
    pub fn route_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.http.route_prefix = Some(prefix.into());
        self
    }

    /// The limit of one run by these settings; `None` for no limit.
    pub(crate) fn timeout_or(&self, default: Duration) -> Option<Duration> {
        limit(self.function_timeout, default)
    }

    /// The encoding of queue messages by these settings.
    pub(crate) fn encoding(&self) -> MessageEncoding {
        self.queues.message_encoding()
    }

    /// The app's host.json: these settings over the shared ones, with the executable that handles invocations.
    pub(crate) fn over(&self, shared: &HostJson, executable: &str) -> HostJson {
        let mut host = shared.clone();
        let handler = host.custom_handler.get_or_insert_default();
        *handler = CustomHandler {
            default_executable_path: executable.to_owned(),
            ..handler.clone()
        };
        host.function_timeout = self.function_timeout.or(host.function_timeout);
        let (own, queues) = (&self.queues, &mut host.extensions.queues);
        queues.batch_size = own.batch_size.or(queues.batch_size);
        queues.new_batch_threshold = own.new_batch_threshold.or(queues.new_batch_threshold);
        queues.max_dequeue_count = own.max_dequeue_count.or(queues.max_dequeue_count);
        queues.visibility_timeout = own.visibility_timeout.or(queues.visibility_timeout);
        queues.max_polling_interval = own.max_polling_interval.or(queues.max_polling_interval);
        queues.message_encoding = own.message_encoding.or(queues.message_encoding);
        let http = &mut host.extensions.http;
        http.route_prefix = self.http.route_prefix.clone().or_else(|| http.route_prefix.take());
        host
    }
}

/// The limit that host.json sets for one run, `default` where it sets none; `None` for no limit.
pub(crate) fn limit(function_timeout: Option<FunctionTimeout>, default: Duration) -> Option<Duration> {
    match function_timeout {
        Some(FunctionTimeout::After(limit)) => Some(limit.duration()),
        Some(FunctionTimeout::Unlimited) => None,
        None => Some(default),
    }
}
