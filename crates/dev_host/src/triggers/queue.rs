//! The listener of one queue-triggered function. It listens while the app's handler can be asked: in Azure a handler that is
//! down stops the host, and the messages stay where they are.

use std::sync::Arc;
use std::time::Duration;

use functions_protocol::MessageEncoding;
use host_rules::machine::LogLevel;
use host_rules::machine::queue::MessageEncoding as RuleEncoding;
use host_rules::machine::queue::{
    CallId, QueueEffect, QueueEvent, QueueListener, QueueOptions, QueueSettings, RunId, StopKind, StorageAnswer,
    StorageCall, TriggerMessage,
};
use jiff::SignedDuration;
use storage_access::Storage;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendError;

use super::notes::{LeaseNotes, Notes, Purpose};
use crate::app::Function;
use crate::console::Level;
use crate::error_chain::chain;
use crate::host::{Host, RunningApp};
use crate::invoke::{Conclusion, Event, invoke};
use crate::storage::{Use, calls};

/// In Azure the platform starts a stopped host again; here the listener alone is started again after this pause.
const RESTART_PAUSE: Duration = Duration::from_secs(5);

/// Listens until the host stops, and then until the last run has ended.
pub async fn listen(host: Arc<Host>, app: Arc<RunningApp>, function: Function, queue: String, connection: String) {
    let storage = match host.connections.storage(&app.app.settings, &connection, Use::Listener) {
        Ok(storage) => storage,
        Err(error) => {
            let text = format!("{} does not listen to queue {queue}: {}", function.name, chain(&error));
            return host.console.line(&app.app.name, Level::Error, None, &text);
        }
    };
    let settings = match settings(&app) {
        Ok(settings) => settings,
        Err(problem) => return host.console.line(&app.app.name, Level::Error, None, &problem),
    };
    loop {
        if app.handler.is_down() {
            let text = format!(
                "{} does not listen to queue {queue} until the handler is started again; its messages stay",
                function.name
            );
            host.console.line(&app.app.name, Level::Warn, None, &text);
        }
        tokio::select! {
            () = app.handler.takes_invocations() => {}
            () = host.stopping() => return,
        }
        let (reports, inbox) = mpsc::unbounded_channel();
        let machine = QueueListener::new(&function.name, &queue, settings.clone(), host.rng.fork());
        let notes = Notes::new(&host, &app.app.name, &connection, &queue);
        let leases = notes.leases();
        let listener = Listener {
            host: host.clone(),
            app: app.clone(),
            function: function.clone(),
            queue: queue.clone(),
            storage: storage.clone(),
            machine,
            notes,
            reports,
            not_run: 0,
        };
        let ended = listener.run(inbox).await;
        if !matches!(ended, Ended::ToBeRestarted) {
            // Nothing runs any more. What is still held was received and not run.
            for id in leases.held() {
                give_back(&leases, &host, &storage, &id).await;
            }
        }
        match ended {
            Ended::Stopped => return,
            Ended::HandlerDown => {}
            Ended::ToBeRestarted => tokio::select! {
                () = host.clock.sleep(RESTART_PAUSE) => {}
                () = host.stopping() => return,
            },
        }
    }
}

fn settings(app: &RunningApp) -> Result<QueueSettings, String> {
    let written = &app.app.host.extensions.queues;
    let span = |span: functions_protocol::TimeSpan| SignedDuration::try_from(span.duration()).ok();
    let options = QueueOptions {
        batch_size: written.batch_size.map(i64::from),
        new_batch_threshold: written.new_batch_threshold.map(i64::from),
        max_dequeue_count: written.max_dequeue_count.map(i64::from),
        visibility_timeout: written.visibility_timeout.and_then(span),
        max_polling_interval: written.max_polling_interval.and_then(span),
        message_encoding: written.message_encoding.map(|encoding| match encoding {
            MessageEncoding::Base64 => RuleEncoding::Base64,
            MessageEncoding::None => RuleEncoding::None,
        }),
    };
    let processors = std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(1));
    // Core Tools set the environment `Development`, and so does this host.
    QueueSettings::new(&options, processors, true).map_err(|error| error.to_string())
}

enum Ended {
    Stopped,
    HandlerDown,
    ToBeRestarted,
}

/// What comes back to the listener.
enum Report {
    Answered(CallId, calls::Outcome),
    RunEnded(RunId, String, Box<Conclusion>),
    /// The handler was down, and the message has been given back.
    NotRun,
}

struct Listener {
    host: Arc<Host>,
    app: Arc<RunningApp>,
    function: Function,
    queue: String,
    storage: Storage,
    machine: QueueListener,
    notes: Notes,
    reports: mpsc::UnboundedSender<Report>,
    /// Messages given back because the handler was down. For the machine they are still in flight.
    not_run: usize,
}

impl Listener {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Report>) -> Ended {
        let mut notices = self.host.poison_notices.subscribe();
        let (mut stopping, mut handler_down) = (false, false);
        let mut event = QueueEvent::Start;
        loop {
            // Before the event: a run that failed with the handler must not make room for the next message.
            if !stopping && !handler_down && (self.not_run > 0 || self.app.handler.is_down()) {
                handler_down = true;
                for effect in self
                    .machine
                    .step(self.host.clock.now(), QueueEvent::Stop(StopKind::Drain))
                {
                    if self.carry_out(effect, None).is_some() {
                        return Ended::HandlerDown;
                    }
                }
            }
            let answered = if let QueueEvent::Answered { id, .. } = &event {
                Some(*id)
            } else {
                None
            };
            for effect in self.machine.step(self.host.clock.now(), event) {
                if let Some(ended) = self.carry_out(effect, answered) {
                    return match ended {
                        Ended::Stopped if handler_down && !stopping => Ended::HandlerDown,
                        ended => ended,
                    };
                }
            }
            if self.not_run > 0 && self.not_run == self.machine.in_flight() {
                // What is left are runs that do not come, of a machine that has stopped asking for more.
                return if stopping { Ended::Stopped } else { Ended::HandlerDown };
            }
            let deadline = self.machine.next_deadline();
            let tick = async {
                match deadline {
                    Some(deadline) => self.host.clock.sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            event = tokio::select! {
                Some(report) = inbox.recv() => self.take(report),
                Ok(queue) = notices.recv() => match queue == self.queue {
                    true => QueueEvent::MessageAdded,
                    // A tick before its time changes nothing.
                    false => QueueEvent::Tick,
                },
                () = self.host.stopping(), if !stopping => {
                    stopping = true;
                    QueueEvent::Stop(StopKind::Stop)
                }
                // A tick before its time changes nothing.
                () = self.app.handler.down(), if !handler_down && !stopping => QueueEvent::Tick,
                () = tick => QueueEvent::Tick,
            };
        }
    }

    fn take(&mut self, report: Report) -> QueueEvent {
        match report {
            Report::Answered(id, outcome) => {
                if let Some(put) = outcome.put {
                    self.notes.copied(id, put);
                }
                QueueEvent::Answered {
                    id,
                    answer: outcome.answer,
                }
            }
            Report::RunEnded(run, message, conclusion) => {
                let succeeded = conclusion.failure.is_none();
                self.notes.ended(&message, *conclusion);
                QueueEvent::RunEnded { run, succeeded }
            }
            Report::NotRun => {
                self.not_run += 1;
                QueueEvent::Tick
            }
        }
    }

    fn carry_out(&mut self, effect: QueueEffect, answered: Option<CallId>) -> Option<Ended> {
        match effect {
            QueueEffect::Call { id, call } => self.call(id, call, answered),
            // It is not cut off: messages that it brings all the same are given back, and the machine passes over the answer.
            QueueEffect::AbandonCall(_) => {}
            QueueEffect::Run { run, message } => self.start(run, message),
            // A custom handler is not told.
            QueueEffect::SignalCancellation(_) => {}
            QueueEffect::Notify { queue } => {
                // Without another listener there is nobody to wake.
                let _ = self.host.poison_notices.send(queue);
            }
            QueueEffect::Log(line) => {
                let level = match line.level {
                    LogLevel::Debug => return None,
                    LogLevel::Information => Level::Info,
                    LogLevel::Warning => Level::Warn,
                    LogLevel::Error => Level::Error,
                };
                self.host.console.line(&self.app.app.name, level, None, &line.text);
            }
            QueueEffect::StopHost { reason } => {
                let text = format!(
                    "queue {} cannot be served: {reason}. In Azure the host would stop now; here it tries again in {} s",
                    self.queue,
                    RESTART_PAUSE.as_secs()
                );
                self.host.console.line(&self.app.app.name, Level::Error, None, &text);
                return Some(Ended::ToBeRestarted);
            }
            QueueEffect::Stopped => return Some(Ended::Stopped),
        }
        None
    }

    fn start(&mut self, run: RunId, message: TriggerMessage) {
        let (host, app, function) = (self.host.clone(), self.app.clone(), self.function.clone());
        let (queue, reports) = (self.queue.clone(), self.reports.clone());
        let (storage, leases) = (self.storage.clone(), self.notes.leases());
        tokio::spawn(async move {
            let id = message.received.id.clone();
            let conclusion = invoke(&host, &app, &function, Event::Queue { queue, message }).await;
            if conclusion.handler_down {
                give_back(&leases, &host, &storage, &id).await;
                let _ = reports.send(Report::NotRun);
                return;
            }
            // A listener that has ended needs no report: its messages come back when their lease ends.
            let _ = reports.send(Report::RunEnded(run, id, Box::new(conclusion)));
        });
    }

    fn call(&mut self, id: CallId, call: StorageCall, answered: Option<CallId>) {
        if let Some(answered) = answered {
            self.notes.follows(answered, &call);
        }
        let (host, storage, reports) = (self.host.clone(), self.storage.clone(), self.reports.clone());
        let leases = self.notes.leases();
        let purpose = leases.purpose(&call);
        tokio::spawn(async move {
            let outcome = calls::make(&storage, &host.clock, call.clone()).await;
            // Written down before the machine hears of it: a kill after this frees the message at the next start.
            leases.note(&call, purpose, &outcome.answer);
            if let Err(SendError(Report::Answered(_, outcome))) = reports.send(Report::Answered(id, outcome)) {
                give_back_received(&leases, &host, &storage, &outcome.answer).await;
            }
        });
    }
}

/// Lets go of messages that came when nobody waited for them any more.
async fn give_back_received(leases: &LeaseNotes, host: &Host, storage: &Storage, answer: &StorageAnswer) {
    if let StorageAnswer::Messages(messages) = answer {
        for message in messages {
            give_back(leases, host, storage, &message.id).await;
        }
    }
}

/// Makes a message that is held visible at once. It has lost one try, as in Azure when a host stops.
async fn give_back(leases: &LeaseNotes, host: &Host, storage: &Storage, id: &str) {
    if let Some(call) = leases.release(id) {
        let outcome = calls::make(storage, &host.clock, call.clone()).await;
        leases.note(&call, Purpose::Other, &outcome.answer);
    }
}
