//! `cargo xtask`: what the workspace does to itself.

mod apps;
mod bench;
mod ci;
mod faults;
mod manifest;
mod model;
mod stage;
mod tidy;
mod workspace;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use custom_handler::chain;

use crate::workspace::Workspace;

/// The workspace's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write host.json, function.json, example settings and settings tables from the apps' declarations
    Manifest {
        /// Write nothing; fail with a diff when a committed file differs, is missing or is left over
        #[arg(long)]
        check: bool,
    },
    /// Build the folder that `func start` and `func azure functionapp publish` read: `target/func/<app>/`
    Stage(stage::Arguments),
    /// Check the house rules that no compiler checks
    Tidy,
    /// Run everything that the test command runs, step by step
    Ci(ci::Arguments),
    /// Search the larger configurations of the work ledger's protocol, each to the end or to its limit
    Model,
    /// Run a crate's fault schedules in numbers that the test command has no time for
    Faults(faults::Arguments),
    /// Measure in release mode what docs/PERFORMANCE.md records
    Bench {
        /// What to measure
        subject: bench::Subject,
    },
}

fn main() -> ExitCode {
    let workspace = Workspace::here();
    let outcome = match Arguments::parse().command {
        Command::Manifest { check: true } => manifest::check(&workspace),
        Command::Manifest { check: false } => manifest::write(&workspace),
        Command::Stage(arguments) => stage::run(&workspace, &arguments),
        Command::Tidy => tidy(&workspace),
        Command::Ci(arguments) => ci::run(&workspace, &arguments),
        Command::Model => model::run(&workspace),
        Command::Faults(arguments) => faults::run(&workspace, &arguments),
        Command::Bench { subject } => bench::run(&workspace, subject),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {}", chain(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

/// What a command gives back: its errors are shown once, here at the edge.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn tidy(workspace: &Workspace) -> Outcome {
    let findings = tidy::check(workspace)?;
    for finding in &findings {
        say(&finding.to_string());
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(format!("{} house rules are broken", findings.len()).into())
    }
}

/// Talk goes to standard error; a closed pipe there is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether talk may be coloured: a terminal, and nobody asked for plain text.
fn colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && io::stderr().is_terminal()
}
