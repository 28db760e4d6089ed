//! Reading an app from its folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use functions_protocol::HostJson;
use functions_protocol::host_json::DocumentError;

use super::function::Function;
use super::{App, FunctionProblem, arguments};
use crate::error_chain::chain;
use crate::settings::{AppSettings, LocalSettings, LocalSettingsError};
use crate::supervisor::{Executable, locate};

/// The settings that do not come from the app's folder.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The machine's environment.
    pub environment: BTreeMap<String, String>,
    /// Settings that the development host gives to every app (the demo's).
    pub overrides: BTreeMap<String, String>,
    /// The connection string that stands for the development storage.
    pub storage: String,
}

/// An app cannot be loaded at all. A fault in one function is no such error.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A file cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// host.json is unusable.
    #[error("{} cannot be used", .path.display())]
    HostJson {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: DocumentError,
    },
    /// host.json names no handler.
    #[error("{} has no customHandler section, so there is nothing to start", .0.display())]
    NoHandler(PathBuf),
    /// A feature of the handler section is not offered here.
    #[error("{}: {feature} is not supported by this host; functions get invocation requests", .path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The feature.
        feature: &'static str,
    },
    /// A settings file is unusable.
    #[error(transparent)]
    Settings(#[from] LocalSettingsError),
}

/// Loads the app in `folder`. With `binary` its handler is started from there and not from where host.json says: the
/// path in host.json is that of the published package.
///
/// # Errors
/// host.json or a settings file cannot be used.
pub fn load(folder: &Path, layers: &Layers, binary: Option<PathBuf>) -> Result<App, AppError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let settings = AppSettings::merge(
        &layers.environment,
        &LocalSettings::read(&folder.join("local.settings.json"))?,
        &LocalSettings::read(&folder.join("local.settings.example.json"))?,
        &layers.overrides,
        &layers.storage,
    );
    let path = folder.join("host.json");
    let read =
        HostJson::read_with_settings(&read_text(&path)?, settings.iter()).map_err(|source| AppError::HostJson {
            path: path.clone(),
            source,
        })?;
    let mut warnings: Vec<String> = read
        .warnings
        .iter()
        .map(|warning| format!("host.json: {warning}"))
        .collect();
    let host = read.document;
    let handler = host
        .custom_handler
        .as_ref()
        .ok_or_else(|| AppError::NoHandler(path.clone()))?;
    if handler.enable_forwarding_http_request {
        return Err(AppError::Unsupported {
            path,
            feature: "customHandler.enableForwardingHttpRequest",
        });
    }
    let written = arguments::expand(&handler.default_executable_path, &settings);
    let executable = Executable {
        program: binary.unwrap_or_else(|| locate(folder, &written)),
        arguments: arguments::split(&handler.arguments, &settings),
        folder: handler
            .working_directory
            .as_ref()
            .map_or_else(|| folder.to_path_buf(), |below| folder.join(below)),
    };
    let (mut functions, mut problems) = (Vec::new(), Vec::new());
    for (function, text) in function_documents(folder)? {
        match Function::read(&function, &text, &settings, host.retry.as_ref(), &mut warnings) {
            Ok(function) => functions.push(function),
            Err(error) => problems.push(FunctionProblem {
                function,
                reason: chain(&error),
            }),
        }
    }
    let folder = folder.to_path_buf();
    Ok(App {
        name,
        folder,
        settings,
        host,
        executable,
        functions,
        problems,
        warnings,
    })
}

/// Every direct sub-folder that holds a function.json, by name.
fn function_documents(folder: &Path) -> Result<BTreeMap<String, String>, AppError> {
    let failed = |source| AppError::Read {
        path: folder.to_path_buf(),
        source,
    };
    let mut documents = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let document = entry.path().join("function.json");
        if document.is_file() {
            documents.insert(entry.file_name().to_string_lossy().into_owned(), read_text(&document)?);
        }
    }
    Ok(documents)
}

fn read_text(path: &Path) -> Result<String, AppError> {
    std::fs::read_to_string(path).map_err(|source| AppError::Read {
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Trigger;

    const HOST: &str = r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"handler"}}}"#;

    fn app(functions: &[(&str, &str)], local: &str) -> (tempfile::TempDir, Result<App, AppError>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("host.json"), HOST).unwrap();
        std::fs::write(folder.path().join("local.settings.json"), local).unwrap();
        for (name, document) in functions {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("function.json"), document).unwrap();
        }
        let layers = Layers {
            storage: "S=1".to_owned(),
            ..Layers::default()
        };
        let loaded = load(folder.path(), &layers, None);
        (folder, loaded)
    }

    #[test]
    fn functions_get_their_settings_filled_in() {
        let queue = r#"{"bindings":[{"type":"queueTrigger","name":"msg","queueName":"%Q%","connection":"C"}]}"#;
        let (_folder, app) = app(&[("on_message", queue)], r#"{"Values":{"Q":"Work"}}"#);
        let app = app.unwrap();
        let Trigger::Queue { queue, connection } = &app.functions[0].trigger else {
            panic!("not a queue")
        };
        assert_eq!((queue.as_str(), connection.as_str()), ("work", "C"));
    }

    #[test]
    fn one_bad_function_does_not_stop_the_others_and_says_why() {
        let timer = r#"{"bindings":[{"type":"timerTrigger","name":"t","schedule":"0 */5 * * * *"}]}"#;
        let (_folder, app) = app(
            &[
                ("good", timer),
                ("kafka", r#"{"bindings":[{"type":"kafkaTrigger","name":"k"}]}"#),
                (
                    "unset",
                    r#"{"bindings":[{"type":"timerTrigger","name":"t","schedule":"%Nope%"}]}"#,
                ),
                (
                    "never",
                    r#"{"bindings":[{"type":"timerTrigger","name":"t","schedule":"0 0 99 * * *"}]}"#,
                ),
                (
                    "route",
                    r#"{"bindings":[{"type":"httpTrigger","name":"r","route":"admin/x"}]}"#,
                ),
            ],
            "{}",
        );
        let app = app.unwrap();
        assert_eq!(
            app.functions
                .iter()
                .map(|function| function.name.as_str())
                .collect::<Vec<_>>(),
            ["good"]
        );
        for (function, part) in [
            ("kafka", "kafkaTrigger"),
            ("unset", "Nope"),
            ("never", "99"),
            ("route", "reserved"),
        ] {
            let problem = app
                .problems
                .iter()
                .find(|problem| problem.function == function)
                .unwrap();
            assert!(problem.reason.contains(part), "{problem:?}");
        }
    }

    #[test]
    fn a_broken_host_json_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("host.json"), r#"{"version":"1.0"}"#).unwrap();
        let error = load(folder.path(), &Layers::default(), None).unwrap_err();
        assert!(
            chain(&error).contains("host.json") && chain(&error).contains("2.0"),
            "{}",
            chain(&error)
        );
    }
}
