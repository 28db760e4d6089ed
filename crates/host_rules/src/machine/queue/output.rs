use std::collections::VecDeque;

use determinism::Rng;
use jiff::Timestamp;

use super::calls::{Calls, Purpose};
use super::settings::MessageEncoding;
use super::storage::{CallId, StorageAnswer, StorageCall, StorageFailure};

/// Sends the messages of one queue output, one after the other. What was sent before a failure stays sent.
#[derive(Debug)]
pub struct QueueOutput {
    queue: String,
    waiting: VecDeque<String>,
    calls: Calls<Step>,
    rng: Rng,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Send,
    Create,
    SendAgain,
}

/// What the shell must do.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputEffect {
    /// Make one try of a call and report its answer. The same id comes again for a retry.
    Call {
        /// Names the call.
        id: CallId,
        /// The request.
        call: StorageCall,
    },
    /// All messages are sent.
    Sent,
    /// The invocation fails.
    Failed(StorageFailure),
}

/// A name that no queue can have: the invocation fails before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a valid queue name: 3 to 63 lower-case letters, digits and single hyphens, starting and ending with a \
     letter or digit"
)]
pub struct InvalidQueueName(pub String);

impl QueueOutput {
    /// Prepares the messages. Capitals in the name are lowered; with [`MessageEncoding::None`] bytes that are not UTF-8
    /// become U+FFFD (and storage then refuses control characters).
    pub fn new(
        queue: &str,
        messages: &[Vec<u8>],
        encoding: MessageEncoding,
        rng: Rng,
    ) -> Result<Self, InvalidQueueName> {
        let lower = queue.to_lowercase();
        if !is_queue_name(&lower) {
            return Err(InvalidQueueName(queue.to_owned()));
        }
        let waiting = messages.iter().map(|message| encoding.encode(message)).collect();
        Ok(Self {
            queue: lower,
            waiting,
            calls: Calls::new(),
            rng,
        })
    }

    /// Begins.
    pub fn start(&mut self) -> OutputEffect {
        self.send(Step::Send)
    }

    /// When a retry is due.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.calls.next_retry()
    }

    /// The retry that is due, if any.
    pub fn tick(&mut self, now: Timestamp) -> Option<OutputEffect> {
        self.calls
            .due(now)
            .pop()
            .map(|(id, call)| OutputEffect::Call { id, call })
    }

    /// Takes the answer of one try.
    pub fn answered(&mut self, now: Timestamp, id: CallId, answer: StorageAnswer) -> Option<OutputEffect> {
        let (purpose, result) = self.calls.answered(id, answer, now, &self.rng)?;
        let Purpose::Finish(step) = purpose else { return None };
        Some(match (step, result) {
            (Step::Send | Step::SendAgain, Ok(_)) => {
                self.waiting.pop_front();
                self.send(Step::Send)
            }
            (Step::Send, Err(failure)) if failure.is_queue_missing() => self.call(
                Step::Create,
                StorageCall::CreateQueue {
                    queue: self.queue.clone(),
                },
            ),
            (Step::Create, Ok(_)) => self.send(Step::SendAgain),
            (_, Err(failure)) => OutputEffect::Failed(failure),
        })
    }

    fn send(&mut self, step: Step) -> OutputEffect {
        match self.waiting.front().cloned() {
            Some(text) => self.call(
                step,
                StorageCall::PutMessage {
                    queue: self.queue.clone(),
                    text,
                },
            ),
            None => OutputEffect::Sent,
        }
    }

    fn call(&mut self, step: Step, call: StorageCall) -> OutputEffect {
        let id = self.calls.start(Purpose::Finish(step), call.clone());
        OutputEffect::Call { id, call }
    }
}

fn is_queue_name(name: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && !name.contains("--")
        && bytes
            .iter()
            .all(|byte| *byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
