//! The queue listener against a model queue, with kills and faults at seeded points: no message may be lost.

use std::collections::BTreeMap;

use determinism::Rng;
use host_rules::machine::queue::{
    CallId, QueueEffect, QueueEvent, QueueListener, QueueOptions, QueueSettings, ReceivedMessage, StorageAnswer,
    StorageCall, StorageFailure,
};
use jiff::{SignedDuration, Timestamp};

const MESSAGES: usize = 30;
const QUEUE: &str = "work";
const POISON_QUEUE: &str = "work-poison";

/// A message as the model queue keeps it.
#[derive(Clone)]
struct Stored {
    text: String,
    dequeue_count: i64,
    visible_at: Timestamp,
    receipt: u64,
}

/// The two queues, without any rule of the listener in them.
struct Model {
    queues: BTreeMap<String, BTreeMap<u64, Stored>>,
    next: u64,
}

impl Model {
    fn apply(&mut self, now: Timestamp, call: &StorageCall, rng: &Rng) -> StorageAnswer {
        let failed = |status, code: &str| {
            StorageAnswer::Failed(StorageFailure::Status {
                status,
                code: code.to_owned(),
            })
        };
        let queue = match call {
            StorageCall::CreateQueue { queue } => {
                self.queues.entry(queue.clone()).or_default();
                return StorageAnswer::Done;
            }
            StorageCall::GetQueueMetadata { queue }
            | StorageCall::GetMessages { queue, .. }
            | StorageCall::UpdateMessage { queue, .. }
            | StorageCall::DeleteMessage { queue, .. }
            | StorageCall::PutMessage { queue, .. } => queue,
        };
        let Some(messages) = self.queues.get_mut(queue) else {
            return failed(404, "QueueNotFound");
        };
        self.next += 1;
        let receipt = self.next;
        match call {
            StorageCall::GetMessages { count, visibility, .. } => {
                let mut visible: Vec<u64> = messages
                    .iter()
                    .filter(|(_, message)| message.visible_at <= now)
                    .map(|(id, _)| *id)
                    .collect();
                rng.shuffle(&mut visible);
                visible.truncate(*count as usize);
                let receive = |id: u64, messages: &mut BTreeMap<u64, Stored>| {
                    let message = messages.get_mut(&id).unwrap();
                    message.dequeue_count += 1;
                    message.visible_at = now + *visibility;
                    message.receipt = receipt;
                    ReceivedMessage {
                        id: id.to_string(),
                        pop_receipt: receipt.to_string(),
                        dequeue_count: message.dequeue_count,
                        inserted: now,
                        expires: None,
                        next_visible: message.visible_at,
                        text: message.text.clone(),
                    }
                };
                StorageAnswer::Messages(visible.into_iter().map(|id| receive(id, messages)).collect())
            }
            StorageCall::UpdateMessage {
                id,
                pop_receipt,
                visibility,
                ..
            } => {
                let Some(message) = messages.get_mut(&id.parse().unwrap()) else {
                    return failed(404, "MessageNotFound");
                };
                if message.receipt.to_string() != *pop_receipt {
                    return failed(400, "PopReceiptMismatch");
                }
                message.visible_at = now + *visibility;
                message.receipt = receipt;
                StorageAnswer::Updated {
                    pop_receipt: receipt.to_string(),
                }
            }
            StorageCall::DeleteMessage { id, pop_receipt, .. } => {
                let id = id.parse().unwrap();
                match messages.get(&id) {
                    None => failed(404, "MessageNotFound"),
                    Some(message) if message.receipt.to_string() != *pop_receipt => failed(400, "PopReceiptMismatch"),
                    Some(_) => {
                        messages.remove(&id);
                        StorageAnswer::Done
                    }
                }
            }
            StorageCall::PutMessage { text, .. } => {
                let message = Stored {
                    text: text.clone(),
                    dequeue_count: 0,
                    visible_at: now,
                    receipt,
                };
                messages.insert(receipt, message);
                StorageAnswer::Done
            }
            StorageCall::GetQueueMetadata { .. } | StorageCall::CreateQueue { .. } => StorageAnswer::Done,
        }
    }
}

struct Simulation {
    rng: Rng,
    model: Model,
    now: Timestamp,
    listener: QueueListener,
    coming: Vec<(Timestamp, QueueEvent)>,
    faulty: bool,
    successes: BTreeMap<String, usize>,
    tries: BTreeMap<String, i64>,
    kills: usize,
}

fn settings() -> QueueSettings {
    let options = QueueOptions {
        batch_size: Some(4),
        new_batch_threshold: Some(2),
        max_dequeue_count: Some(3),
        visibility_timeout: Some(SignedDuration::from_secs(5)),
        message_encoding: Some(host_rules::machine::queue::MessageEncoding::None),
        ..QueueOptions::default()
    };
    QueueSettings::new(&options, 1, true).unwrap()
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let rng = Rng::seeded(seed);
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let stored = |text: String| Stored {
            text,
            dequeue_count: 0,
            visible_at: now,
            receipt: 0,
        };
        let messages = (0..MESSAGES as u64)
            .map(|index| (index, stored(format!("message {index}"))))
            .collect();
        let queues = BTreeMap::from([(QUEUE.to_owned(), messages)]);
        let listener = QueueListener::new("F", QUEUE, settings(), rng.fork());
        let model = Model { queues, next: 1000 };
        let mut simulation = Self {
            rng,
            model,
            now,
            listener,
            coming: Vec::new(),
            faulty: true,
            successes: BTreeMap::new(),
            tries: BTreeMap::new(),
            kills: 0,
        };
        simulation.coming.push((now, QueueEvent::Start));
        simulation
    }

    fn later(&self, most_milliseconds: u64) -> Timestamp {
        self.now + SignedDuration::from_millis(i64::try_from(self.rng.below(most_milliseconds)).unwrap())
    }

    /// A host that dies: what it was doing is gone, the next one starts a little later.
    fn kill(&mut self) {
        self.kills += 1;
        self.coming.clear();
        self.listener = QueueListener::new("F", QUEUE, settings(), self.rng.fork());
        self.coming.push((self.later(2000), QueueEvent::Start));
    }

    fn step(&mut self, event: QueueEvent) {
        let effects = self.listener.step(self.now, event);
        assert!(
            self.listener.in_flight() <= 6,
            "more than a batch and the threshold in flight"
        );
        for effect in effects {
            // A kill may come between any two effects.
            if self.faulty && self.rng.chance(0.01) {
                return self.kill();
            }
            match effect {
                QueueEffect::Call { id, call } => self.call(id, &call),
                QueueEffect::Run { run, message } => {
                    let text = String::from_utf8(message.body).unwrap();
                    *self.tries.entry(text.clone()).or_default() += 1;
                    let bad = text.ends_with('3');
                    let succeeded = !bad && self.rng.chance(0.7);
                    if succeeded {
                        *self.successes.entry(text).or_default() += 1;
                    }
                    // Some runs outlast two renewals of the lease.
                    let length = if self.rng.chance(0.05) { 900_000 } else { 3000 };
                    self.coming
                        .push((self.later(length), QueueEvent::RunEnded { run, succeeded }));
                }
                QueueEffect::StopHost { .. } => return self.kill(),
                QueueEffect::AbandonCall(_)
                | QueueEffect::SignalCancellation(_)
                | QueueEffect::Notify { .. }
                | QueueEffect::Log(_)
                | QueueEffect::Stopped => {}
            }
        }
    }

    fn call(&mut self, id: CallId, call: &StorageCall) {
        let busy = StorageAnswer::Failed(StorageFailure::Status {
            status: 503,
            code: "ServerBusy".to_owned(),
        });
        let lost = StorageAnswer::Failed(StorageFailure::Unreachable("reset".to_owned()));
        let answer = match self.rng.below(100) {
            0..5 if self.faulty => busy,
            // Applied, but the answer is lost.
            5..10 if self.faulty => {
                self.model.apply(self.now, call, &self.rng);
                lost
            }
            10..12 if self.faulty => lost,
            _ => self.model.apply(self.now, call, &self.rng),
        };
        self.coming.push((self.later(50), QueueEvent::Answered { id, answer }));
    }

    fn run(&mut self) {
        const STEPS: usize = 20_000;
        for step in 0..STEPS {
            self.faulty = step < 1500;
            let next = self
                .coming
                .iter()
                .enumerate()
                .min_by_key(|(_, (time, _))| *time)
                .map(|(index, (time, _))| (index, *time));
            let deadline = self.listener.next_deadline();
            match (next, deadline) {
                (Some((index, time)), deadline) if deadline.is_none_or(|deadline| time <= deadline) => {
                    self.now = self.now.max(time);
                    let (_, event) = self.coming.swap_remove(index);
                    self.step(event);
                }
                (_, Some(deadline)) => {
                    self.now = self.now.max(deadline);
                    self.step(QueueEvent::Tick);
                }
                _ => panic!("the listener waits for nothing"),
            }
            if self.model.queues[QUEUE].is_empty() && self.listener.in_flight() == 0 {
                return;
            }
        }
        panic!("{} messages are still there", self.model.queues[QUEUE].len());
    }

    fn check(&self) {
        let empty = BTreeMap::new();
        let poison = self.model.queues.get(POISON_QUEUE).unwrap_or(&empty);
        for index in 0..MESSAGES {
            let text = format!("message {index}");
            let poisoned = poison.values().filter(|message| message.text == text).count();
            let succeeded = self.successes.get(&text).copied().unwrap_or(0);
            assert!(poisoned + succeeded > 0, "{text} is lost");
            if poisoned == 0 {
                assert!(succeeded > 0, "{text} was deleted without success");
            }
            // A message runs at most as often as it may be received.
            assert!(
                self.tries.get(&text).copied().unwrap_or(0) <= 3,
                "{text} ran more often than allowed"
            );
        }
    }
}

#[test]
fn no_message_is_lost_whatever_fails() {
    const SEEDS: u64 = 200;
    let mut kills = 0;
    for seed in 0..SEEDS {
        let mut simulation = Simulation::new(seed);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            simulation.run();
            simulation.check();
        }));
        assert!(outcome.is_ok(), "seed {seed}");
        kills += simulation.kills;
    }
    assert!(kills > 100, "only {kills} kills: the faults do not bite");
}
