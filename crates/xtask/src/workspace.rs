//! Where things are in the checkout.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The checkout that this command was built from.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace that holds this crate.
    pub(crate) fn here() -> Self {
        // `CARGO_MANIFEST_DIR` is set by `cargo run`; the compiled-in value would be stale in a moved checkout.
        #[expect(clippy::disallowed_methods, reason = "cargo's own variable, read once at the edge")]
        let manifest = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        Self::containing(Path::new(&manifest))
    }

    /// The workspace whose `crates/<name>` folder is `member`.
    pub(crate) fn containing(member: &Path) -> Self {
        Self {
            root: member.ancestors().nth(2).unwrap_or(member).to_path_buf(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn app(&self, name: &str) -> PathBuf {
        self.root.join("function_apps").join(name)
    }

    /// The target directory: `CARGO_TARGET_DIR` or `target`.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from)
    }

    /// The folders of all members, sorted: `crates/*` and `function_apps/*`.
    pub(crate) fn members(&self) -> io::Result<Vec<PathBuf>> {
        let mut members = Vec::new();
        for parent in ["crates", "function_apps"] {
            for entry in fs::read_dir(self.root.join(parent))? {
                let path = entry?.path();
                if path.join("Cargo.toml").is_file() {
                    members.push(path);
                }
            }
        }
        members.sort();
        Ok(members)
    }

    /// A path below the root as text with forward slashes, for messages.
    pub(crate) fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .to_string_lossy()
            .replace('\\', "/")
    }
}
