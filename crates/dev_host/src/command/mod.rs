//! Carries out the command line.

mod clean;
mod demo;
mod print;
mod run_once;

use std::collections::BTreeMap;
use std::process::ExitCode;

use determinism::{Clock, Rng};
use jiff::tz::TimeZone;

use crate::cli::{Cli, Command, StartOptions};
use crate::console::{Console, Level};
use crate::error_chain::chain;
use crate::start::{self, Setup, StartError, stdout_console};
use crate::workspace::Workspace;

/// Carries it out and gives the exit code: 0, or 1 with a line that says why.
pub async fn run(cli: Cli) -> ExitCode {
    let options = match &cli.command {
        None => &cli.start,
        Some(Command::Run(run)) => &run.start,
        Some(Command::Demo(start)) => start,
        Some(Command::Clean) => &cli.start,
    };
    let machine = Machine::read(options.json);
    let workspace = match std::env::current_dir()
        .map_err(|error| error.to_string())
        .and_then(|folder| Workspace::find(&folder).map_err(|error| chain(&error)))
    {
        Ok(workspace) => workspace,
        Err(problem) => return failed(&machine.console, &problem),
    };
    let outcome = match cli.command {
        None => serve(machine.setup(workspace, cli.start)).await,
        Some(Command::Demo(options)) => demo::run(&machine, workspace, options).await,
        Some(Command::Run(options)) => return run_once::run(&machine, workspace, options).await,
        Some(Command::Clean) => clean::run(&workspace, &machine.console).map_err(|error| error.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => failed(&machine.console, &problem),
    }
}

/// What is taken from this process once: environment, terminal, time, chance, zone.
struct Machine {
    environment: BTreeMap<String, String>,
    console: Console,
    clock: Clock,
    rng: Rng,
    zone: TimeZone,
}

impl Machine {
    fn read(json: bool) -> Self {
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let (clock, zone) = (Clock::system(), TimeZone::system());
        let no_colour = environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        let console = stdout_console(&clock, &zone, json, no_colour);
        Self {
            environment,
            console,
            clock,
            rng: Rng::from_entropy(),
            zone,
        }
    }

    fn setup(&self, workspace: Workspace, options: StartOptions) -> Setup {
        Setup {
            workspace,
            options,
            environment: self.environment.clone(),
            settings: BTreeMap::new(),
            seeds: Vec::new(),
            triggers: true,
            console: self.console.clone(),
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            zone: self.zone.clone(),
        }
    }
}

/// Starts, waits for Ctrl-C (or a termination request), and stops.
async fn serve(setup: Setup) -> Result<(), String> {
    let console = setup.console.clone();
    let running = tokio::select! {
        running = start::start(setup) => running.map_err(|error: StartError| chain(&error))?,
        // Dropping what has been started so far kills the handlers.
        () = asked_to_stop() => return Ok(()),
    };
    asked_to_stop().await;
    console.host(Level::Info, "stopping; Ctrl-C again to stop at once");
    tokio::select! {
        () = running.stop() => {}
        () = asked_to_stop() => {}
    }
    Ok(())
}

/// Ctrl-C, or SIGTERM as service managers and editors send it.
pub(crate) async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = async |kind| match signal(kind) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
        () = wait(SignalKind::hangup()) => {}
    }
}

fn failed(console: &Console, problem: &str) -> ExitCode {
    console.host(Level::Error, problem);
    ExitCode::FAILURE
}
