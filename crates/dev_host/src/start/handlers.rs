//! Starts the apps' handlers and listens to what they print and to what they ask of storage.

use std::sync::Arc;

use determinism::{Clock, Rng};
use storage_emulator::{Emulator, Operation};

use crate::app::App;
use crate::console::Console;
use crate::host::{Active, Host, RunningApp};
use crate::journal::{Journal, LogLine, MessageReference, Record, Sent};
use crate::settings::Redactor;
use crate::supervisor::{Handler, HandlerLine, HandlerSetup, Place, Roster, environment};
use crate::topics::{Topic, Topics};

#[expect(clippy::too_many_arguments, reason = "the parts of a host that does not exist yet")]
pub(super) fn start(
    app: App,
    front_port: u16,
    console: &Console,
    journal: &Journal,
    redactor: &Redactor,
    topics: &Topics,
    roster: &Roster,
    clock: &Clock,
    rng: &Rng,
) -> RunningApp {
    let active = Active::default();
    let on_line = {
        let (console, journal, redactor, clock) = (console.clone(), journal.clone(), redactor.clone(), clock.clone());
        let (name, active) = (app.name.clone(), active.clone());
        Arc::new(move |stream, line: &str| {
            let line = HandlerLine::parse(stream, &redactor.redact(line));
            if line.structured {
                active.names_invocations();
            }
            let invocation = line.invocation.as_deref().and_then(|beginning| active.named(beginning));
            console.line(&name, line.level, invocation.as_deref(), &line.text);
            if let Some(id) = invocation {
                let (at, level) = (clock.now(), line.level.word().to_owned());
                journal.append(Record::Log(LogLine {
                    id,
                    at,
                    level,
                    text: line.text,
                }));
            }
        })
    };
    let on_message = {
        let (console, redactor, topics, name) = (console.clone(), redactor.clone(), topics.clone(), app.name.clone());
        Box::new(move |level, text: &str| {
            console.line(&name, level, None, &redactor.redact(text));
            topics.changed(Topic::Apps);
        })
    };
    let environment = {
        let (settings, folder, rng) = (app.settings.clone(), app.folder.clone(), rng.clone());
        Box::new(move |handler_port| {
            let worker_id = rng.uuid();
            environment(
                &settings,
                &Place {
                    app_root: &folder,
                    handler_port,
                    front_port,
                    worker_id: &worker_id,
                },
            )
        })
    };
    let setup = HandlerSetup {
        executable: app.executable.clone(),
        initialization_timeout: app.initialization_timeout(),
        fixed_port: app.host.custom_handler.as_ref().and_then(|handler| handler.port),
        environment,
        on_line,
        on_message,
        roster: roster.clone(),
    };
    let handler = Handler::start(setup, clock.clone());
    let mut watched = handler.clone();
    let topics = topics.clone();
    tokio::spawn(async move {
        loop {
            watched.changed().await;
            topics.changed(Topic::Apps);
        }
    });
    RunningApp::new(app, handler, front_port, active)
}

/// Tells the journal which invocation put a message, and the pages that a queue changed.
pub(super) fn observe(emulator: &Emulator, host: &Arc<Host>) {
    // Weak: the emulator would otherwise keep alive what keeps it alive.
    let host = Arc::downgrade(host);
    emulator.observe(move |event| {
        let (Some(host), Some(queue)) = (host.upgrade(), &event.queue) else {
            return;
        };
        if event.message_ids.is_empty() {
            return;
        }
        host.topics.changed(Topic::Queues);
        let Some(invocation) = event
            .client_request_id
            .as_ref()
            .filter(|_| event.operation == Operation::PutMessage)
        else {
            return;
        };
        if !host.journal.look(|ring| ring.get(invocation).is_some()) {
            return;
        }
        for id in &event.message_ids {
            let message = MessageReference {
                queue: queue.clone(),
                id: id.clone(),
            };
            host.journal.append(Record::Sent(Sent {
                id: invocation.clone(),
                message,
            }));
        }
    });
}
