//! `cargo dev run <app>/<function>`.

use std::process::ExitCode;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::{Machine, asked_to_stop, failed, print};
use crate::by_hand;
use crate::cli::RunOptions;
use crate::dashboard::{RunAnswer, RunRequest};
use crate::error_chain::chain;
use crate::start::{self, Instance, Setup};
use crate::workspace::Workspace;

/// A run's outputs and logs may be long, but not endless.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;

/// Runs it in the development host that is up, or in one started for it. The exit code is that of the function: 0 or 1.
pub(super) async fn run(machine: &Machine, workspace: Workspace, options: RunOptions) -> ExitCode {
    let Some((app, function)) = options.function.split_once('/') else {
        return failed(
            &machine.console,
            "name the function as APP/FUNCTION, such as scan_mirrors/generate_mirror",
        );
    };
    let input = match (&options.data, &options.file) {
        (Some(data), _) => Some(data.clone()),
        (None, Some(file)) => match std::fs::read_to_string(file) {
            Ok(text) => Some(text),
            Err(error) => return failed(&machine.console, &format!("cannot read {}: {error}", file.display())),
        },
        (None, None) => None,
    };
    let request = RunRequest {
        app: app.to_owned(),
        function: function.to_owned(),
        input,
    };
    let finished = match Instance::find(workspace.state()) {
        Some(instance) => ask(&instance, &request).await,
        None => run_here(machine, workspace, &options, request).await,
    };
    match finished {
        Ok(finished) => {
            print::finished(&machine.console, &options.function, &finished);
            if finished.failure.is_some() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            }
        }
        Err(problem) => failed(&machine.console, &problem),
    }
}

/// Starts the app alone, with no trigger driven, and stops it again.
async fn run_here(
    machine: &Machine,
    workspace: Workspace,
    options: &RunOptions,
    request: RunRequest,
) -> Result<by_hand::Finished, String> {
    let mut start = options.start.clone();
    start.only = vec![request.app.clone()];
    // Other ports than those of a development host that somebody may start meanwhile do no harm.
    (start.port, start.dashboard_port) = (0, 0);
    let setup = Setup {
        triggers: false,
        ..machine.setup(workspace, start)
    };
    let stopped = || Err("stopped before the function had ended".to_owned());
    let running = tokio::select! {
        running = start::start(setup) => running.map_err(|error| chain(&error))?,
        // Dropping what has been started so far kills the handler.
        () = asked_to_stop() => return stopped(),
    };
    let ran = tokio::select! {
        ran = by_hand::run(&running.host, &request.app, &request.function, request.input) => {
            ran.map_err(|error| error.to_string())
        }
        () = asked_to_stop() => stopped(),
    };
    tokio::select! {
        () = running.stop() => {}
        () = asked_to_stop() => {}
    }
    ran
}

/// Asks the running one.
async fn ask(instance: &Instance, request: &RunRequest) -> Result<by_hand::Finished, String> {
    let body = serde_json::to_vec(request).map_err(|error| error.to_string())?;
    let request = Request::post(format!("{}/api/run", instance.dashboard))
        .header(header::ORIGIN, &instance.dashboard)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| error.to_string())?;
    let unreachable = |error: &dyn std::error::Error| {
        format!(
            "the running development host ({}) does not answer: {}",
            instance.dashboard,
            chain(error)
        )
    };
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.map_err(|error| unreachable(&error))?;
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
    let body = body.map_err(|error| unreachable(error.as_ref()))?.to_bytes();
    match serde_json::from_slice(&body) {
        Ok(RunAnswer::Finished(finished)) => Ok(finished),
        Ok(RunAnswer::Refused(problem)) => Err(problem),
        Err(_) => Err(format!(
            "the running development host answered: {}",
            String::from_utf8_lossy(&body)
        )),
    }
}
