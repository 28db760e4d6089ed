//! First contents: files of `function_apps/<app>/dev/blobs/<container>/` become blobs unless they exist.

use std::path::{Path, PathBuf};

use storage_access::{Access, BlobHeaders, Condition, Storage, StorageError};

/// A blob that should be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Container.
    pub container: String,
    /// Name inside the container.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
    /// Written even if it exists.
    pub replace: bool,
}

/// A seed file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", .path.display())]
pub struct SeedError {
    path: PathBuf,
    source: std::io::Error,
}

impl Seed {
    /// The seeds of an app, by name.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of_app(app_folder: &Path) -> Result<Vec<Self>, SeedError> {
        let root = app_folder.join("dev").join("blobs");
        let mut files = Vec::new();
        collect(&root, &mut files)?;
        files.sort();
        let mut seeds = Vec::new();
        for file in files {
            let below = file
                .strip_prefix(&root)
                .unwrap_or(&file)
                .to_string_lossy()
                .replace('\\', "/");
            let Some((container, path)) = below.split_once('/') else {
                continue;
            };
            let (container, path) = (container.to_owned(), path.to_owned());
            let bytes = std::fs::read(&file).map_err(|source| SeedError {
                path: file.clone(),
                source,
            })?;
            seeds.push(Self {
                container,
                path,
                bytes,
                replace: false,
            });
        }
        Ok(seeds)
    }

    /// Puts it, making the container if needed. Gives whether it was written.
    ///
    /// # Errors
    /// Storage does not take it.
    pub async fn put(&self, storage: &Storage) -> Result<bool, StorageError> {
        let container = storage.container(&self.container);
        container.create_if_absent(Access::Private).await?;
        let condition = if self.replace {
            Condition::Always
        } else {
            Condition::IfAbsent
        };
        let headers = BlobHeaders::content_type(content_type(&self.path));
        let put = container
            .document(&self.path)
            .put(self.bytes.clone().into(), condition, headers)
            .await?;
        Ok(matches!(put, storage_access::Put::Stored(_)))
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SeedError> {
    let failed = |source| SeedError {
        path: folder.to_path_buf(),
        source,
    };
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The type that a browser should be told for a file of this name.
pub fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" | "md" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_blobs_named_by_their_path() {
        let app = tempfile::tempdir().unwrap();
        let folder = app.path().join("dev/blobs/static-data/lists");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("mirrors.json"), "[]").unwrap();
        std::fs::write(app.path().join("dev/blobs/stray.txt"), "no container").unwrap();
        let seeds = Seed::of_app(app.path()).unwrap();
        assert_eq!(seeds.len(), 1);
        assert_eq!(
            (seeds[0].container.as_str(), seeds[0].path.as_str()),
            ("static-data", "lists/mirrors.json")
        );
        assert_eq!(Seed::of_app(Path::new("/nowhere")).unwrap(), []);
    }
}
