//! Settings that an app declares beyond those that its bindings imply.

use std::fmt;
use std::str::FromStr;

use crate::settings::{SettingProblem, Settings};

/// One declared setting: checked at start, listed in the example settings and in the README's table.
#[derive(Clone)]
pub struct Setting {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) default: Option<&'static str>,
    pub(crate) example: Option<&'static str>,
    pub(crate) description: &'static str,
    check: fn(&str) -> Result<(), String>,
}

impl Setting {
    /// A setting without which the app does not start.
    pub const fn required(name: &'static str) -> Self {
        Self {
            name,
            required: true,
            default: None,
            example: None,
            description: "",
            check: |_| Ok(()),
        }
    }

    /// A setting that may be missing.
    pub const fn optional(name: &'static str) -> Self {
        Self {
            required: false,
            ..Self::required(name)
        }
    }

    /// The value that [`Settings`] give where the setting is missing. It stands in the example settings too.
    #[must_use]
    pub const fn default(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            required: false,
            ..self
        }
    }

    /// The value in the example settings, for a setting without a default: what makes the app work on a laptop.
    #[must_use]
    pub const fn example(self, example: &'static str) -> Self {
        Self {
            example: Some(example),
            ..self
        }
    }

    /// One sentence for the README's settings table.
    #[must_use]
    pub const fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Checks the value at start. The error's text must not repeat the value, which may be a secret.
    #[must_use]
    pub const fn checked(self, check: fn(&str) -> Result<(), String>) -> Self {
        Self { check, ..self }
    }

    /// Checks at start that the value can be read as a `T`.
    #[must_use]
    pub fn of_type<T: FromStr<Err: fmt::Display>>(self) -> Self {
        self.checked(|text| text.trim().parse::<T>().map(drop).map_err(|error| error.to_string()))
    }

    /// What is wrong with this setting among `settings`.
    pub(crate) fn problem(&self, settings: &Settings) -> Option<SettingProblem> {
        match settings.get(self.name) {
            None if self.required => Some(SettingProblem::missing(self.name)),
            None => None,
            Some(value) => {
                let wrong = (self.check)(value).err()?;
                Some(SettingProblem::new(self.name, format!("unusable: {wrong}")))
            }
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting")
            .field("name", &self.name)
            .field("required", &self.required)
            .finish_non_exhaustive()
    }
}
