//! Seeded schedules with every fault at once, many more than the test command runs.

use std::process::Command;

use clap::ValueEnum;

use crate::Outcome;
use crate::workspace::Workspace;

/// What is tried.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Subject {
    /// Jobs of the work ledger
    WorkLedger,
}

/// The command's arguments.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What is tried
    subject: Subject,
    /// How many schedules
    #[arg(long, default_value_t = 100_000)]
    schedules: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    first: u64,
}

/// Runs the schedules in release mode, one seed after the other.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    let package = match arguments.subject {
        Subject::WorkLedger => "ledger_trials",
    };
    let status = Command::new("cargo")
        .args([
            "run",
            "--release",
            "--quiet",
            "--package",
            package,
            "--example",
            "schedules",
            "--",
        ])
        .args([arguments.schedules.to_string(), arguments.first.to_string()])
        .current_dir(workspace.root())
        .env_remove("CARGO_MANIFEST_DIR")
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("a schedule went wrong".into())
    }
}
