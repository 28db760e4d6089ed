//! Measurements that end up in docs/PERFORMANCE.md: release builds, both sides of a comparison in one run, medians.

mod load;
mod process;
mod sdk;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::workspace::Workspace;

/// What can be measured.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Subject {
    /// The SDK against a bare axum server; start, memory, and answers to GET / under load
    Sdk,
    /// Size, start and idle memory of every app
    Apps,
}

/// Builds what is needed in release mode, measures, and prints a table in Markdown.
pub(crate) fn run(workspace: &Workspace, subject: Subject) -> Outcome {
    match subject {
        Subject::Sdk => sdk::run(workspace),
        Subject::Apps => sdk::apps(workspace),
    }
}

/// `cargo build --release` with these arguments.
fn build(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    let status = Command::new("cargo")
        .args(["build", "--release"])
        .args(arguments)
        .current_dir(workspace.root())
        .env_remove("CARGO_MANIFEST_DIR")
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo build --release {} failed", arguments.join(" ")).into())
    }
}

fn release(workspace: &Workspace, program: &str) -> PathBuf {
    workspace.target().join("release").join(program)
}

fn mebibytes(path: &Path) -> std::io::Result<f64> {
    Ok(std::fs::metadata(path)?.len() as f64 / f64::from(1 << 20))
}

/// The middle value; 0 for no values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(super::median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(super::median(vec![]), 0.0);
    }
}
