//! The settings of one app: environment over `local.settings.json` over `local.settings.example.json`.

use std::collections::{BTreeMap, BTreeSet};

use super::LocalSettings;

/// Where a setting's value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Given by the development host itself (demo, storage).
    Host,
    /// A real environment variable.
    Environment,
    /// `local.settings.json`.
    Local,
    /// `local.settings.example.json`.
    Example,
}

/// All settings of one app. `Debug` shows names and sources, never values.
#[derive(Clone, Default)]
pub struct AppSettings {
    values: BTreeMap<String, (String, Source)>,
    /// Names that stand in a settings file or were given by the development host, whichever source won.
    declared: BTreeSet<String>,
}

const DEVELOPMENT_STORAGE: &str = "UseDevelopmentStorage=true";

impl AppSettings {
    /// Merges the sources. Every value that means "the development storage" becomes `storage`, the explicit connection
    /// string: when its port is taken the short form would reach someone else's store.
    pub fn merge(
        environment: &BTreeMap<String, String>,
        local: &LocalSettings,
        example: &LocalSettings,
        overrides: &BTreeMap<String, String>,
        storage: &str,
    ) -> Self {
        let mut values = BTreeMap::new();
        let mut declared = BTreeSet::new();
        for (source, layer) in [
            (Source::Example, &example.values),
            (Source::Local, &local.values),
            (Source::Environment, environment),
            (Source::Host, overrides),
        ] {
            for (name, value) in layer {
                values.insert(name.clone(), (value.clone(), source));
                if source != Source::Environment {
                    declared.insert(name.clone());
                }
            }
        }
        values
            .entry("AzureWebJobsStorage".to_owned())
            .or_insert_with(|| (storage.to_owned(), Source::Host));
        for (value, _) in values.values_mut() {
            if value
                .trim()
                .trim_end_matches(';')
                .eq_ignore_ascii_case(DEVELOPMENT_STORAGE)
            {
                storage.clone_into(value);
            }
        }
        Self { values, declared }
    }

    /// The value of a setting.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.as_str())
    }

    /// Every setting, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, (value, _))| (name.as_str(), value.as_str()))
    }

    /// The settings whose names stand in a settings file or were given by the development host, with the values that won,
    /// the environment's among them. What else the machine's environment holds is not among them.
    pub fn declared(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(name, _)| self.declared.contains(*name))
    }
}

impl std::fmt::Debug for AppSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(self.values.iter().map(|(name, (_, source))| (name, source)))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn file(pairs: &[(&str, &str)]) -> LocalSettings {
        LocalSettings { values: map(pairs) }
    }

    fn merge(environment: &[(&str, &str)], local: &[(&str, &str)], example: &[(&str, &str)]) -> AppSettings {
        AppSettings::merge(&map(environment), &file(local), &file(example), &map(&[]), "Explicit=1")
    }

    #[test]
    fn environment_wins_over_local_over_example() {
        let settings = merge(
            &[("A", "env")],
            &[("A", "local"), ("B", "local")],
            &[("A", "ex"), ("B", "ex"), ("C", "ex")],
        );
        assert_eq!(
            [settings.get("A"), settings.get("B"), settings.get("C")],
            [Some("env"), Some("local"), Some("ex")]
        );
    }

    #[test]
    fn development_storage_becomes_the_explicit_connection_string() {
        let settings = merge(
            &[("E", "usedevelopmentstorage=TRUE;")],
            &[("L", "UseDevelopmentStorage=true")],
            &[],
        );
        for name in ["E", "L", "AzureWebJobsStorage"] {
            assert_eq!(settings.get(name), Some("Explicit=1"), "{name}");
        }
    }

    #[test]
    fn a_declared_setting_stays_declared_when_the_environment_gives_its_value() {
        let settings = merge(&[("Token", "env"), ("HOME", "/root")], &[], &[("Token", "")]);
        assert_eq!(settings.declared().collect::<Vec<_>>(), [("Token", "env")]);
    }

    #[test]
    fn debug_output_shows_no_value() {
        assert!(!format!("{:?}", merge(&[], &[("K", "s3cret")], &[])).contains("s3cret"));
    }
}
