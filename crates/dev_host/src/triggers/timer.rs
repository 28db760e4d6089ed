//! The listener of one timer function.

use std::sync::Arc;

use host_rules::machine::timer::{TimerEffect, TimerEvent, TimerListener, TimerOptions};
use host_rules::schedule::Schedule;
use jiff::Timestamp;
use storage_access::{Access, BlobHeaders, Condition, Storage, StorageError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::singleton::{HOSTS, Singleton};
use crate::app::Function;
use crate::console::Level;
use crate::error_chain::chain;
use crate::host::{Host, RunningApp};
use crate::invoke::{Event, invoke};
use crate::storage::Use;
use crate::topics::Topic;

/// What a page shows of a timer.
#[derive(Clone, Debug, Default)]
pub struct TimerState {
    /// The next run; none while it runs, or when timers are off.
    pub next: Option<Timestamp>,
    /// Whether it runs now.
    pub running: bool,
    /// The last regular run.
    pub last: Option<Timestamp>,
    /// Whether another host fires it, or nobody can tell.
    pub elsewhere: bool,
}

/// Fires the function by its schedule while this host holds the timer's lock, until the host stops; a run under way is
/// waited for.
pub async fn listen(
    host: Arc<Host>,
    app: Arc<RunningApp>,
    function: Function,
    schedule: Schedule,
    run_on_startup: bool,
    use_monitor: bool,
) {
    let options = TimerOptions {
        schedule,
        use_monitor,
        run_on_startup,
        zone: host.zone.clone(),
    };
    let storage = state_storage(&host, &app, &function);
    let singleton = Singleton::new(&host, &app, &function, storage.as_ref());
    let status = storage.as_ref().map(|storage| Status {
        storage,
        path: format!("timers/{}/Host.Functions.{}/status", app.app.host_id(), function.name),
    });
    let mut runs = JoinSet::new();
    loop {
        if app.handler.is_down() {
            let text = format!(
                "timer {} does not fire until the handler is started again",
                function.name
            );
            warn(&host, &app, &text);
        }
        // In Azure the host would have stopped with its handler; what is missed meanwhile is past due afterwards.
        tokio::select! {
            () = app.handler.takes_invocations() => {}
            () = host.stopping() => return,
        }
        let Some(hold) = singleton.acquire().await else { return };
        tokio::select! {
            () = fire(&host, &app, &function, options.clone(), status.as_ref(), &mut runs) => {
                // The lock is kept until the run is over: no other host runs the function meanwhile.
                while runs.join_next().await.is_some() {}
                return hold.release().await;
            }
            () = app.handler.down() => {
                app.timer(&function.name, |timer| timer.next = None);
                while runs.join_next().await.is_some() {}
                hold.release().await;
            }
            () = hold.lost() => {
                let text = format!("the lock of timer {} is lost: it does not fire until it is had again", function.name);
                warn(&host, &app, &text);
                app.timer(&function.name, |timer| timer.next = None);
            }
        }
        while runs.join_next().await.is_some() {}
        app.timer(&function.name, |timer| timer.running = false);
    }
}

/// Fires by the machine's word until the host stops.
async fn fire(
    host: &Arc<Host>,
    app: &Arc<RunningApp>,
    function: &Function,
    options: TimerOptions,
    status: Option<&Status<'_>>,
    runs: &mut JoinSet<()>,
) {
    let mut machine = TimerListener::new(options, host.clock.now());
    let (events, mut inbox) = mpsc::unbounded_channel();
    let mut event = TimerEvent::Start;
    loop {
        let ran = event == TimerEvent::RunEnded;
        for effect in machine.step(host.clock.now(), event) {
            match effect {
                TimerEffect::ReadStatus => {
                    let stored = match status {
                        Some(status) => status.read().await,
                        None => Ok(None),
                    };
                    let stored = stored.unwrap_or_else(|error| {
                        let (name, problem) = (&function.name, chain(&error));
                        warn(
                            host,
                            app,
                            &format!("the timer state of {name} cannot be read: {problem}"),
                        );
                        None
                    });
                    // The receiver lives in this function.
                    let _ = events.send(TimerEvent::StatusRead { stored });
                }
                TimerEffect::WriteStatus { json } => {
                    if let Some(status) = status
                        && let Err(error) = status.write(json).await
                    {
                        let (name, problem) = (&function.name, chain(&error));
                        warn(
                            host,
                            app,
                            &format!("the timer state of {name} cannot be written: {problem}"),
                        );
                    }
                }
                TimerEffect::Run { timer_info, reason } => {
                    app.timer(&function.name, |timer| timer.running = true);
                    let (host, app, function, events) = (host.clone(), app.clone(), function.clone(), events.clone());
                    // Collected here so that a timer that runs for weeks keeps one ended run at most.
                    while runs.try_join_next().is_some() {}
                    runs.spawn(async move {
                        invoke(&host, &app, &function, Event::Timer { timer_info, reason }).await;
                        // After the loss of the lock nobody listens.
                        let _ = events.send(TimerEvent::RunEnded);
                    });
                }
            }
        }
        let next = machine.next_deadline();
        let now = host.clock.now();
        app.timer(&function.name, |timer| {
            timer.next = next;
            if ran {
                (timer.running, timer.last) = (false, Some(now));
            }
        });
        host.topics.changed(Topic::Timers);
        let tick = async {
            match next {
                Some(next) => host.clock.sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        event = tokio::select! {
            Some(event) = inbox.recv() => event,
            () = tick => TimerEvent::Tick,
            () = host.stopping() => return,
        };
    }
}

/// Where the app's timers keep state and locks; none, with a warning, when its connection cannot be used.
fn state_storage(host: &Host, app: &RunningApp, function: &Function) -> Option<Storage> {
    let storage = host
        .connections
        .storage(&app.app.settings, "AzureWebJobsStorage", Use::Bindings);
    storage
        .inspect_err(|error| {
            let text = format!(
                "the timer {} has no memory and no lock: {}",
                function.name,
                chain(error)
            );
            warn(host, app, &text);
        })
        .ok()
}

/// The blob that remembers a timer's last and next run.
struct Status<'a> {
    storage: &'a Storage,
    path: String,
}

impl Status<'_> {
    async fn read(&self) -> Result<Option<String>, StorageError> {
        let stored = self.storage.container(HOSTS).document(&self.path).get().await?;
        Ok(stored.map(|stored| String::from_utf8_lossy(&stored.bytes).into_owned()))
    }

    async fn write(&self, json: String) -> Result<(), StorageError> {
        let container = self.storage.container(HOSTS);
        let document = container.document(&self.path);
        let put = || {
            let headers = BlobHeaders::content_type("application/json");
            document.put(json.clone().into(), Condition::Always, headers)
        };
        match put().await {
            Err(error) if error.is_not_found() => {
                container.create_if_absent(Access::Private).await?;
                put().await.map(drop)
            }
            outcome => outcome.map(drop),
        }
    }
}

fn warn(host: &Host, app: &RunningApp, text: &str) {
    host.console.line(&app.app.name, Level::Warn, None, text);
}
