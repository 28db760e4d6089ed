//! One invocation request of the host: `{"Data": {binding: value}, "Metadata": {key: value}}`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::http_request::HttpRequest;
use crate::metadata::Metadata;
use crate::payload::{Payload, PayloadError};
use crate::timer_info::TimerInfo;
use crate::value::{self, ValueError};

/// Why an invocation request could not be read.
#[derive(Debug, Error)]
pub enum InvocationError {
    /// The body is not the JSON document that the host sends.
    #[error("the invocation request is not a JSON document with `Data` and `Metadata`")]
    Document(#[source] serde_json::Error),
    /// The host names every input of the function in `Data`; this one is not there.
    #[error("the invocation request has no value for binding `{binding}`")]
    Missing {
        /// Name of the binding in function.json.
        binding: String,
    },
    /// The value is not what a binding of that kind gets.
    #[error("cannot read the value of binding `{binding}` as {expected}")]
    Value {
        /// Name of the binding in function.json.
        binding: String,
        /// What the binding's type and data type ask for.
        expected: &'static str,
        /// What is wrong with the value.
        source: ValueError,
    },
    /// The text arrived, but it is not the payload that the function declares.
    #[error("cannot decode the payload of binding `{binding}`")]
    Payload {
        /// Name of the binding in function.json.
        binding: String,
        /// Where and why decoding failed.
        source: PayloadError,
    },
}

/// An invocation request, parsed once and decoded on demand: values stay the host's JSON text until they are asked
/// for, so inputs that nobody reads cost nothing and numbers keep their text.
pub struct Invocation<'a> {
    data: Entries<'a>,
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "Data", borrow)]
    data: Entries<'a>,
    #[serde(rename = "Metadata", borrow, default)]
    metadata: Option<Entries<'a>>,
}

impl<'a> Invocation<'a> {
    /// Reads the body of an invocation request.
    ///
    /// # Errors
    /// [`InvocationError::Document`] when the body is not JSON, not UTF-8, or has no `Data` object.
    pub fn parse(body: &'a [u8]) -> Result<Self, InvocationError> {
        let document: Document<'a> = serde_json::from_slice(body).map_err(InvocationError::Document)?;
        Ok(Self {
            data: document.data,
            metadata: Metadata::new(document.metadata.unwrap_or_default()),
        })
    }

    /// What the host says about the trigger beside its value.
    #[must_use]
    pub fn metadata(&self) -> &Metadata<'a> {
        &self.metadata
    }

    /// The names of the inputs in the order in which the host wrote them.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.data.names()
    }

    /// The JSON text of an input as the host wrote it.
    ///
    /// # Errors
    /// [`InvocationError::Missing`].
    pub fn raw(&self, binding: &str) -> Result<&'a RawValue, InvocationError> {
        self.data.find(binding).ok_or_else(|| InvocationError::Missing {
            binding: binding.to_owned(),
        })
    }

    /// The text of a text trigger (a queue message, for instance).
    ///
    /// # Errors
    /// When the input is missing or is not encoded text.
    pub fn text(&self, binding: &str) -> Result<String, InvocationError> {
        self.decode(binding, "text", value::text)
    }

    /// The bytes of a trigger with `dataType` `binary`.
    ///
    /// # Errors
    /// When the input is missing or is not base64.
    pub fn bytes(&self, binding: &str) -> Result<Vec<u8>, InvocationError> {
        self.decode(binding, "bytes", value::bytes)
    }

    /// The text of an input binding beside the trigger; none when the blob does not exist. A byte order mark, which the
    /// host drops, tells it the encoding (UTF-16 too); without one it reads UTF-8 and replaces what is not UTF-8.
    ///
    /// # Errors
    /// When the input is missing or is not encoded text.
    pub fn optional_text(&self, binding: &str) -> Result<Option<String>, InvocationError> {
        self.decode(binding, "text", value::optional_text)
    }

    /// The bytes of a binary input binding beside the trigger; none when the blob does not exist. A blob of exactly the
    /// three bytes `9e e9 65` is read as absent, because its base64 text is what the host sends for no value.
    ///
    /// # Errors
    /// When the input is missing or is not base64.
    pub fn optional_bytes(&self, binding: &str) -> Result<Option<Vec<u8>>, InvocationError> {
        self.decode(binding, "bytes", value::optional_bytes)
    }

    /// The typed payload of a text trigger.
    ///
    /// # Errors
    /// As [`Invocation::text`], and [`InvocationError::Payload`] when the text is no `T`.
    pub fn payload<T: Payload>(&self, binding: &str) -> Result<T, InvocationError> {
        T::decode(&self.text(binding)?).map_err(|source| InvocationError::Payload {
            binding: binding.to_owned(),
            source,
        })
    }

    /// An input that the host sends as a real JSON object.
    ///
    /// # Errors
    /// When the input is missing or has another shape.
    pub fn object<T: DeserializeOwned>(&self, binding: &str) -> Result<T, InvocationError> {
        self.decode(binding, "an object", value::object)
    }

    /// The value of a timer trigger.
    ///
    /// # Errors
    /// When the input is missing or has another shape.
    pub fn timer(&self, binding: &str) -> Result<TimerInfo, InvocationError> {
        self.decode(binding, "a timer", TimerInfo::from_raw)
    }

    /// The value of an HTTP trigger.
    ///
    /// # Errors
    /// When the input is missing or has another shape.
    pub fn http_request(&self, binding: &str) -> Result<HttpRequest, InvocationError> {
        self.decode(binding, "an HTTP request", HttpRequest::from_raw)
    }

    fn decode<T>(
        &self,
        binding: &str,
        expected: &'static str,
        read: impl FnOnce(&'a RawValue) -> Result<T, ValueError>,
    ) -> Result<T, InvocationError> {
        read(self.raw(binding)?).map_err(|source| InvocationError::Value {
            binding: binding.to_owned(),
            expected,
            source,
        })
    }
}

/// Names only: values are the app's data.
impl fmt::Debug for Invocation<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Invocation")
            .field("data", &self.data.names().collect::<Vec<_>>())
            .field("metadata", &self.metadata)
            .finish()
    }
}

/// The members of an object, values kept as JSON text. A handful of members, so a list beats a map.
#[derive(Default)]
pub(crate) struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Entries<'a> {
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// Binding names are case-sensitive; of members written twice the last counts, as everywhere in JSON.
    pub(crate) fn find(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .rev()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| *value)
    }

    /// Metadata keys come from a dictionary that ignores case.
    pub(crate) fn find_ignoring_case(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .rev()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Entries<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some(Key(name)) = members.next_key()? {
                    entries.push((name, members.next_value()?));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
