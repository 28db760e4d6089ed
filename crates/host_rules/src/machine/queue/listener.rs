use std::collections::{BTreeMap, VecDeque};

use determinism::Rng;
use jiff::{SignedDuration, Timestamp};

use super::calls::{Calls, Purpose};
use super::ending::{Ending, Progress};
use super::event::{QueueEffect, QueueEvent, RunId, StopKind, TriggerMessage};
use super::settings::{MINIMUM_POLLING_INTERVAL, QueueSettings};
use super::storage::{ReceivedMessage, StorageAnswer, StorageCall, StorageFailure};
use crate::machine::backoff::Backoff;
use crate::machine::{LogLevel, LogLine};

/// How long a received message stays invisible; the lease is renewed at half time.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
const RENEWAL_INTERVAL: SignedDuration = SignedDuration::from_mins(5);
/// Queue names have at most 63 characters, `-poison` takes 7.
const LONGEST_NAME_WITH_POISON_QUEUE: usize = 56;
const POISON_SUFFIX: &str = "-poison";

/// The listener of one function on one queue. In flight at most `batch_size + new_batch_threshold` messages.
#[derive(Debug)]
pub struct QueueListener {
    function: String,
    queue: String,
    poison_queue: Option<String>,
    settings: QueueSettings,
    rng: Rng,
    poll: Poll,
    queue_exists: bool,
    backoff: Backoff,
    found_since_wait: bool,
    calls: Calls<RunId>,
    runs: BTreeMap<RunId, Run>,
    next_run: u64,
    stopping: Option<StopKind>,
    stopped: bool,
}

#[derive(Debug)]
enum Poll {
    Off,
    Waiting(Timestamp),
    Asking,
    Sorting(Box<Sorting>),
    /// Messages are in flight; the next receive comes when they are few enough.
    Full,
}

/// A received batch while its undecodable messages are moved away one after the other, before the rest of it runs.
#[derive(Debug, Default)]
struct Sorting {
    batch: VecDeque<ReceivedMessage>,
    decoded: Vec<TriggerMessage>,
    current: Option<(ReceivedMessage, Ending)>,
}

#[derive(Debug)]
struct Run {
    message: TriggerMessage,
    pop_receipt: String,
    renew_at: Option<Timestamp>,
    ending: Option<Ending>,
}

impl QueueListener {
    /// A listener that has not started.
    pub fn new(function: &str, queue: &str, settings: QueueSettings, rng: Rng) -> Self {
        let has_poison_queue = !queue.ends_with(POISON_SUFFIX) && queue.len() <= LONGEST_NAME_WITH_POISON_QUEUE;
        Self {
            function: function.to_owned(),
            queue: queue.to_owned(),
            poison_queue: has_poison_queue.then(|| format!("{queue}{POISON_SUFFIX}")),
            backoff: Backoff::new(MINIMUM_POLLING_INTERVAL, settings.max_polling_interval),
            settings,
            rng,
            poll: Poll::Off,
            queue_exists: false,
            found_since_wait: false,
            calls: Calls::new(),
            runs: BTreeMap::new(),
            next_run: 0,
            stopping: None,
            stopped: false,
        }
    }

    /// The name of the queue that poison messages go to, if there is one.
    pub fn poison_queue(&self) -> Option<&str> {
        self.poison_queue.as_deref()
    }

    /// Messages in flight: running, or being deleted, released or moved.
    pub fn in_flight(&self) -> usize {
        self.runs.len()
    }

    /// When the next [`QueueEvent::Tick`] is due; `None` while only answers and runs are awaited.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let poll = if let Poll::Waiting(until) = self.poll {
            Some(until)
        } else {
            None
        };
        let renewals = self.runs.values().filter_map(|run| run.renew_at);
        renewals.chain(poll).chain(self.calls.next_retry()).min()
    }

    /// Takes an event and says what to do.
    pub fn step(&mut self, now: Timestamp, event: QueueEvent) -> Vec<QueueEffect> {
        let mut effects = Vec::new();
        match event {
            QueueEvent::Start => {
                if self.stopping.is_none() && matches!(self.poll, Poll::Off) && !self.stopped {
                    self.poll_now(&mut effects);
                }
            }
            QueueEvent::Tick => self.tick(now, &mut effects),
            QueueEvent::Answered { id, answer } => {
                if let Some((purpose, result)) = self.calls.answered(id, answer, now, &self.rng) {
                    self.answered(now, purpose, result, &mut effects);
                }
            }
            QueueEvent::RunEnded { run, succeeded } => self.run_ended(run, succeeded, &mut effects),
            QueueEvent::MessageAdded => {
                if matches!(self.poll, Poll::Waiting(_)) {
                    self.poll_now(&mut effects);
                }
            }
            QueueEvent::Stop(kind) => self.stop(kind, &mut effects),
        }
        if matches!(self.poll, Poll::Full) && self.runs.len() <= self.settings.new_batch_threshold as usize {
            self.poll_now(&mut effects);
        }
        if self.stopping.is_some() && !self.stopped && self.runs.is_empty() {
            self.stopped = true;
            self.log(
                LogLevel::Debug,
                format!("Storage queue listener stopped (queue name='{}')", self.queue),
                &mut effects,
            );
            effects.push(QueueEffect::Stopped);
        }
        effects
    }

    fn tick(&mut self, now: Timestamp, effects: &mut Vec<QueueEffect>) {
        if matches!(self.poll, Poll::Waiting(until) if until <= now) {
            self.poll_now(effects);
        }
        let due: Vec<RunId> = self
            .runs
            .iter()
            .filter(|(_, run)| run.renew_at.is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            let Some(run) = self.runs.get_mut(&id) else { continue };
            run.renew_at = None;
            let call = StorageCall::UpdateMessage {
                queue: self.queue.clone(),
                id: run.message.received.id.clone(),
                pop_receipt: run.pop_receipt.clone(),
                visibility: LEASE,
            };
            self.call(Purpose::Renew(id), call, effects);
        }
        for (id, call) in self.calls.due(now) {
            effects.push(QueueEffect::Call { id, call });
        }
    }

    fn answered(
        &mut self,
        now: Timestamp,
        purpose: Purpose<RunId>,
        result: Result<StorageAnswer, StorageFailure>,
        effects: &mut Vec<QueueEffect>,
    ) {
        match purpose {
            Purpose::CheckQueue => match result {
                Ok(_) => {
                    self.queue_exists = true;
                    self.poll_now(effects);
                }
                Err(failure) => self.poll_failed(now, failure, effects),
            },
            Purpose::Receive => match result {
                Ok(StorageAnswer::Messages(mut messages)) => {
                    messages.truncate(self.settings.batch_size as usize);
                    let sorting = Sorting {
                        batch: messages.into(),
                        ..Sorting::default()
                    };
                    self.sort(Box::new(sorting), now, effects);
                }
                Ok(_) => self.wait(now, effects),
                Err(failure) => self.poll_failed(now, failure, effects),
            },
            Purpose::Undecodable => self.undecodable_answered(now, result, effects),
            Purpose::Renew(id) => self.renewed(now, id, result, effects),
            Purpose::Finish(id) => self.finish_answered(id, result, effects),
        }
    }

    fn call(&mut self, purpose: Purpose<RunId>, call: StorageCall, effects: &mut Vec<QueueEffect>) {
        let id = self.calls.start(purpose, call.clone());
        effects.push(QueueEffect::Call { id, call });
    }

    fn log(&self, level: LogLevel, text: String, effects: &mut Vec<QueueEffect>) {
        effects.push(QueueEffect::Log(LogLine::new(level, text)));
    }

    /// An exception nobody handles ends the polling and stops the host.
    fn fail(&mut self, reason: StorageFailure, effects: &mut Vec<QueueEffect>) {
        effects.push(QueueEffect::StopHost { reason });
    }

    fn poll_now(&mut self, effects: &mut Vec<QueueEffect>) {
        self.poll = Poll::Asking;
        let queue = self.queue.clone();
        if self.queue_exists {
            let call = StorageCall::GetMessages {
                queue,
                count: self.settings.batch_size,
                visibility: LEASE,
            };
            self.call(Purpose::Receive, call, effects);
        } else {
            self.call(Purpose::CheckQueue, StorageCall::GetQueueMetadata { queue }, effects);
        }
    }

    fn poll_failed(&mut self, now: Timestamp, failure: StorageFailure, effects: &mut Vec<QueueEffect>) {
        self.queue_exists = false;
        if failure.is_waited_out() {
            let text = format!(
                "Poll for function '{}' on queue '{}' threw an exception. This exception is handled and queue polling \
                 will resume after a delay. Message: '{failure}'",
                self.function, self.queue
            );
            self.log(LogLevel::Debug, text, effects);
            self.wait(now, effects);
        } else {
            self.poll = Poll::Off;
            self.fail(failure, effects);
        }
    }

    fn wait(&mut self, now: Timestamp, effects: &mut Vec<QueueEffect>) {
        let wait = self.backoff.next(std::mem::take(&mut self.found_since_wait), &self.rng);
        let text = format!(
            "Function '{}' will wait {} ms before polling queue '{}'.",
            self.function,
            wait.as_millis(),
            self.queue
        );
        self.log(LogLevel::Debug, text, effects);
        self.poll = Poll::Waiting(now.checked_add(wait).unwrap_or(Timestamp::MAX));
    }

    /// Decodes the received batch; stops at the first message that must go to the poison queue.
    fn sort(&mut self, mut sorting: Box<Sorting>, now: Timestamp, effects: &mut Vec<QueueEffect>) {
        while let Some(received) = sorting.batch.pop_front() {
            if let Some(body) = self.settings.message_encoding.decode(&received.text) {
                sorting.decoded.push(TriggerMessage { received, body });
                continue;
            }
            let warning = format!(
                "Message decoding has failed! Check MessageEncoding settings. MessageId={}.",
                received.id
            );
            self.log(LogLevel::Warning, warning, effects);
            if let Some(poison_queue) = &self.poison_queue {
                let ending = Ending::poison(&self.queue, &received.id, poison_queue, received.text.clone());
                let call = ending.call(&received.pop_receipt);
                sorting.current = Some((received, ending));
                self.poll = Poll::Sorting(sorting);
                self.log_poison(effects);
                return self.call(Purpose::Undecodable, call, effects);
            }
        }
        self.start_runs(sorting.decoded, now, effects);
    }

    fn log_poison(&self, effects: &mut Vec<QueueEffect>) {
        if let Some(poison_queue) = &self.poison_queue {
            let text = format!(
                "Message has reached MaxDequeueCount of {}. Moving message to queue '{poison_queue}'.",
                self.settings.max_dequeue_count
            );
            self.log(LogLevel::Warning, text, effects);
        }
    }

    fn undecodable_answered(
        &mut self,
        now: Timestamp,
        result: Result<StorageAnswer, StorageFailure>,
        effects: &mut Vec<QueueEffect>,
    ) {
        let Poll::Sorting(mut sorting) = std::mem::replace(&mut self.poll, Poll::Asking) else {
            return;
        };
        let Some((received, ending)) = sorting.current.take() else {
            return;
        };
        match ending.advance(result) {
            Progress::Continue { ending, copied_to } => {
                let call = ending.call(&received.pop_receipt);
                sorting.current = Some((received, ending));
                self.poll = Poll::Sorting(sorting);
                effects.extend(copied_to.map(|queue| QueueEffect::Notify { queue }));
                self.call(Purpose::Undecodable, call, effects);
            }
            Progress::Finished | Progress::Lost(_) => self.sort(sorting, now, effects),
            Progress::Fatal(failure) => {
                // The batch is lost to this host: its messages come back when their lease ends.
                self.poll = Poll::Off;
                self.fail(failure, effects);
            }
        }
    }

    fn start_runs(&mut self, decoded: Vec<TriggerMessage>, now: Timestamp, effects: &mut Vec<QueueEffect>) {
        if decoded.is_empty() {
            return self.wait(now, effects);
        }
        self.poll = Poll::Full;
        self.found_since_wait = true;
        for message in decoded {
            let exhausted = message.received.dequeue_count > self.settings.max_dequeue_count;
            if exhausted && self.poison_queue.is_none() {
                // Skipped without a trace at every receive, until it expires.
                continue;
            }
            let id = RunId(self.next_run);
            self.next_run += 1;
            let pop_receipt = message.received.pop_receipt.clone();
            let renew_at = if exhausted {
                None
            } else {
                now.checked_add(RENEWAL_INTERVAL).ok()
            };
            self.runs.insert(
                id,
                Run {
                    message: message.clone(),
                    pop_receipt,
                    renew_at,
                    ending: None,
                },
            );
            if exhausted {
                self.move_to_poison_queue(id, effects);
            } else {
                effects.push(QueueEffect::Run { run: id, message });
            }
        }
    }

    fn renewed(
        &mut self,
        now: Timestamp,
        id: RunId,
        result: Result<StorageAnswer, StorageFailure>,
        effects: &mut Vec<QueueEffect>,
    ) {
        match result {
            Ok(answer) => {
                if let (Some(run), StorageAnswer::Updated { pop_receipt }) = (self.runs.get_mut(&id), answer) {
                    run.pop_receipt = pop_receipt;
                    run.renew_at = now.checked_add(RENEWAL_INTERVAL).ok().filter(|_| run.ending.is_none());
                }
                self.resume_ending(id, effects);
            }
            // Gone or taken over: no further renewal; the function runs to its end.
            Err(failure) if failure.is_message_lost() => self.resume_ending(id, effects),
            Err(failure) => {
                self.fail(failure, effects);
                self.resume_ending(id, effects);
            }
        }
    }

    fn resume_ending(&mut self, id: RunId, effects: &mut Vec<QueueEffect>) {
        if let Some(Run {
            ending: Some(ending),
            pop_receipt,
            ..
        }) = self.runs.get(&id)
        {
            let call = ending.call(pop_receipt);
            self.call(Purpose::Finish(id), call, effects);
        }
    }

    fn run_ended(&mut self, id: RunId, succeeded: bool, effects: &mut Vec<QueueEffect>) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        if run.ending.is_some() {
            return;
        }
        run.renew_at = None;
        let received = &run.message.received;
        let (message_id, dequeue_count) = (received.id.clone(), received.dequeue_count);
        if succeeded {
            self.end(id, Ending::delete(&self.queue, &message_id), effects);
        } else if self.poison_queue.is_none() {
            // Released at once it would fail in a tight loop, so it is left to its lease.
            self.calls.abandon(|purpose| purpose == Purpose::Renew(id));
            self.runs.remove(&id);
        } else if dequeue_count >= self.settings.max_dequeue_count {
            self.move_to_poison_queue(id, effects);
        } else {
            let ending = Ending::release(&self.queue, &message_id, self.settings.visibility_timeout);
            self.end(id, ending, effects);
        }
    }

    fn move_to_poison_queue(&mut self, id: RunId, effects: &mut Vec<QueueEffect>) {
        let (Some(run), Some(poison_queue)) = (self.runs.get(&id), &self.poison_queue) else {
            return;
        };
        let text = self.settings.message_encoding.encode(&run.message.body);
        let ending = Ending::poison(&self.queue, &run.message.received.id, poison_queue, text);
        self.log_poison(effects);
        self.end(id, ending, effects);
    }

    /// Begins the last calls for a message. A renewal under way is awaited first: it brings the receipt they need.
    fn end(&mut self, id: RunId, ending: Ending, effects: &mut Vec<QueueEffect>) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        let call = ending.call(&run.pop_receipt);
        run.ending = Some(ending);
        if !self.calls.any(|purpose| purpose == Purpose::Renew(id)) {
            self.call(Purpose::Finish(id), call, effects);
        }
    }

    fn finish_answered(
        &mut self,
        id: RunId,
        result: Result<StorageAnswer, StorageFailure>,
        effects: &mut Vec<QueueEffect>,
    ) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        let Some(ending) = run.ending.take() else { return };
        match ending.advance(result) {
            Progress::Continue { ending, copied_to } => {
                let call = ending.call(&run.pop_receipt);
                run.ending = Some(ending);
                effects.extend(copied_to.map(|queue| QueueEffect::Notify { queue }));
                self.call(Purpose::Finish(id), call, effects);
            }
            Progress::Finished => {
                self.runs.remove(&id);
            }
            Progress::Lost(failure) => {
                self.runs.remove(&id);
                let text = format!("A message of queue '{}' could not be completed: {failure}", self.queue);
                self.log(LogLevel::Debug, text, effects);
            }
            Progress::Fatal(failure) => {
                self.runs.remove(&id);
                self.fail(failure, effects);
            }
        }
    }

    fn stop(&mut self, kind: StopKind, effects: &mut Vec<QueueEffect>) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(kind);
        self.poll = Poll::Off;
        let polling = |purpose| matches!(purpose, Purpose::CheckQueue | Purpose::Receive | Purpose::Undecodable);
        effects.extend(self.calls.abandon(polling).into_iter().map(QueueEffect::AbandonCall));
        if kind == StopKind::Stop {
            let running = self.runs.iter().filter(|(_, run)| run.ending.is_none());
            effects.extend(running.map(|(id, _)| QueueEffect::SignalCancellation(*id)));
        }
    }
}
