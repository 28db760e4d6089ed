//! `local.settings.json` and `local.settings.example.json`, as Core Tools reads them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The content of one settings file: the `Values` member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalSettings {
    /// Settings by name. Numbers and booleans are taken as their JSON text.
    pub values: BTreeMap<String, String>,
}

/// A settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalSettingsError {
    /// It exists but cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error("{} is not valid JSON", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// `"IsEncrypted": true`: only Core Tools on the machine that wrote the file can read it.
    #[error("{} is encrypted; run `func settings decrypt` in its folder", .0.display())]
    Encrypted(PathBuf),
    /// A value is an object, an array or null.
    #[error("{}: the value of {name:?} must be a string", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The setting.
        name: String,
    },
}

impl LocalSettings {
    /// Reads the file; a missing file has no settings.
    ///
    /// # Errors
    /// The file cannot be read or does not hold text values.
    pub fn read(path: &Path) -> Result<Self, LocalSettingsError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(LocalSettingsError::Read {
                path: path.to_path_buf(),
                source,
            }),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, LocalSettingsError> {
        let document: Value =
            serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|source| LocalSettingsError::Json {
                path: path.to_path_buf(),
                source,
            })?;
        if document.get("IsEncrypted") == Some(&Value::Bool(true)) {
            return Err(LocalSettingsError::Encrypted(path.to_path_buf()));
        }
        let mut values = BTreeMap::new();
        for (name, value) in document.get("Values").and_then(Value::as_object).into_iter().flatten() {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => {
                    return Err(LocalSettingsError::NotText {
                        path: path.to_path_buf(),
                        name: name.clone(),
                    });
                }
            };
            values.insert(name.clone(), text);
        }
        Ok(Self { values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<LocalSettings, LocalSettingsError> {
        LocalSettings::parse(Path::new("local.settings.json"), text)
    }

    #[test]
    fn values_are_read_as_text() {
        let settings = parse(r#"{"IsEncrypted":false,"Values":{"A":"x","N":5,"B":true}}"#).unwrap();
        let expected = [("A", "x"), ("B", "true"), ("N", "5")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(settings.values, BTreeMap::from(expected));
    }

    #[test]
    fn a_missing_file_has_no_settings() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            LocalSettings::read(&folder.path().join("none.json")).unwrap(),
            LocalSettings::default()
        );
    }

    #[test]
    fn unusable_files_are_refused_with_their_name() {
        for (text, part) in [
            ("{", "not valid JSON"),
            (r#"{"IsEncrypted":true,"Values":{"A":"CfDJ"}}"#, "encrypted"),
            (r#"{"Values":{"A":{"b":1}}}"#, "\"A\""),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains("local.settings.json") && error.contains(part), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}") {
            let _ = parse(&text);
        }
    }
}
