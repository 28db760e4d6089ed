//! The large searches of the work ledger's protocol.

use std::process::Command;

use crate::Outcome;
use crate::workspace::Workspace;

/// Runs every large search in release mode and tells what each found.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let status = Command::new("cargo")
        .args([
            "run",
            "--release",
            "--quiet",
            "--package",
            "ledger_model",
            "--example",
            "search",
        ])
        .current_dir(workspace.root())
        .env_remove("CARGO_MANIFEST_DIR")
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("a search found a violation".into())
    }
}
