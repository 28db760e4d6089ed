//! Brings everything up, in order, and down again.

mod error;
mod handlers;
mod listeners;
mod lock;
mod release;
mod seeds;
mod table;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use determinism::{Clock, Rng};
use jiff::tz::TimeZone;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

pub use error::StartError;
pub use lock::{Instance, Lock};

use crate::app::{self, App, Layers};
use crate::build;
use crate::cli::StartOptions;
use crate::console::{Console, Level};
use crate::dashboard;
use crate::front;
use crate::handler_client::HandlerClient;
use crate::host::{Host, UnderWay, Warnings};
use crate::journal::{Journal, Limits};
use crate::settings::Redactor;
use crate::storage::{Leases, Seed, StorageChoice, StorageService};
use crate::supervisor::{Roster, bind_from};
use crate::topics::Topics;
use crate::website::{self, Website};
use crate::workspace::Workspace;

/// What is started, and how.
pub struct Setup {
    /// Where.
    pub workspace: Workspace,
    /// The command line's wishes.
    pub options: StartOptions,
    /// The machine's environment.
    pub environment: BTreeMap<String, String>,
    /// Settings given to every app, above all others (the demo's).
    pub settings: BTreeMap<String, String>,
    /// Blobs beside those of the apps' folders (the demo's).
    pub seeds: Vec<Seed>,
    /// Whether triggers are driven; `cargo dev run` drives none.
    pub triggers: bool,
    /// The terminal.
    pub console: Console,
    /// The one time.
    pub clock: Clock,
    /// The one source of chance.
    pub rng: Rng,
    /// The zone of schedules.
    pub zone: TimeZone,
}

/// A development host that is up.
pub struct Running {
    /// Its parts.
    pub host: Arc<Host>,
    /// The dashboard's address.
    pub dashboard: String,
    /// The website's address.
    pub website: Option<String>,
    listeners: JoinSet<()>,
    roster: Roster,
    _lock: Lock,
}

/// How long runs under way may take to end after the stop, before the handlers are killed.
const LAST_RUNS: Duration = Duration::from_secs(5);
/// How long the journal waits for the ends of runs whose handlers have been killed.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Starts everything and prints the table.
///
/// # Errors
/// Something without which no app can run fails; the text says what.
pub async fn start(setup: Setup) -> Result<Running, StartError> {
    let Setup {
        workspace,
        options,
        environment,
        settings,
        seeds,
        triggers,
        console,
        clock,
        rng,
        zone,
    } = setup;
    let began = clock.monotonic();
    let state = workspace.state().to_path_buf();
    std::fs::create_dir_all(&state).map_err(|source| StartError::State {
        path: state.clone(),
        source,
    })?;
    let lock = Lock::take(&state)?;
    let roster = Roster::at(&state);
    end_orphans(&roster, &console);

    let folders = chosen(&workspace, &options.only)?;
    let packages: Vec<String> = folders
        .iter()
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .map(|folder| name(folder))
        .collect();
    if !options.no_build {
        build::build(workspace.root(), &packages, options.release, &workspace.binaries()).await?;
    }

    let storage = StorageService::start(
        &storage_choice(&workspace, &options),
        options.storage_port,
        &clock,
        &rng,
    )?;
    let layers = Layers {
        environment,
        overrides: settings,
        storage: storage.connection_string.clone(),
    };
    let mut apps = Vec::new();
    for folder in &folders {
        let binary = packages
            .contains(&name(folder))
            .then(|| workspace.binaries().join(name(folder)));
        apps.push(app::load(folder, &layers, binary).map_err(|source| StartError::App {
            app: name(folder),
            source,
        })?);
    }
    console.introduce(apps.iter().map(|app| app.name.clone()));
    report_problems(&console, &apps);
    let redactor = apps.iter().fold(Redactor::default(), |redactor, app| {
        redactor.and(&Redactor::from_app(&app.settings))
    });

    let topics = Topics::default();
    let kept = (!options.memory).then_some(state.as_path());
    let journal_folder = workspace.journal();
    let journal = Journal::open(
        Some(&journal_folder),
        Limits::default(),
        topics.clone(),
        console.clone(),
    )
    .map_err(|source| StartError::State {
        path: journal_folder,
        source,
    })?;
    let (leases, left) = Leases::open(kept).map_err(|source| StartError::State {
        path: state.clone(),
        source,
    })?;
    release::release(&left, &leases, &apps, &storage.connections, &console).await;
    seeds::plant(&apps, &seeds, &storage, &options, &console).await;

    let mut fronts = Vec::new();
    let mut next_port = options.port;
    let mut running = Vec::new();
    for app in apps {
        let listener = bind_from(next_port).map_err(|source| StartError::Port {
            first: next_port,
            source,
        })?;
        let port = listener
            .local_addr()
            .map_err(|source| StartError::Port {
                first: next_port,
                source,
            })?
            .port();
        next_port = if options.port == 0 { 0 } else { port.saturating_add(1) };
        running.push(Arc::new(handlers::start(
            app, port, &console, &journal, &redactor, &topics, &roster, &clock, &rng,
        )));
        fronts.push(listener);
    }
    let website_folder = workspace.website();
    let host = Arc::new(Host {
        holder: lock.holder(&rng)?,
        client: HandlerClient::new(clock.clone()),
        warnings: Warnings::default(),
        under_way: UnderWay::default(),
        keys: options.keys.then(|| front::fresh_keys(&rng)),
        poison_notices: broadcast::Sender::new(64),
        connections: storage.connections.clone(),
        stop: watch::Sender::new(false),
        apps: running,
        zone,
        clock,
        rng,
        console,
        topics,
        journal,
        redactor,
        leases,
    });
    if let Some(emulator) = &storage.emulator {
        handlers::observe(emulator, &host);
    }
    for (app, listener) in host.apps.iter().zip(fronts) {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|source| StartError::Port {
            first: app.front_port,
            source,
        })?;
        let (host, app) = (host.clone(), app.clone());
        tokio::spawn(async move { front::serve(host, app, listener).await });
    }
    let website = serve_website(website_folder, &storage, next_port).await?;
    let dashboard = dashboard::start(&host, options.dashboard_port).await?;
    lock.announce(&Instance {
        dashboard: dashboard.clone(),
    })?;
    listeners::settled(&host).await;
    let mut listeners = JoinSet::new();
    if triggers {
        listeners::listen(&host, !options.no_timers, &mut listeners);
        listeners::next_runs_known(&host, !options.no_timers).await;
        table::print(
            &host,
            &dashboard,
            website.as_deref(),
            &storage.description,
            !options.no_timers,
            host.clock.monotonic().saturating_sub(began),
        );
    }
    Ok(Running {
        host,
        dashboard,
        website,
        listeners,
        roster,
        _lock: lock,
    })
}

impl Running {
    /// Stops listeners, gives running functions a moment, and ends the handlers.
    pub async fn stop(mut self) {
        self.host.stop.send_replace(true);
        let last_runs = async {
            while self.listeners.join_next().await.is_some() {}
            self.host.under_way.none().await;
        };
        // What is still running then is killed like in Azure; its messages are freed at the next start.
        let _ = self.host.clock.timeout(LAST_RUNS, last_runs).await;
        // The messages of the runs that are killed now have not failed.
        self.listeners.shutdown().await;
        for app in &self.host.apps {
            app.handler.stop().await;
        }
        // They end with their handler, and the journal tells how.
        let _ = self.host.clock.timeout(LAST_WORDS, self.host.under_way.none()).await;
        self.roster.clear();
    }
}

fn chosen(workspace: &Workspace, only: &[String]) -> Result<Vec<PathBuf>, StartError> {
    let folders = workspace.app_folders()?;
    if let Some(unknown) = only
        .iter()
        .find(|wanted| !folders.iter().any(|folder| name(folder) == **wanted))
    {
        let known = folders.iter().map(|folder| name(folder)).collect::<Vec<_>>().join(", ");
        return Err(StartError::UnknownApp {
            name: unknown.clone(),
            known,
        });
    }
    let folders: Vec<PathBuf> = folders
        .into_iter()
        .filter(|folder| only.is_empty() || only.contains(&name(folder)))
        .collect();
    if folders.is_empty() {
        Err(StartError::NoApps(workspace.root().join("function_apps")))
    } else {
        Ok(folders)
    }
}

fn name(folder: &std::path::Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn storage_choice(workspace: &Workspace, options: &StartOptions) -> StorageChoice {
    match options.storage.as_deref() {
        _ if options.memory => StorageChoice::Memory,
        None => StorageChoice::Folder(workspace.storage()),
        Some(word) if word.eq_ignore_ascii_case("azurite") => StorageChoice::Azurite,
        Some(text) => StorageChoice::Given(text.to_owned()),
    }
}

fn end_orphans(roster: &Roster, console: &Console) {
    match roster.end_orphans() {
        Ok(0) => {}
        Ok(count) => console.host(
            Level::Info,
            &format!("ended {count} handlers that a killed run had left behind"),
        ),
        Err(error) => console.host(
            Level::Warn,
            &format!("cannot look for handlers of a killed run: {error}"),
        ),
    }
}

fn report_problems(console: &Console, apps: &[App]) {
    for app in apps {
        for problem in &app.problems {
            let text = format!("function {} cannot run: {}", problem.function, problem.reason);
            console.line(&app.name, Level::Error, None, &text);
        }
        for warning in &app.warnings {
            console.line(&app.name, Level::Warn, None, warning);
        }
        if app.functions.is_empty() && app.problems.is_empty() {
            console.line(
                &app.name,
                Level::Warn,
                None,
                "has no function: no folder in it holds a function.json",
            );
        }
    }
}

async fn serve_website(
    folder: Option<PathBuf>,
    storage: &StorageService,
    first: u16,
) -> Result<Option<String>, StartError> {
    let Some(folder) = folder else { return Ok(None) };
    let port = |source| StartError::Port { first, source };
    let listener = tokio::net::TcpListener::from_std(bind_from(first).map_err(port)?).map_err(port)?;
    let address = format!("http://localhost:{}", listener.local_addr().map_err(port)?.port());
    let site = Website {
        folder,
        public: storage.public.clone(),
    };
    tokio::spawn(async move { website::serve(site, listener).await });
    Ok(Some(address))
}

/// The terminal for this process.
pub fn stdout_console(clock: &Clock, zone: &TimeZone, json: bool, no_colour: bool) -> Console {
    let style = crate::console::Style::for_stdout(json, no_colour);
    let out: Box<dyn Write + Send> = Box::new(std::io::stdout());
    Console::new(clock.clone(), zone.clone(), style, out)
}
