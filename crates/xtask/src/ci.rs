//! The test command, step by step: each step is a public command that a newcomer can run alone.

use std::process::Command;

use determinism::Clock;

use crate::workspace::Workspace;
use crate::{Outcome, colours, say};

/// What `cargo xtask ci` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these steps (see --list)
    #[arg(value_name = "STEP")]
    only: Vec<String>,
    /// Leave these steps out
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
    /// Name the steps and what they run
    #[arg(long)]
    list: bool,
}

/// A step: its name and the command line that it runs from the root of the checkout.
struct Step {
    name: &'static str,
    environment: &'static [(&'static str, &'static str)],
    command: &'static [&'static str],
}

const fn step(name: &'static str, command: &'static [&'static str]) -> Step {
    Step {
        name,
        environment: &[],
        command,
    }
}

/// Cheap steps first; what needs npm, Python or a browser comes last.
const STEPS: [Step; 10] = [
    step("format", &["cargo", "fmt", "--all", "--check"]),
    step("tidy", &["cargo", "xtask", "tidy"]),
    step("manifest", &["cargo", "xtask", "manifest", "--check"]),
    step(
        "lint",
        &[
            "cargo",
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    ),
    Step {
        name: "documentation",
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
        command: &[
            "cargo",
            "doc",
            "--quiet",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ],
    },
    step("dependencies", &["bash", "scripts/deny.sh"]),
    step("test", &["cargo", "test", "--quiet", "--workspace"]),
    step("stage", &["cargo", "xtask", "stage", "--all", "--check"]),
    step("conformance", &["bash", "crates/storage_emulator/conformance/run.sh"]),
    step("browser", &["node", "browser_tests/run.mjs"]),
];

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    if arguments.list {
        for step in &STEPS {
            say(&format!("{:<14} {}", step.name, step.command.join(" ")));
        }
        return Ok(());
    }
    let known = |name: &String| STEPS.iter().any(|step| step.name == name);
    if let Some(name) = arguments.only.iter().chain(&arguments.skip).find(|name| !known(name)) {
        return Err(format!("there is no step `{name}`; `cargo xtask ci --list` names them").into());
    }
    let clock = Clock::system();
    let wanted = |step: &&Step| {
        let named = |names: &[String]| names.iter().any(|name| name == step.name);
        (arguments.only.is_empty() || named(&arguments.only)) && !named(&arguments.skip)
    };
    let mut report = Vec::new();
    for step in STEPS.iter().filter(wanted) {
        headline(step);
        let before = clock.monotonic();
        let mut command = Command::new(step.command[0]);
        command
            .args(&step.command[1..])
            .envs(step.environment.iter().copied())
            .current_dir(workspace.root());
        // A cargo inside a cargo would otherwise take this run's package for its own.
        command.env_remove("CARGO_MANIFEST_DIR");
        let status = command
            .status()
            .map_err(|error| format!("cannot run `{}`: {error}", step.command.join(" ")))?;
        let took = clock.monotonic() - before;
        if !status.success() {
            return Err(format!("step `{}` failed ({status}): {}", step.name, step.command.join(" ")).into());
        }
        report.push(format!("{:<14} {:>6.1} s", step.name, took.as_secs_f64()));
    }
    say("\nEvery step passed:");
    report.iter().for_each(|line| say(line));
    Ok(())
}

fn headline(step: &Step) {
    let (bold, plain) = if colours() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    say(&format!("\n{bold}== {}{plain}: {}", step.name, step.command.join(" ")));
}
