//! The listener of one queue-triggered function.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use functions_protocol::MessageEncoding;
use host_rules::machine::LogLevel;
use host_rules::machine::queue::MessageEncoding as RuleEncoding;
use host_rules::machine::queue::{
    CallId, QueueEffect, QueueEvent, QueueListener, QueueOptions, QueueSettings, RunId, StopKind, StorageCall,
    TriggerMessage,
};
use jiff::SignedDuration;
use storage_access::Storage;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::ledger::Ledger;
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
        let (reports, inbox) = mpsc::unbounded_channel();
        let machine = QueueListener::new(&function.name, &queue, settings.clone(), host.rng.fork());
        let listener = Listener {
            host: host.clone(),
            app: app.clone(),
            function: function.clone(),
            queue: queue.clone(),
            storage: storage.clone(),
            machine,
            ledger: Ledger::new(&host, &app.app.name, &connection, &queue),
            reports,
            calls: HashMap::new(),
        };
        let Ended::ToBeRestarted = listener.run(inbox).await else {
            return;
        };
        tokio::select! {
            () = host.clock.sleep(RESTART_PAUSE) => {}
            () = host.stopping() => return,
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
    ToBeRestarted,
}

/// What comes back to the listener.
enum Report {
    Answered(CallId, calls::Outcome),
    RunEnded(RunId, String, Box<Conclusion>),
}

struct Listener {
    host: Arc<Host>,
    app: Arc<RunningApp>,
    function: Function,
    queue: String,
    storage: Storage,
    machine: QueueListener,
    ledger: Ledger,
    reports: mpsc::UnboundedSender<Report>,
    calls: HashMap<CallId, AbortHandle>,
}

impl Listener {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Report>) -> Ended {
        let mut notices = self.host.poison_notices.subscribe();
        let mut stopping = false;
        let mut event = QueueEvent::Start;
        loop {
            let answered = if let QueueEvent::Answered { id, .. } = &event {
                Some(*id)
            } else {
                None
            };
            for effect in self.machine.step(self.host.clock.now(), event) {
                if let Some(ended) = self.carry_out(effect, answered) {
                    return ended;
                }
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
                () = tick => QueueEvent::Tick,
            };
        }
    }

    fn take(&mut self, report: Report) -> QueueEvent {
        match report {
            Report::Answered(id, outcome) => {
                self.calls.remove(&id);
                if let Some(put) = outcome.put {
                    self.ledger.copied(id, put);
                }
                QueueEvent::Answered {
                    id,
                    answer: outcome.answer,
                }
            }
            Report::RunEnded(run, message, conclusion) => {
                let succeeded = conclusion.failure.is_none();
                self.ledger.ended(&message, *conclusion);
                QueueEvent::RunEnded { run, succeeded }
            }
        }
    }

    fn carry_out(&mut self, effect: QueueEffect, answered: Option<CallId>) -> Option<Ended> {
        match effect {
            QueueEffect::Call { id, call } => self.call(id, call, answered),
            QueueEffect::AbandonCall(id) => {
                if let Some(call) = self.calls.remove(&id) {
                    call.abort();
                }
            }
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
        tokio::spawn(async move {
            let id = message.received.id.clone();
            let conclusion = invoke(&host, &app, &function, Event::Queue { queue, message }).await;
            // A listener that has ended needs no report: its messages come back when their lease ends.
            let _ = reports.send(Report::RunEnded(run, id, Box::new(conclusion)));
        });
    }

    fn call(&mut self, id: CallId, call: StorageCall, answered: Option<CallId>) {
        if let Some(answered) = answered {
            self.ledger.follows(answered, &call);
        }
        let (host, storage, reports) = (self.host.clone(), self.storage.clone(), self.reports.clone());
        let ledger = self.ledger.leases();
        let task = tokio::spawn(async move {
            let outcome = calls::make(&storage, &host.clock, call.clone()).await;
            // Written down before the machine hears of it: a kill after this frees the message at the next start.
            ledger.note(&call, &outcome.answer);
            let _ = reports.send(Report::Answered(id, outcome));
        });
        self.calls.insert(id, task.abort_handle());
    }
}
