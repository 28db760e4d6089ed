//! One `cargo build` for all apps, and copies of what it made.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// The apps could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo cannot be started.
    #[error("cannot start cargo")]
    Start(#[source] std::io::Error),
    /// cargo found errors; it has printed them.
    #[error("the build failed; cargo's messages stand above (repeat with: cargo build {packages})")]
    Failed {
        /// The `-p` arguments.
        packages: String,
    },
    /// The package makes no executable.
    #[error("package {0} has no binary target")]
    NoBinary(String),
    /// A binary cannot be copied to where it is started.
    #[error("cannot copy {} to {}", .from.display(), .to.display())]
    Copy {
        /// What cargo made.
        from: PathBuf,
        /// Where it should go.
        to: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    target: Option<Target>,
    manifest_path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds `packages` with one cargo run and copies their binaries to `into`. cargo's progress and messages go to
/// standard error as usual.
///
/// # Errors
/// cargo cannot be started, finds errors, or a binary is missing or cannot be copied.
pub async fn build(root: &Path, packages: &[String], release: bool, into: &Path) -> Result<(), BuildError> {
    if packages.is_empty() {
        return Ok(());
    }
    let mut command = Command::new("cargo");
    command
        .current_dir(root)
        .args(["build", "--message-format=json-render-diagnostics"]);
    command.args(packages.iter().flat_map(|package| ["-p", package.as_str()]));
    if release {
        command.arg("--release");
    }
    if !std::io::stderr().is_terminal() {
        command.arg("--quiet");
    }
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_from_cargo_run(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(BuildError::Start)?;
    let mut made = HashMap::new();
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            made.extend(executable(&line));
        }
    }
    if !child.wait().await.map_err(BuildError::Start)?.success() {
        let packages = packages
            .iter()
            .map(|package| format!("-p {package}"))
            .collect::<Vec<_>>()
            .join(" ");
        return Err(BuildError::Failed { packages });
    }
    for package in packages {
        let from = made.get(package).ok_or_else(|| BuildError::NoBinary(package.clone()))?;
        let to = into.join(package);
        place(from, &to).map_err(|source| BuildError::Copy {
            from: from.clone(),
            to,
            source,
        })?;
    }
    Ok(())
}

/// Variables that `cargo run` set for this process; a nested cargo or an app would take them for its own.
pub(crate) fn is_from_cargo_run(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || matches!(
            name,
            "CARGO" | "CARGO_BIN_NAME" | "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE"
        )
}

/// Package folder name and path of a binary that this line of cargo's output announces.
fn executable(line: &str) -> Option<(String, PathBuf)> {
    let message: Message = serde_json::from_str(line).ok()?;
    let target = message.target?;
    if message.reason != "compiler-artifact" || !target.kind.iter().any(|kind| kind == "bin") {
        return None;
    }
    let package = message.manifest_path?.parent()?.file_name()?.to_str()?.to_owned();
    // A package may have further binaries; the app is the one that bears its name.
    (target.name == package).then_some((package, message.executable?))
}

/// Copies by a rename at the end: a running binary keeps its old file, and a reader never sees half of one.
fn place(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if unchanged(from, to) {
        return Ok(());
    }
    let part = to.with_extension("part");
    std::fs::copy(from, &part)?;
    std::fs::rename(&part, to)
}

fn unchanged(from: &Path, to: &Path) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|data| Ok((data.len(), data.modified()?))).ok();
    matches!((modified(from), modified(to)), (Some(from), Some(to)) if from.0 == to.0 && from.1 <= to.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_binary_named_like_its_package_counts() {
        let line = |name: &str, kind: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/w/function_apps/scan/Cargo.toml","target":{{"name":"{name}","kind":["{kind}"]}},"executable":"/t/{name}"}}"#
            )
        };
        assert_eq!(
            executable(&line("scan", "bin")),
            Some(("scan".to_owned(), PathBuf::from("/t/scan")))
        );
        assert_eq!(executable(&line("scan", "lib")), None);
        assert_eq!(executable(&line("tool", "bin")), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(executable("not json"), None);
    }

    #[test]
    fn a_changed_binary_replaces_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("made"), folder.path().join("bin/app"));
        std::fs::write(&from, "one").unwrap();
        place(&from, &to).unwrap();
        std::fs::write(&from, "three").unwrap();
        place(&from, &to).unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "three");
    }
}
