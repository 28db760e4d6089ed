//! Plays a queue listener against a captured trace: storage answers and functions end as recorded, the listener decides.

use std::collections::{BTreeMap, VecDeque};

use determinism::Rng;
use host_rules::machine::queue::{
    CallId, QueueEffect, QueueEvent, QueueListener, QueueSettings, ReceivedMessage, RunId, StopKind, StorageAnswer,
    StorageCall, StorageFailure,
};
use host_rules::machine::{LogLevel, LogLine};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::case::{name, text};

/// A recorded answer or event, with its time in milliseconds.
struct Entry {
    at: i64,
    call: String,
    details: Json,
}

/// A host that was killed, and the next one.
#[derive(Clone, Copy)]
struct Restart {
    killed_at: i64,
    started_at: i64,
}

/// What the listener did that the trace can be compared with.
#[derive(Default)]
pub(crate) struct Played {
    pub(crate) problems: Vec<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) waits: Vec<f64>,
    pub(crate) host_stops: usize,
    pub(crate) most_in_flight: usize,
    pub(crate) stopped: bool,
}

pub(crate) struct Player<'a> {
    case: &'a Json,
    settings: QueueSettings,
    /// Recorded storage answers still to be given, per call, queue and message.
    recorded: BTreeMap<String, VecDeque<Entry>>,
    ends: BTreeMap<(String, i64), VecDeque<Entry>>,
    commands: VecDeque<(i64, StopKind)>,
    restart: Option<Restart>,
    every_poll_is_recorded: bool,
    is_shortened: bool,
    listeners: BTreeMap<String, QueueListener>,
    coming: VecDeque<(i64, u64, String, QueueEvent)>,
    order: u64,
    last: i64,
    played: Played,
}

pub(crate) fn at(milliseconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_millis(milliseconds)
}

fn milliseconds(moment: Timestamp) -> i64 {
    // Rounded up: a deadline has come at the end of its millisecond.
    i64::try_from((moment.duration_since(at(0)).as_nanos() + 999_999) / 1_000_000).unwrap()
}

fn key(call: &str, queue: &str, id: &str) -> String {
    format!("{call} {queue} {id}")
}

impl<'a> Player<'a> {
    pub(crate) fn new(case: &'a Json, settings: QueueSettings) -> Self {
        let trace = case["trace"].as_array().unwrap();
        let mut player = Self {
            case,
            settings,
            recorded: BTreeMap::new(),
            ends: BTreeMap::new(),
            commands: VecDeque::new(),
            restart: None,
            every_poll_is_recorded: trace.iter().any(|entry| {
                entry["call"] == "GetMessages" && entry["details"]["messages"].as_array().is_some_and(Vec::is_empty)
            }),
            is_shortened: trace.iter().any(|entry| entry["call"] == "..."),
            listeners: BTreeMap::new(),
            coming: VecDeque::new(),
            order: 0,
            last: 0,
            played: Played::default(),
        };
        for entry in trace {
            player.record(entry);
        }
        player
    }

    fn record(&mut self, entry: &Json) {
        let at = entry["t_ms"].as_i64().unwrap_or(self.last);
        let call = text(entry, "/call").to_owned();
        let details = entry["details"].clone();
        let member = |name: &str| details.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let (queue, id) = (member("queue"), member("id"));
        let entry = Entry {
            at,
            call: call.clone(),
            details: details.clone(),
        };
        self.note_restart(&entry);
        self.last = self.last.max(at);
        match call.as_str() {
            "GetQueueMetadata" | "GetMessages" | "CreateQueue" => {
                if call == "GetMessages" {
                    let settings = self.settings.clone();
                    self.listeners.entry(queue.clone()).or_insert_with(|| {
                        QueueListener::new("F", &captured_name(self.case, &queue), settings, Rng::seeded(1))
                    });
                }
                let queue = self.recorded.entry(key(&call, &queue, "")).or_default();
                // A closed connection is tried again at once by the HTTP client itself, below the storage client.
                let repeated = details["status"] == "connection closed"
                    && queue
                        .back()
                        .is_some_and(|last| last.details["status"] == "connection closed" && at - last.at < 200);
                if !repeated {
                    queue.push_back(entry);
                }
            }
            "UpdateMessage" | "DeleteMessage" => self
                .recorded
                .entry(key(&call, &queue, &id))
                .or_default()
                .push_back(entry),
            "PutMessage" => {
                let text = member("text");
                self.recorded
                    .entry(key(&call, &queue, &text))
                    .or_default()
                    .push_back(entry);
            }
            "function end" => {
                let count = details["dequeueCount"].as_i64().unwrap();
                self.ends.entry((id, count)).or_default().push_back(entry);
            }
            "host stop called" => self.commands.push_back((at, StopKind::Stop)),
            "drain mode called" => self.commands.push_back((at, StopKind::Drain)),
            "application stop requested" if name(self.case).starts_with("sigterm") => {
                self.commands.push_back((at, StopKind::Stop));
            }
            _ => {}
        }
    }

    /// In the cases with a killed host the next host begins with its settings, or with the second receive of the message.
    fn note_restart(&mut self, entry: &Entry) {
        if !name(self.case).starts_with("killed") || self.restart.is_some() {
            return;
        }
        let id = entry.details.pointer("/messages/0/id");
        let begins = match id {
            Some(_) => {
                let mut receives = self
                    .recorded
                    .values()
                    .flatten()
                    .filter(|entry| entry.call == "GetMessages");
                receives.any(|earlier| earlier.details.pointer("/messages/0/id") == id)
            }
            None => entry.call == "options" && self.last > 0,
        };
        if begins {
            // The host was killed two seconds after the last thing it did, at the latest.
            self.restart = Some(Restart {
                killed_at: self.last + 2000,
                started_at: entry.at - 1,
            });
        }
    }

    pub(crate) fn play(mut self) -> Played {
        let queues: Vec<String> = self.listeners.keys().cloned().collect();
        let start = self
            .recorded
            .values()
            .flatten()
            .filter(|entry| entry.call.starts_with("Get"))
            .map(|entry| entry.at)
            .min();
        for queue in &queues {
            self.push(start.unwrap(), queue, QueueEvent::Start);
        }
        for (time, kind) in std::mem::take(&mut self.commands) {
            for queue in &queues {
                self.push(time, queue, QueueEvent::Stop(kind));
            }
        }
        const STEPS: usize = 20_000;
        for _ in 0..STEPS {
            let event = self.coming.iter().map(|(time, order, ..)| (*time, *order)).min();
            let deadline = self
                .listeners
                .iter()
                .filter_map(|(queue, it)| Some((milliseconds(it.next_deadline()?), queue.clone())))
                .min();
            let next = event
                .map(|(time, _)| time)
                .into_iter()
                .chain(deadline.as_ref().map(|(time, _)| *time))
                .min();
            if let Some(restart) = self.restart
                && next.is_none_or(|next| next > restart.killed_at.min(restart.started_at))
            {
                self.start_again(restart.started_at, &queues);
                continue;
            }
            match (event, deadline) {
                (event, Some((time, queue))) if event.is_none_or(|(next, _)| time < next) => {
                    // Behind the end of the trace only what is under way is brought to its end.
                    if time > self.last + 60_000 {
                        break;
                    }
                    self.step(time, &queue, QueueEvent::Tick);
                }
                (Some((time, order)), _) => {
                    let index = self
                        .coming
                        .iter()
                        .position(|(_, candidate, ..)| *candidate == order)
                        .unwrap();
                    let (_, _, queue, event) = self.coming.remove(index).unwrap();
                    self.step(time, &queue, event);
                }
                (None, _) => break,
            }
        }
        self.leftovers();
        self.played
    }

    fn start_again(&mut self, time: i64, queues: &[String]) {
        self.restart = None;
        self.coming.clear();
        for queue in queues {
            let listener = QueueListener::new(
                "F",
                &captured_name(self.case, queue),
                self.settings.clone(),
                Rng::seeded(2),
            );
            self.listeners.insert(queue.clone(), listener);
            self.push(time, queue, QueueEvent::Start);
        }
        // What the killed host was about to do never came.
        for entries in self.recorded.values_mut() {
            entries.retain(|entry| entry.at >= time);
        }
    }

    fn push(&mut self, time: i64, queue: &str, event: QueueEvent) {
        self.order += 1;
        self.coming.push_back((time, self.order, queue.to_owned(), event));
    }

    fn step(&mut self, time: i64, queue: &str, event: QueueEvent) {
        let Some(listener) = self.listeners.get_mut(queue) else {
            return;
        };
        let effects = listener.step(at(time), event);
        let in_flight = listener.in_flight();
        self.played.most_in_flight = self.played.most_in_flight.max(in_flight);
        for effect in effects {
            match effect {
                QueueEffect::Call { id, call } => self.call(time, queue, in_flight, id, &call),
                QueueEffect::Run { run, message } => self.run(time, queue, run, &message.received),
                QueueEffect::Notify { queue } => self.push(time, &queue, QueueEvent::MessageAdded),
                QueueEffect::Log(line) => self.log(line),
                QueueEffect::StopHost { .. } => {
                    self.played.host_stops += 1;
                    for queue in self.listeners.keys().cloned().collect::<Vec<_>>() {
                        self.push(time, &queue, QueueEvent::Stop(StopKind::Stop));
                    }
                }
                QueueEffect::Stopped => self.played.stopped = true,
                QueueEffect::AbandonCall(_) | QueueEffect::SignalCancellation(_) => {}
            }
        }
    }

    fn log(&mut self, line: LogLine) {
        if line.level == LogLevel::Warning {
            self.played.warnings.push(line.text);
        } else if let Some((_, wait)) = line.text.split_once("' will wait ") {
            self.played.waits.push(wait.split_once(' ').unwrap().0.parse().unwrap());
        }
    }

    fn run(&mut self, time: i64, queue: &str, run: RunId, received: &ReceivedMessage) {
        let end = self
            .ends
            .get_mut(&(received.id.clone(), received.dequeue_count))
            .and_then(VecDeque::pop_front);
        let outcome = end.as_ref().map(|end| (end.at, end.details["outcome"] == "ok"));
        // A function that the trace does not show could not be called: its value could not be converted.
        let could_not_be_called = (time, self.is_shortened);
        if name(self.case).starts_with("killed") && outcome.is_none() {
            return;
        }
        let (end, succeeded) = outcome.unwrap_or(could_not_be_called);
        self.push(end.max(time), queue, QueueEvent::RunEnded { run, succeeded });
    }

    fn call(&mut self, time: i64, listening: &str, in_flight: usize, id: CallId, call: &StorageCall) {
        let (key, parameters) = describe(self.case, call);
        if let StorageCall::GetMessages { .. } = call {
            let threshold = self.settings.new_batch_threshold as usize;
            if in_flight > threshold {
                self.played
                    .problems
                    .push(format!("received with {in_flight} in flight"));
            }
            let due = self
                .recorded
                .get(&key)
                .and_then(|entries| entries.front())
                .is_some_and(|entry| entry.at <= time);
            if !due && !self.every_poll_is_recorded {
                let waits_for_injected = self.recorded.get(&key).and_then(|entries| entries.front());
                // A failing poll comes when the listener polls, not before.
                if waits_for_injected.is_none_or(|entry| entry.details["status"] == 200) {
                    return self.push(
                        time,
                        listening,
                        QueueEvent::Answered {
                            id,
                            answer: StorageAnswer::Messages(Vec::new()),
                        },
                    );
                }
            }
        }
        let Some(entry) = self.recorded.get_mut(&key).and_then(VecDeque::pop_front) else {
            let expected = matches!(
                call,
                StorageCall::GetQueueMetadata { .. } | StorageCall::GetMessages { .. }
            );
            // A trace may end before its messages do.
            if !expected && !self.is_shortened && time <= self.last {
                self.played.problems.push(format!("extra call {key} at {time} ms"));
            }
            if !self.every_poll_is_recorded || !expected || name(self.case).starts_with("storage_unreachable") {
                let answer = if name(self.case).starts_with("storage_unreachable") {
                    StorageAnswer::Failed(StorageFailure::Unreachable("refused".to_owned()))
                } else if let StorageCall::GetMessages { .. } = call {
                    StorageAnswer::Messages(Vec::new())
                } else {
                    StorageAnswer::Done
                };
                self.push(time, listening, QueueEvent::Answered { id, answer });
            }
            return;
        };
        for (name, ours) in parameters {
            if entry.details.get(name) != Some(&ours) {
                let theirs = entry.details.get(name).cloned();
                self.played
                    .problems
                    .push(format!("{key}: {name} is {ours}, captured {theirs:?}"));
            }
        }
        if let Some(answer) = answer(&entry) {
            // One answer was held back by the proxy.
            let held = if name(self.case).starts_with("stop_while_get_in_flight") {
                2500
            } else {
                0
            };
            self.push(
                entry.at.max(time) + held,
                listening,
                QueueEvent::Answered { id, answer },
            );
        }
    }

    /// Recorded calls that the listener should have made.
    fn leftovers(&mut self) {
        for (key, entries) in &self.recorded {
            let polling = key.starts_with("Get");
            // What a function wrote itself is no call of the listener.
            let own = key.starts_with("PutMessage workout");
            let cut_off = polling && self.every_poll_is_recorded;
            for entry in entries {
                let failed_poll = polling && entry.details["status"] != 200;
                if !own && !cut_off && !self.is_shortened && !failed_poll {
                    self.played
                        .problems
                        .push(format!("missing call {key} of {} ms", entry.at));
                }
            }
        }
    }
}

/// The queue of 57 characters is called `work` in the trace.
fn captured_name(case: &Json, queue: &str) -> String {
    if name(case).starts_with("queue_name_57") {
        "q".repeat(57)
    } else {
        queue.to_owned()
    }
}

fn describe(case: &Json, call: &StorageCall) -> (String, Vec<(&'static str, Json)>) {
    let shown = |queue: &str| {
        if captured_name(case, "work") == queue {
            "work".to_owned()
        } else {
            queue.to_owned()
        }
    };
    let seconds = |span: &SignedDuration| Json::from(span.as_secs());
    match call {
        StorageCall::GetQueueMetadata { queue } => (key("GetQueueMetadata", &shown(queue), ""), Vec::new()),
        StorageCall::GetMessages {
            queue,
            count,
            visibility,
        } => (
            key("GetMessages", &shown(queue), ""),
            vec![
                ("numofmessages", Json::from(*count)),
                ("visibilitytimeout", seconds(visibility)),
            ],
        ),
        StorageCall::UpdateMessage {
            queue,
            id,
            pop_receipt,
            visibility,
        } => (
            key("UpdateMessage", &shown(queue), id),
            vec![
                ("popReceipt", Json::from(pop_receipt.as_str())),
                ("visibilitytimeout", seconds(visibility)),
            ],
        ),
        StorageCall::DeleteMessage { queue, id, pop_receipt } => (
            key("DeleteMessage", &shown(queue), id),
            vec![("popReceipt", Json::from(pop_receipt.as_str()))],
        ),
        StorageCall::PutMessage { queue, text } => (key("PutMessage", &shown(queue), text), Vec::new()),
        StorageCall::CreateQueue { queue } => (key("CreateQueue", &shown(queue), ""), Vec::new()),
    }
}

/// The answer of a recorded call; `None` when it never came.
fn answer(entry: &Entry) -> Option<StorageAnswer> {
    let Some(status) = entry.details["status"].as_u64() else {
        return match entry.details["status"].as_str() {
            Some("connection closed") => Some(StorageAnswer::Failed(StorageFailure::Unreachable("closed".to_owned()))),
            _ => None,
        };
    };
    if !(200..300).contains(&status) {
        let code = entry
            .details
            .get("code")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned();
        let status = u16::try_from(status).unwrap();
        return Some(StorageAnswer::Failed(StorageFailure::Status { status, code }));
    }
    if let Some(messages) = entry.details.get("messages").and_then(Json::as_array) {
        return Some(StorageAnswer::Messages(
            messages.iter().map(|message| received(message, entry.at)).collect(),
        ));
    }
    match entry.details.get("newPopReceipt").and_then(Json::as_str) {
        Some(pop_receipt) => Some(StorageAnswer::Updated {
            pop_receipt: pop_receipt.to_owned(),
        }),
        None => Some(StorageAnswer::Done),
    }
}

fn received(message: &Json, time: i64) -> ReceivedMessage {
    ReceivedMessage {
        id: text(message, "/id").to_owned(),
        pop_receipt: text(message, "/popReceipt").to_owned(),
        dequeue_count: message["dequeueCount"].as_i64().unwrap(),
        inserted: at(0),
        expires: None,
        next_visible: at(time + 600_000),
        text: text(message, "/text").to_owned(),
    }
}
