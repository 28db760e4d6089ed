//! The listener of one timer function.

use std::sync::Arc;

use host_rules::machine::timer::{TimerEffect, TimerEvent, TimerListener, TimerOptions};
use host_rules::schedule::Schedule;
use jiff::Timestamp;
use storage_access::{Access, BlobHeaders, Condition, Document, StorageError};
use tokio::sync::mpsc;

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
}

/// The container in which the host keeps its own state.
const HOSTS: &str = "azure-webjobs-hosts";

/// Fires the function by its schedule until the host stops; a run under way ends by itself.
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
    let mut machine = TimerListener::new(options, host.clock.now());
    let status = status_blob(&host, &app, &function);
    let (events, mut inbox) = mpsc::unbounded_channel();
    let mut event = TimerEvent::Start;
    loop {
        let ran = event == TimerEvent::RunEnded;
        for effect in machine.step(host.clock.now(), event) {
            match effect {
                TimerEffect::ReadStatus => {
                    let stored = match &status {
                        Some(status) => read(status).await,
                        None => Ok(None),
                    };
                    let stored = stored.unwrap_or_else(|error| {
                        warn(
                            &host,
                            &app,
                            &format!("the timer state of {} cannot be read: {}", function.name, chain(&error)),
                        );
                        None
                    });
                    // The receiver lives in this function.
                    let _ = events.send(TimerEvent::StatusRead { stored });
                }
                TimerEffect::WriteStatus { json } => {
                    if let Some(status) = &status
                        && let Err(error) = write(&host, &app, status, json).await
                    {
                        warn(
                            &host,
                            &app,
                            &format!(
                                "the timer state of {} cannot be written: {}",
                                function.name,
                                chain(&error)
                            ),
                        );
                    }
                }
                TimerEffect::Run { timer_info, reason } => {
                    app.timer(&function.name, |timer| timer.running = true);
                    let (host, app, function, events) = (host.clone(), app.clone(), function.clone(), events.clone());
                    tokio::spawn(async move {
                        invoke(&host, &app, &function, Event::Timer { timer_info, reason }).await;
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

fn status_blob(host: &Host, app: &RunningApp, function: &Function) -> Option<Document> {
    match host
        .connections
        .storage(&app.app.settings, "AzureWebJobsStorage", Use::Bindings)
    {
        Ok(storage) => {
            let path = format!("timers/{}/Host.Functions.{}/status", app.app.host_id(), function.name);
            Some(storage.container(HOSTS).document(&path))
        }
        Err(error) => {
            warn(
                host,
                app,
                &format!("the timer {} has no memory: {}", function.name, chain(&error)),
            );
            None
        }
    }
}

async fn read(status: &Document) -> Result<Option<String>, StorageError> {
    let stored = status.get().await?;
    Ok(stored.map(|stored| String::from_utf8_lossy(&stored.bytes).into_owned()))
}

async fn write(host: &Host, app: &RunningApp, status: &Document, json: String) -> Result<(), StorageError> {
    let put = || {
        status.put(
            json.clone().into(),
            Condition::Always,
            BlobHeaders::content_type("application/json"),
        )
    };
    match put().await {
        Err(error) if error.is_not_found() => {
            if let Ok(storage) = host
                .connections
                .storage(&app.app.settings, "AzureWebJobsStorage", Use::Bindings)
            {
                storage.container(HOSTS).create_if_absent(Access::Private).await?;
            }
            put().await.map(drop)
        }
        outcome => outcome.map(drop),
    }
}

fn warn(host: &Host, app: &RunningApp, text: &str) {
    host.console.line(&app.app.name, Level::Warn, None, text);
}
