//! A value inside a document, together with the way to it, for messages that say where something is wrong.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::limits::LONGEST_NAME;
use crate::message::InvalidMessage;

/// A value and its place. The path is only written out when something is wrong.
pub(crate) struct Place<'v> {
    pub(crate) value: &'v Value,
    parent: Option<&'v Place<'v>>,
    step: Step<'v>,
}

enum Step<'v> {
    Root,
    Member(&'v str),
    Index(usize),
}

impl<'v> Place<'v> {
    pub(crate) fn root(value: &'v Value) -> Self {
        Self {
            value,
            parent: None,
            step: Step::Root,
        }
    }

    /// A member that may be missing; `null` counts as missing.
    pub(crate) fn optional(&'v self, name: &'v str) -> Option<Place<'v>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Place {
            value,
            parent: Some(self),
            step: Step::Member(name),
        })
    }

    pub(crate) fn required(&'v self, name: &'v str) -> Result<Place<'v>, InvalidMessage> {
        self.optional(name)
            .ok_or_else(|| self.wrong(format!("{name} is missing")))
    }

    pub(crate) fn object(&self) -> Result<&'v Map<String, Value>, InvalidMessage> {
        self.value.as_object().ok_or_else(|| self.wrong("is not an object"))
    }

    pub(crate) fn string(&self) -> Result<&'v str, InvalidMessage> {
        self.value.as_str().ok_or_else(|| self.wrong("is not a string"))
    }

    pub(crate) fn boolean(&self) -> Result<bool, InvalidMessage> {
        self.value.as_bool().ok_or_else(|| self.wrong("is not true or false"))
    }

    /// The members of an object whose names are the names of items.
    pub(crate) fn members(&'v self) -> Result<impl Iterator<Item = (&'v str, Place<'v>)>, InvalidMessage> {
        Ok(self.object()?.iter().map(|(name, value)| {
            (
                name.as_str(),
                Place {
                    value,
                    parent: Some(self),
                    step: Step::Member(name),
                },
            )
        }))
    }

    pub(crate) fn items(&'v self) -> Result<impl Iterator<Item = Place<'v>>, InvalidMessage> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("is not an array"))?;
        Ok(items.iter().enumerate().map(|(index, value)| Place {
            value,
            parent: Some(self),
            step: Step::Index(index),
        }))
    }

    pub(crate) fn strings(&'v self) -> Result<Vec<String>, InvalidMessage> {
        self.items()?.map(|item| item.string().map(str::to_owned)).collect()
    }

    /// Checks that `name`, which stands at this place, can name an item: addresses and dists hold no white space, so a
    /// space can stand between the two in the state document.
    pub(crate) fn check_name(&self, name: &str) -> Result<(), InvalidMessage> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(self.wrong(format!(
                "has a name of {} bytes; 1 to {LONGEST_NAME} are allowed",
                name.len()
            )));
        }
        if name
            .chars()
            .any(|character| character.is_whitespace() || character.is_control())
        {
            return Err(self.wrong("has a name with white space or control characters"));
        }
        Ok(())
    }

    pub(crate) fn wrong(&self, problem: impl Into<String>) -> InvalidMessage {
        InvalidMessage::Content {
            path: self.path(),
            problem: problem.into(),
        }
    }

    /// A JSON path such as `$.status['https://a/'].errors[0]`, shortened in its names.
    fn path(&self) -> String {
        let mut path = self.parent.map(Place::path).unwrap_or_default();
        match self.step {
            Step::Root => path.push('$'),
            Step::Index(index) => {
                let _ = write!(path, "[{index}]");
            }
            Step::Member(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                let _ = write!(path, ".{}", short(name));
            }
            Step::Member(name) => {
                let _ = write!(path, "['{}']", short(name).escape_debug());
            }
        }
        path
    }
}

fn short(name: &str) -> &str {
    name.char_indices().nth(120).map_or(name, |(end, _)| &name[..end])
}
