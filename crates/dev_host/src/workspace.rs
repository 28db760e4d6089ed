//! Where things are: the workspace root, the apps in it, and the development host's own folder.

use std::path::{Path, PathBuf};

/// The workspace root and the folders below it that the development host reads and writes.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    state: PathBuf,
}

/// No workspace can be used from here.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// No folder upwards from the start holds `function_apps/`.
    #[error("{} is not inside a workspace of function apps (no folder above it holds function_apps/)", .0.display())]
    NotFound(PathBuf),
    /// `function_apps/` cannot be listed.
    #[error("cannot list {}", .folder.display())]
    List {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl Workspace {
    /// The nearest folder at or above `start` that holds `function_apps/`.
    ///
    /// # Errors
    /// No such folder exists.
    pub fn find(start: &Path) -> Result<Self, WorkspaceError> {
        start
            .ancestors()
            .find(|folder| folder.join("function_apps").is_dir())
            .map(|root| Self::at(root.to_path_buf()))
            .ok_or_else(|| WorkspaceError::NotFound(start.to_path_buf()))
    }

    /// The workspace with this root.
    pub fn at(root: PathBuf) -> Self {
        let state = root.join("target").join("dev");
        Self { root, state }
    }

    /// The same workspace with the demo's folder for everything that is kept.
    #[must_use]
    pub fn for_demo(self) -> Self {
        let state = self.root.join("target").join("dev").join("demo");
        Self { state, ..self }
    }

    /// The workspace root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Everything that the development host keeps: `target/dev`.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The emulator's data.
    pub fn storage(&self) -> PathBuf {
        self.state.join("storage")
    }

    /// The invocation journal.
    pub fn journal(&self) -> PathBuf {
        self.state.join("journal")
    }

    /// Copies of the apps' binaries: running them from here keeps a build from failing on a busy file.
    pub fn binaries(&self) -> PathBuf {
        self.state.join("bin")
    }

    /// The static site, when the workspace has one.
    pub fn website(&self) -> Option<PathBuf> {
        let folder = self.root.join("website");
        folder.join("index.html").is_file().then_some(folder)
    }

    /// The folders of `function_apps/` that hold a `host.json`, by name.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn app_folders(&self) -> Result<Vec<PathBuf>, WorkspaceError> {
        let folder = self.root.join("function_apps");
        let list = |source| WorkspaceError::List {
            folder: folder.clone(),
            source,
        };
        let mut apps = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(list)? {
            let path = entry.map_err(list)?.path();
            if path.join("host.json").is_file() {
                apps.push(path);
            }
        }
        apps.sort();
        Ok(apps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_found_from_a_folder_inside_it() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("function_apps/scan/src");
        std::fs::create_dir_all(&inside).unwrap();
        let workspace = Workspace::find(&inside).unwrap();
        assert_eq!(workspace.root(), folder.path());
        assert_eq!(workspace.state(), folder.path().join("target/dev"));
    }

    #[test]
    fn outside_a_workspace_the_error_names_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let error = Workspace::find(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&folder.path().display().to_string()), "{error}");
    }

    #[test]
    fn only_folders_with_a_host_json_are_apps() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b_app", "a_app", "notes"] {
            std::fs::create_dir_all(folder.path().join("function_apps").join(name)).unwrap();
        }
        for name in ["b_app", "a_app"] {
            std::fs::write(folder.path().join("function_apps").join(name).join("host.json"), "{}").unwrap();
        }
        let apps = Workspace::at(folder.path().to_path_buf()).app_folders().unwrap();
        let names: Vec<_> = apps
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a_app", "b_app"]);
    }
}
