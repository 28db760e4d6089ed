//! `host.json`: what all functions of an app share.

mod custom_handler;
mod extensions;
mod overrides;
mod read;

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

pub use crate::document::DocumentError;
pub use custom_handler::CustomHandler;
pub use extensions::{Extensions, HttpSettings, MessageEncoding, QueueSettings};

use crate::document::{self, Read};
use crate::function_json::Retry;
use crate::time_span::TimeSpan;

/// The settings of an app's host. Members that are none are not written; the host then has its own default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostJson {
    /// The executable that handles invocations; none in a host.json that several apps share.
    pub custom_handler: Option<CustomHandler>,
    /// Where the host gets the bindings from; without it only HTTP and timer triggers bind.
    pub extension_bundle: Option<ExtensionBundle>,
    /// How long a run may take.
    pub function_timeout: Option<FunctionTimeout>,
    /// Settings of bindings.
    pub extensions: Extensions,
    /// How failed runs are repeated, for all functions without a policy of their own.
    pub retry: Option<Retry>,
    /// What the host logs and where to.
    pub logging: Option<Value>,
    /// Sections that the host knows and this crate only passes on.
    pub other: BTreeMap<String, Value>,
}

/// The package of bindings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ExtensionBundle {
    /// Its name.
    pub id: String,
    /// The range of versions, in NuGet's notation.
    pub version: String,
}

impl Default for ExtensionBundle {
    /// The host's own default.
    fn default() -> Self {
        Self {
            id: "Microsoft.Azure.Functions.ExtensionBundle".to_owned(),
            version: "[4.*, 5.0.0)".to_owned(),
        }
    }
}

/// How long a run may take. The host kills the handler of one that takes longer, and all other runs with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionTimeout {
    /// At most this long.
    After(TimeSpan),
    /// For ever; not on the Consumption plan.
    Unlimited,
}

impl HostJson {
    /// Reads a document as the host does: keys ignore case, comments are skipped, unknown members are warned about.
    ///
    /// # Errors
    /// With what the host would not start: no JSON, another version than `2.0`, mistyped values, values out of range.
    pub fn read(text: &str) -> Result<Read<Self>, DocumentError> {
        Self::read_with_settings(text, std::iter::empty())
    }

    /// Reads a document with the app settings that override members of it:
    /// `AzureFunctionsJobHost__extensions__queues__batchSize` and the like. Other settings are skipped.
    ///
    /// # Errors
    /// As [`HostJson::read`].
    pub fn read_with_settings<'s>(
        text: &str,
        settings: impl IntoIterator<Item = (&'s str, &'s str)>,
    ) -> Result<Read<Self>, DocumentError> {
        read::read(text, settings)
    }

    /// The document as text: pretty, members in a fixed order, a line break at the end.
    ///
    /// # Errors
    /// Values with which the host would not start.
    pub fn render(&self) -> Result<String, DocumentError> {
        if let Some(handler) = &self.custom_handler {
            handler.check()?;
        }
        self.extensions.check()?;
        Ok(document::render(self))
    }
}

impl Serialize for FunctionTimeout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::After(span) => span.serialize(serializer),
            Self::Unlimited => serializer.serialize_str("-1"),
        }
    }
}

impl Serialize for HostJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("version", "2.0")?;
        if let Some(handler) = &self.custom_handler {
            members.serialize_entry("customHandler", handler)?;
        }
        if let Some(bundle) = &self.extension_bundle {
            members.serialize_entry("extensionBundle", bundle)?;
        }
        if let Some(timeout) = &self.function_timeout {
            members.serialize_entry("functionTimeout", timeout)?;
        }
        if !self.extensions.is_empty() {
            members.serialize_entry("extensions", &self.extensions)?;
        }
        if let Some(retry) = &self.retry {
            members.serialize_entry("retry", retry)?;
        }
        if let Some(logging) = &self.logging {
            members.serialize_entry("logging", &Sorted(logging))?;
        }
        for (name, section) in &self.other {
            members.serialize_entry(name, &Sorted(section))?;
        }
        members.end()
    }
}

/// JSON that is passed on, with members by name: the order of serde_json's own map depends on a feature that any crate
/// of the build may switch on.
struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => serializer.collect_map(
                members
                    .iter()
                    .map(|(name, value)| (name, Sorted(value)))
                    .collect::<BTreeMap<_, _>>(),
            ),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            scalar => scalar.serialize(serializer),
        }
    }
}
