//! The command line of `cargo dev`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Runs the workspace's function apps on this machine the way the Azure Functions host runs them in Azure:
/// one command builds the apps, starts storage for them, drives their triggers and shows what happens.
///
/// Nothing else has to be installed or started. Everything that is kept (storage, journal, copies of the binaries)
/// lies in target/dev; `cargo dev clean` removes it.
#[derive(Debug, Parser)]
#[command(
    name = "cargo dev",
    bin_name = "cargo dev",
    version,
    args_conflicts_with_subcommands = true
)]
#[command(after_help = "Examples:
  cargo dev                                    all apps, dashboard on http://127.0.0.1:7070
  cargo dev --only scan_mirrors --no-timers    one app; its timers wait for you
  cargo dev run scan_mirrors/generate_mirror   run one function now and print what it did
  cargo dev run app/on_message --data '{\"id\":7}'
  cargo dev demo                               see the mirror status work, without any network

Settings of an app, strongest first: environment, local.settings.json, local.settings.example.json.")]
pub struct Cli {
    /// What to do; without a command all apps are started.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of a plain start.
    #[command(flatten)]
    pub start: StartOptions,
}

/// The commands beside a plain start.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one function now: prints its logs, outputs and duration, and fails if the function fails
    Run(RunOptions),
    /// Start everything on generated package mirrors, some of them with faults; needs no network
    Demo(StartOptions),
    /// Remove target/dev: storage, journal and copies of the binaries
    Clean,
}

/// How the apps are started.
#[derive(Args, Clone, Debug)]
pub struct StartOptions {
    /// Start only this app (repeat for several)
    #[arg(long, value_name = "APP")]
    pub only: Vec<String>,
    /// Keep storage in memory: nothing survives the end
    #[arg(long, conflicts_with = "storage")]
    pub memory: bool,
    /// Use this storage instead of the built-in one: `azurite` or a connection string
    #[arg(long, value_name = "azurite|CONNECTION STRING")]
    pub storage: Option<String>,
    /// Build and run the apps with optimisations
    #[arg(long)]
    pub release: bool,
    /// Do not fire timers; run them with `cargo dev run` or from the dashboard
    #[arg(long)]
    pub no_timers: bool,
    /// Enforce function keys as Azure does (without this they are accepted and ignored, as in Core Tools)
    #[arg(long)]
    pub keys: bool,
    /// First port of the apps' HTTP fronts; each app takes the next free one (0: any free port)
    #[arg(long, default_value_t = 7071, value_name = "PORT")]
    pub port: u16,
    /// Port of the dashboard; the next free one is used when it is taken (0: any free port)
    #[arg(long, default_value_t = 7070, value_name = "PORT")]
    pub dashboard_port: u16,
    /// First port of the built-in storage (Blob; Queue takes the next; 0: any free ports)
    #[arg(long, default_value_t = 10000, value_name = "PORT")]
    pub storage_port: u16,
    /// Print JSON lines instead of text
    #[arg(long)]
    pub json: bool,
    /// Start the binaries of the last build without building
    #[arg(long)]
    pub no_build: bool,
}

/// What to run once.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// The function, as APP/FUNCTION
    #[arg(value_name = "APP/FUNCTION")]
    pub function: String,
    /// The payload: message text, or the body of an HTTP call
    #[arg(long, conflicts_with_all = ["file", "example"])]
    pub data: Option<String>,
    /// Read the payload from this file
    #[arg(long, conflicts_with = "example")]
    pub file: Option<PathBuf>,
    /// Use the app's example payload (function_apps/APP/dev/examples/FUNCTION.json or .txt)
    #[arg(long)]
    pub example: bool,
    /// How apps are started if no development host is running
    #[command(flatten)]
    pub start: StartOptions,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_plain_start_takes_options_without_a_command() {
        let cli = Cli::try_parse_from(["cargo dev", "--only", "a", "--only", "b", "--no-timers"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.start.only, ["a", "b"]);
        assert!(cli.start.no_timers);
        assert_eq!((cli.start.port, cli.start.dashboard_port), (7071, 7070));
    }

    #[test]
    fn a_run_has_one_payload() {
        assert!(Cli::try_parse_from(["cargo dev", "run", "a/f", "--data", "x", "--file", "y"]).is_err());
        let cli = Cli::try_parse_from(["cargo dev", "run", "a/f", "--data", "x"]).unwrap();
        let Some(Command::Run(run)) = cli.command else {
            panic!("not a run")
        };
        assert_eq!((run.function.as_str(), run.data.as_deref()), ("a/f", Some("x")));
    }
}
