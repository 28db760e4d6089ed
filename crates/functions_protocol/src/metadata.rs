//! What the host says about a trigger beside its value.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::invocation::Entries;
use crate::queue_metadata::QueueMetadata;
use crate::retry_context::RetryContext;
use crate::value;

/// The binding data of a trigger.
///
/// Not to be trusted further than the message itself: when a message is a JSON object, the host adds its properties
/// here, ignoring case and overwriting its own, so that a property `id` hides the message id. Likewise query
/// parameters and body properties of an HTTP request. No accessor fails on such a value; it is read as absent.
pub struct Metadata<'a>(Entries<'a>);

impl<'a> Metadata<'a> {
    pub(crate) fn new(entries: Entries<'a>) -> Self {
        Self(entries)
    }

    /// The keys in the order in which the host wrote them.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The JSON text of a value as the host wrote it. Keys ignore case, as the host's dictionary does.
    #[must_use]
    pub fn raw(&self, key: &str) -> Option<&'a RawValue> {
        self.0.find_ignoring_case(key)
    }

    /// A scalar as text: text decoded, numbers and booleans with the text the host gave them. None for an object.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        value::scalar(self.raw(key)?)
    }

    /// A value that the host sends as an object.
    #[must_use]
    pub fn object<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        value::object(self.raw(key)?).ok()
    }

    /// A moment, to the second (the host cuts fractions). None also for its "never", which lies beyond what a
    /// [`Timestamp`] can hold.
    #[must_use]
    pub fn timestamp(&self, key: &str) -> Option<Timestamp> {
        self.text(key)?.parse().ok()
    }

    /// The system object; none when a message property or query parameter took its place.
    #[must_use]
    pub fn system(&self) -> Option<SystemMetadata> {
        // A query parameter `sys` of an HTTP request moves the host's object to `$sys`.
        ["sys", "$sys"].iter().find_map(|key| self.object(key))
    }

    /// The attempt within the function's retry policy; none where no policy is configured.
    #[must_use]
    pub fn retry(&self) -> Option<RetryContext> {
        RetryContext::from_raw(self.raw("RetryContext")?)
    }

    /// The metadata of a queue trigger.
    #[must_use]
    pub fn queue(&self) -> QueueMetadata {
        QueueMetadata::from_metadata(self)
    }
}

/// Keys only: values are the app's data.
impl fmt::Debug for Metadata<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.keys()).finish()
    }
}

/// The host's own `sys` object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SystemMetadata {
    /// Name of the function.
    pub method_name: String,
    /// The host's time at which the request was built.
    pub utc_now: Timestamp,
    /// A random GUID of this run.
    pub rand_guid: String,
}
