//! Why the development host does not start.

use std::path::PathBuf;

use crate::app::AppError;
use crate::build::BuildError;
use crate::storage::StorageError;
use crate::workspace::WorkspaceError;

/// Why the development host does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No workspace.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Another one runs in this workspace.
    #[error("a development host is already running in this workspace{}", .dashboard.as_ref().map(|at| format!(": {at}")).unwrap_or_default())]
    AlreadyRunning {
        /// Its dashboard.
        dashboard: Option<String>,
    },
    /// Its own folder cannot be used.
    #[error("cannot use {}", .path.display())]
    State {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// `--only` names an app that is not there.
    #[error("there is no app {name:?}; the apps here are: {known}")]
    UnknownApp {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// There is no app.
    #[error("there is no app in {} (an app is a folder with a host.json)", .0.display())]
    NoApps(PathBuf),
    /// The build.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// An app cannot be loaded.
    #[error("app {app}")]
    App {
        /// The app.
        app: String,
        /// Why not.
        source: AppError,
    },
    /// No port.
    #[error("no free port from {first} on")]
    Port {
        /// The first port tried.
        first: u16,
        /// Why not.
        source: std::io::Error,
    },
}
