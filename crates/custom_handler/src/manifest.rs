//! The files that the host, the tools and the readers need, rendered from an app's declaration.

mod difference;
mod example_settings;
mod settings_table;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use functions_protocol::HostJson;
use functions_protocol::host_json::DocumentError;

pub use difference::Difference;

use crate::app::{DeclarationError, FunctionApp};

/// The part of host.json that all apps share: a file in a folder above theirs.
#[derive(Clone, Debug)]
pub struct SharedHost(HostJson);

/// The generated files of an app: path relative to its folder, and text. For `README.md` the text is that between the
/// markers `<!-- settings:begin -->` and `<!-- settings:end -->`; the rest of it is written by people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest(BTreeMap<String, String>);

/// Why a manifest cannot be rendered, compared or written.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// No host.json above the app's folder.
    #[error("there is no host.json in a folder above {0}")]
    NoSharedHost(PathBuf),
    /// The shared host.json is wrong.
    #[error("reading the shared host.json")]
    SharedHost(#[source] DocumentError),
    /// The shared host.json holds something that has no effect.
    #[error("the shared host.json: {0}")]
    Ineffective(String),
    /// The app's host.json would not be accepted.
    #[error("rendering host.json of {app}")]
    Host {
        /// Name of the app.
        app: &'static str,
        /// What is wrong.
        source: DocumentError,
    },
    /// The app's declaration is wrong.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// A file or folder cannot be read or written.
    #[error("{operation} {path}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The file whose settings table is generated.
const README: &str = "README.md";
const FUNCTION_JSON: &str = "function.json";

impl SharedHost {
    /// Reads the text of a shared host.json.
    ///
    /// # Errors
    /// When the host would not accept it, or would ignore a part of it.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let read = HostJson::read(text).map_err(ManifestError::SharedHost)?;
        match read.warnings.first() {
            None => Ok(Self(read.document)),
            Some(warning) => Err(ManifestError::Ineffective(warning.to_string())),
        }
    }

    /// Reads the nearest host.json in a folder above `app_folder`.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub fn find(app_folder: &Path) -> Result<Self, ManifestError> {
        for folder in app_folder.ancestors().skip(1) {
            let path = folder.join("host.json");
            if path.is_file() {
                return Self::parse(&read(&path)?);
            }
        }
        Err(ManifestError::NoSharedHost(app_folder.to_owned()))
    }
}

impl<D: Send + Sync + 'static> FunctionApp<D> {
    /// Renders host.json, each function.json, local.settings.example.json and the README's settings table.
    ///
    /// # Errors
    /// The declaration is wrong, or the host would not accept the app's host.json.
    pub fn manifest(&self, shared: &SharedHost) -> Result<Manifest, ManifestError> {
        self.check()?;
        let host = self.host.over(&shared.0, self.name).render();
        let host = host.map_err(|source| ManifestError::Host { app: self.name, source })?;
        let mut files = BTreeMap::from([
            ("host.json".to_owned(), host),
            ("local.settings.example.json".to_owned(), example_settings::render(self)),
            (README.to_owned(), settings_table::render(self)),
        ]);
        for declaration in self.declarations() {
            let text = declaration
                .document
                .render()
                .expect("the declaration was checked above");
            files.insert(format!("{}/{FUNCTION_JSON}", declaration.name), text);
        }
        Ok(Manifest(files))
    }
}

impl Manifest {
    /// Path and text of each file, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// What stands in an app's folder and is not what the declaration renders: files that differ or are missing, and
    /// folders of functions that are no longer declared.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read.
    pub fn check(&self, folder: &Path) -> Result<Vec<Difference>, ManifestError> {
        let mut differences = Vec::new();
        for (path, text) in self.files() {
            let found = existing(&folder.join(path))?;
            let difference = match found {
                None => Some(Difference::Missing { path: path.to_owned() }),
                Some(found) if path == README => match settings_table::between_markers(&found) {
                    None => Some(Difference::NoMarkers { path: path.to_owned() }),
                    Some(table) => Difference::between(path, table, text),
                },
                Some(found) => Difference::between(path, &found, text),
            };
            differences.extend(difference);
        }
        let left_over = self.left_over(folder)?.into_iter();
        differences.extend(left_over.map(|name| Difference::LeftOver {
            path: format!("{name}/{FUNCTION_JSON}"),
        }));
        Ok(differences)
    }

    /// Writes what differs, and removes the function.json of functions that are no longer declared. Returns the paths
    /// that were changed.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read or written, or the README has no markers for the table.
    pub fn write(&self, folder: &Path) -> Result<Vec<String>, ManifestError> {
        let mut changed = Vec::new();
        for difference in self.check(folder)? {
            let path = difference.path();
            let file = folder.join(path);
            match (&difference, self.0.get(path)) {
                (Difference::LeftOver { .. }, _) | (_, None) => remove_function(&file)?,
                (_, Some(table)) if path == README => {
                    write(&file, &settings_table::put_between_markers(existing(&file)?, table))?
                }
                (_, Some(text)) => write(&file, text)?,
            }
            changed.push(path.to_owned());
        }
        Ok(changed)
    }

    /// Folders that the host would take for functions, without those declared.
    fn left_over(&self, folder: &Path) -> Result<Vec<String>, ManifestError> {
        let failed = |source| ManifestError::File {
            operation: "listing",
            path: folder.to_owned(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{name}/{FUNCTION_JSON}");
            if entry.path().join(FUNCTION_JSON).is_file() && !self.0.contains_key(&path) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

fn existing(path: &Path) -> Result<Option<String>, ManifestError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ManifestError::File {
            operation: "reading",
            path: path.to_owned(),
            source,
        }),
    }
}

fn read(path: &Path) -> Result<String, ManifestError> {
    fs::read_to_string(path).map_err(|source| ManifestError::File {
        operation: "reading",
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), ManifestError> {
    let failed = |source| ManifestError::File {
        operation: "writing",
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// Removes a function.json, and its folder if nothing else is in it: other files there are someone's work.
fn remove_function(path: &Path) -> Result<(), ManifestError> {
    fs::remove_file(path).map_err(|source| ManifestError::File {
        operation: "removing",
        path: path.to_owned(),
        source,
    })?;
    if let Some(folder) = path.parent() {
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}
