//! From the environment to a serving process.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use determinism::{Clock, Rng};
use functions_protocol::HostJson;
use tokio::net::TcpListener;

use crate::app::{DeclarationError, FunctionApp};
use crate::blocking::BlockingPool;
use crate::call::Shared;
use crate::context::{Cancellation, Process};
use crate::host_settings::limit;
use crate::logs::{self, LogSettings};
use crate::server::{BodyLimits, HttpServer, default_timeout, serve_until, time_allowed};
use crate::settings::{SettingProblem, Settings, SettingsError};

/// Exit code for settings that are missing or wrong (`EX_USAGE`): starting again will not help.
const BAD_SETTINGS: u8 = 64;

const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

/// Why an app did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Settings are missing or wrong.
    #[error("settings are missing or wrong:\n{0}")]
    Settings(SettingsError),
    /// The app's declaration is wrong.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// The port is taken or forbidden.
    #[error("listening on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server stopped.
    #[error("serving")]
    Serve(#[source] std::io::Error),
}

impl RunError {
    /// The exit code of a process that ends with this error: 64 for settings, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) => BAD_SETTINGS,
            _ => 1,
        }
    }
}

/// Runs an app until the process is asked to stop: reads the settings from the environment, makes the dependencies,
/// and serves the host's invocations on 127.0.0.1.
///
/// Ends with exit code 64 and a list of *all* missing or wrong settings, those that `connect` reports included, or
/// with 1 when it cannot serve. `connect` must therefore not wait for anything that is not there yet.
pub async fn run<D, C>(app: FunctionApp<D>, connect: C) -> ExitCode
where
    D: Send + Sync + 'static,
    C: AsyncFnOnce(&Settings) -> Result<D, SettingsError>,
{
    let settings = Settings::from_environment();
    match serve(app, settings, connect).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // stderr, and not the log: the host repeats a dead handler's last stderr lines in its own error.
            let _ = writeln!(std::io::stderr(), "{}", crate::failure::chain(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

/// As [`run`], with settings given as values.
///
/// # Errors
/// See [`RunError`].
pub async fn serve<D, C>(app: FunctionApp<D>, settings: Settings, connect: C) -> Result<(), RunError>
where
    D: Send + Sync + 'static,
    C: AsyncFnOnce(&Settings) -> Result<D, SettingsError>,
{
    app.check()?;
    let clock = Clock::system();
    let mut problems = app.setting_problems(&settings);
    let log = LogSettings::from_settings(&settings);
    let port = settings.parsed::<u16>(PORT).and_then(|port| port.ok_or_else(no_port));
    let port = port.map_err(|problem| problems.push(problem));
    if let Ok(log) = log {
        log.install(clock.clone());
    }
    let connected = connect(&app.with_defaults(&settings))
        .await
        .map_err(|error| problems.extend(error.into_problems()));
    let (Ok(deps), Ok(port), true) = (connected, port, problems.is_empty()) else {
        return Err(RunError::Settings(one_for_each(problems)));
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| RunError::Bind { address, source })?;
    // Another than asked for if that was 0.
    let address = listener.local_addr().unwrap_or(address);
    logs::install_panic_hook();
    let server = server(app, deps, &settings, clock);
    tracing::info!(
        "{} serves {} functions on {address}",
        server.app.name(),
        server.app.functions.len()
    );
    serve_until(listener, server, stop_signal())
        .await
        .map_err(RunError::Serve)
}

/// Waits until the process is asked to stop. The host never asks, it kills; people and other supervisors do.
async fn stop_signal() {
    let interrupted = async {
        // Without a handler the default action ends the process, which is as good.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminations) => drop(terminations.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

fn no_port() -> SettingProblem {
    SettingProblem::new(
        PORT,
        "missing; the Functions host sets it, so start the app by `cargo dev` or `func start`",
    )
}

/// One problem for each setting, by name. Declaration and `connect` often find the same one, such as a connection that
/// is missing; the longer text is the one that says what to do.
fn one_for_each(mut problems: Vec<SettingProblem>) -> SettingsError {
    problems.sort_by(|one, other| {
        let by_name = one.name.cmp(&other.name);
        by_name.then_with(|| other.reason.len().cmp(&one.reason.len()))
    });
    problems.dedup_by(|later, kept| later.name == kept.name);
    problems.into_iter().collect()
}

fn server<D: Send + Sync + 'static>(app: FunctionApp<D>, deps: D, settings: &Settings, clock: Clock) -> HttpServer<D> {
    let host = host_json(&app, settings);
    let default = default_timeout(settings.get("WEBSITE_SKU") == Some("Dynamic"));
    let process = Process {
        encoding: host.extensions.queues.message_encoding(),
        rng: Rng::from_entropy(),
        blocking: BlockingPool::one_per_core(),
        stopping: Cancellation::default(),
        time_allowed: limit(host.function_timeout, default).map(time_allowed),
    };
    let store = app.store.as_ref().map(|store| store(&deps));
    let shared = Shared {
        store,
        deps: Arc::new(deps),
        process: Arc::new(process),
    };
    HttpServer {
        app,
        shared: Arc::new(shared),
        clock,
        limits: BodyLimits::new(),
        in_dev_host: settings.get("DEV_HOST") == Some("1"),
    }
}

/// The host.json that the host uses: the file in the app's folder, with the settings that override it. Where the file
/// cannot be read, the app's own declaration stands in.
fn host_json<D>(app: &FunctionApp<D>, settings: &Settings) -> HostJson {
    let declared = || app.host.over(&HostJson::default(), app.name);
    let Some(folder) = settings.get("FUNCTIONS_APP_ROOT_PATH") else {
        return declared();
    };
    let Ok(text) = std::fs::read_to_string(std::path::Path::new(folder).join("host.json")) else {
        return declared();
    };
    HostJson::read_with_settings(&text, settings.iter()).map_or_else(|_| declared(), |read| read.document)
}
