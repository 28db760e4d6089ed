use jiff::SignedDuration;

use super::storage::{StorageAnswer, StorageCall, StorageFailure};

/// What remains to be done with a message after its run, one call at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    queue: String,
    id: String,
    step: Step,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Delete,
    Release(SignedDuration),
    /// Copy to the poison queue; `created` once the missing queue was created on the way.
    Copy {
        poison_queue: String,
        text: String,
        created: bool,
    },
    CreatePoisonQueue {
        poison_queue: String,
        text: String,
    },
}

/// Where an ending stands after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// One more call; `copied_to` names the poison queue when the copy has just arrived there.
    Continue { ending: Ending, copied_to: Option<String> },
    /// All done.
    Finished,
    /// The message was gone or taken over; the host shrugs.
    Lost(StorageFailure),
    /// The listener cannot go on.
    Fatal(StorageFailure),
}

impl Ending {
    pub(super) fn delete(queue: &str, id: &str) -> Self {
        Self {
            queue: queue.to_owned(),
            id: id.to_owned(),
            step: Step::Delete,
        }
    }

    pub(super) fn release(queue: &str, id: &str, visibility: SignedDuration) -> Self {
        Self {
            step: Step::Release(visibility),
            ..Self::delete(queue, id)
        }
    }

    pub(super) fn poison(queue: &str, id: &str, poison_queue: &str, text: String) -> Self {
        let step = Step::Copy {
            poison_queue: poison_queue.to_owned(),
            text,
            created: false,
        };
        Self {
            step,
            ..Self::delete(queue, id)
        }
    }

    /// The call of the current step.
    pub(super) fn call(&self, pop_receipt: &str) -> StorageCall {
        match &self.step {
            Step::Delete => StorageCall::DeleteMessage {
                queue: self.queue.clone(),
                id: self.id.clone(),
                pop_receipt: pop_receipt.to_owned(),
            },
            Step::Release(visibility) => StorageCall::UpdateMessage {
                queue: self.queue.clone(),
                id: self.id.clone(),
                pop_receipt: pop_receipt.to_owned(),
                visibility: *visibility,
            },
            Step::Copy { poison_queue, text, .. } => StorageCall::PutMessage {
                queue: poison_queue.clone(),
                text: text.clone(),
            },
            Step::CreatePoisonQueue { poison_queue, .. } => StorageCall::CreateQueue {
                queue: poison_queue.clone(),
            },
        }
    }

    pub(super) fn advance(self, result: Result<StorageAnswer, StorageFailure>) -> Progress {
        let Self { queue, id, step } = self;
        let next = |step| Progress::Continue {
            ending: Self {
                queue: queue.clone(),
                id: id.clone(),
                step,
            },
            copied_to: None,
        };
        match (step, result) {
            (Step::Delete | Step::Release(_), Ok(_)) => Progress::Finished,
            (Step::Delete | Step::Release(_), Err(failure)) if failure.is_message_lost() => Progress::Lost(failure),
            (Step::Copy { poison_queue, .. }, Ok(_)) => Progress::Continue {
                ending: Self::delete(&queue, &id),
                copied_to: Some(poison_queue),
            },
            (
                Step::Copy {
                    poison_queue,
                    text,
                    created: false,
                },
                Err(failure),
            ) if failure.is_queue_missing() => next(Step::CreatePoisonQueue { poison_queue, text }),
            (Step::CreatePoisonQueue { poison_queue, text }, Ok(_)) => next(Step::Copy {
                poison_queue,
                text,
                created: true,
            }),
            (_, Err(failure)) => Progress::Fatal(failure),
        }
    }
}
