//! App settings: one flat map of names and texts, as the Functions host hands it down in the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The app's settings. They are read once at start; clones share them.
///
/// `Debug` shows names only: a setting may be a secret.
#[derive(Clone, Default)]
pub struct Settings(Arc<BTreeMap<String, String>>);

/// One setting that is missing or unusable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct SettingProblem {
    /// Name of the setting.
    pub name: String,
    /// What is wrong with it, without its value.
    pub reason: String,
}

/// All settings that are missing or unusable.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError(Vec<SettingProblem>);

impl Settings {
    /// The settings of this process. Variables that are not UTF-8 are left out: no setting can be one.
    pub fn from_environment() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Settings given as a map.
    pub fn from_map(values: BTreeMap<String, String>) -> Self {
        Self(Arc::new(values))
    }

    /// The value, if the setting exists and is not empty: app settings cannot be unset in the portal, only emptied.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a setting that must be there.
    ///
    /// # Errors
    /// The setting is missing or empty.
    pub fn required(&self, name: &str) -> Result<&str, SettingProblem> {
        self.get(name).ok_or_else(|| SettingProblem::missing(name))
    }

    /// The value read as a `T`, if the setting is there.
    ///
    /// # Errors
    /// The value is not a `T`.
    pub fn parsed<T>(&self, name: &str) -> Result<Option<T>, SettingProblem>
    where
        T: FromStr<Err: fmt::Display>,
    {
        self.get(name)
            .map(|value| {
                value
                    .trim()
                    .parse()
                    .map_err(|error| SettingProblem::new(name, format!("unusable: {error}")))
            })
            .transpose()
    }

    /// The value read as a `T`, or `default` without the setting.
    ///
    /// # Errors
    /// The value is not a `T`.
    pub fn parsed_or<T>(&self, name: &str, default: T) -> Result<T, SettingProblem>
    where
        T: FromStr<Err: fmt::Display>,
    {
        Ok(self.parsed(name)?.unwrap_or(default))
    }

    /// All settings, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// True if `name` is set, or identity-based settings `name__...` stand in its place.
    pub(crate) fn has_connection(&self, name: &str) -> bool {
        let prefixed = format!("AzureWebJobs{name}");
        [name, &prefixed].into_iter().any(|name| {
            let group = format!("{name}__");
            self.get(name).is_some()
                || self
                    .0
                    .range(group.clone()..)
                    .take_while(|(key, _)| key.starts_with(&group))
                    .any(|(_, v)| !v.is_empty())
        })
    }

    /// These settings, with `defaults` where one is missing or empty.
    pub(crate) fn with_defaults<'a>(&self, defaults: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut values = BTreeMap::clone(&self.0);
        for (name, default) in defaults {
            let value = values.entry(name.to_owned()).or_default();
            if value.is_empty() {
                default.clone_into(value);
            }
        }
        Self(Arc::new(values))
    }
}

impl FromIterator<(String, String)> for Settings {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self(Arc::new(values.into_iter().collect()))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl SettingProblem {
    /// A problem with the setting `name`. The reason must not repeat the value: it is printed, and may be a secret.
    pub fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::new(name, "missing")
    }
}

impl SettingsError {
    /// Every problem, in the order found.
    pub fn problems(&self) -> &[SettingProblem] {
        &self.0
    }

    pub(crate) fn into_problems(self) -> Vec<SettingProblem> {
        self.0
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl From<SettingProblem> for SettingsError {
    fn from(problem: SettingProblem) -> Self {
        Self(vec![problem])
    }
}

impl FromIterator<SettingProblem> for SettingsError {
    fn from_iter<I: IntoIterator<Item = SettingProblem>>(problems: I) -> Self {
        Self(problems.into_iter().collect())
    }
}

/// All values, or all problems: `?` on one setting after the other would report only the first.
///
/// ```
/// use custom_handler::{Settings, SettingsError, all_settings};
///
/// struct Deps { container: String, limit: u32 }
///
/// fn connect(settings: &Settings) -> Result<Deps, SettingsError> {
///     let (container, limit) = all_settings((settings.required("Container"), settings.parsed_or("Limit", 10)))?;
///     Ok(Deps { container: container.to_owned(), limit })
/// }
///
/// let settings = Settings::from_iter([("Limit".to_owned(), "many".to_owned())]);
/// let problems = connect(&settings).err().expect("two settings are wrong");
/// assert_eq!(problems.to_string(), "Container: missing\nLimit: unusable: invalid digit found in string");
/// ```
///
/// # Errors
/// The problems of all elements together.
pub fn all_settings<R: SettingResults>(results: R) -> Result<R::Values, SettingsError> {
    results.combine()
}

/// A tuple of up to eight results whose errors are [`SettingProblem`] or [`SettingsError`].
pub trait SettingResults {
    /// The tuple of the values.
    type Values;

    #[doc(hidden)]
    fn combine(self) -> Result<Self::Values, SettingsError>;
}

macro_rules! setting_results {
    ($($value:ident $error:ident),+) => {
        #[expect(non_snake_case, reason = "the type parameters' names serve as variables")]
        impl<$($value, $error: Into<SettingsError>),+> SettingResults for ($(Result<$value, $error>,)+) {
            type Values = ($($value,)+);

            fn combine(self) -> Result<Self::Values, SettingsError> {
                let ($($value,)+) = self;
                let mut problems = Vec::new();
                $(let $value = $value.map_err(|error| problems.extend(error.into().into_problems()));)+
                match ($($value,)+) {
                    ($(Ok($value),)+) => Ok(($($value,)+)),
                    _ => Err(SettingsError(problems)),
                }
            }
        }
    };
}

setting_results!(A E1);
setting_results!(A E1, B E2);
setting_results!(A E1, B E2, C E3);
setting_results!(A E1, B E2, C E3, D E4);
setting_results!(A E1, B E2, C E3, D E4, E E5);
setting_results!(A E1, B E2, C E3, D E4, E E5, F E6);
setting_results!(A E1, B E2, C E3, D E4, E E5, F E6, G E7);
setting_results!(A E1, B E2, C E3, D E4, E E5, F E6, G E7, H E8);

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(values: &[(&str, &str)]) -> Settings {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let text = format!("{:?}", settings(&[("Key", "hunter2")]));
        assert_eq!(text, r#"{"Key"}"#);
    }

    #[test]
    fn an_empty_setting_is_missing() {
        let settings = settings(&[("Name", "")]);
        assert_eq!(settings.required("Name").unwrap_err().to_string(), "Name: missing");
        assert_eq!(settings.parsed_or("Name", 3), Ok(3));
        assert_eq!(settings.with_defaults([("Name", "x")]).get("Name"), Some("x"));
    }

    #[test]
    fn an_unusable_value_is_not_shown() {
        let problem = settings(&[("Port", "secret")]).parsed::<u16>("Port").unwrap_err();
        assert_eq!(problem.to_string(), "Port: unusable: invalid digit found in string");
    }

    #[test]
    fn identity_based_settings_count_as_the_connection() {
        assert!(settings(&[("Store__queueServiceUri", "https://x")]).has_connection("Store"));
        assert!(settings(&[("AzureWebJobsStore", "x")]).has_connection("Store"));
        assert!(!settings(&[("Store_", "x"), ("Store2", "x"), ("Store__a", "")]).has_connection("Store"));
    }
}
