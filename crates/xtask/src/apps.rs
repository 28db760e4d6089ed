//! The function apps of this workspace. A new app is a line in [`all`].

use std::fs;
use std::path::Path;

use custom_handler::{Manifest, ManifestError, SharedHost};
use serde_json::Value;

use crate::workspace::Workspace;

/// One app: its name, which is that of its folder, its package and its executable, and its declaration.
pub(crate) struct App {
    pub(crate) name: &'static str,
    manifest: fn(&SharedHost) -> Result<Manifest, ManifestError>,
    data_files: fn() -> Vec<&'static str>,
}

impl App {
    /// Its generated files.
    pub(crate) fn manifest(&self, shared: &SharedHost) -> Result<Manifest, ManifestError> {
        (self.manifest)(shared)
    }

    /// The files of its folder that are shipped beside the binary.
    pub(crate) fn data_files(&self) -> Vec<&'static str> {
        (self.data_files)()
    }
}

/// Every app, by name.
pub(crate) fn all() -> [App; 2] {
    [
        App {
            name: "scan_mirrors",
            manifest: |shared| scan_mirrors::functions().manifest(shared),
            data_files: || scan_mirrors::functions().data_files().to_vec(),
        },
        App {
            name: "status_delivery",
            manifest: |shared| status_delivery::functions().manifest(shared),
            data_files: || status_delivery::functions().data_files().to_vec(),
        },
    ]
}

/// The settings with which an app works on a laptop.
pub(crate) fn example_settings(
    workspace: &Workspace,
    app: &str,
) -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    read_settings(&workspace.app(app).join("local.settings.example.json"))
}

fn read_settings(path: &Path) -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let document: Value =
        serde_json::from_str(&text).map_err(|error| format!("{} is not JSON: {error}", path.display()))?;
    let values = document["Values"].as_object().into_iter().flatten();
    Ok(values
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list above and the folders on disk name the same apps, in the same order.
    #[test]
    fn every_app_folder_is_listed() {
        let workspace = Workspace::here();
        let members = workspace.members().unwrap();
        let folders = members
            .iter()
            .filter(|member| workspace.relative(member).starts_with("function_apps/"));
        let folders: Vec<&str> = folders.filter_map(|folder| folder.file_name()?.to_str()).collect();
        assert_eq!(all().map(|app| app.name).to_vec(), folders);
    }
}
