//! A single-run job takes its slot.

use super::{Command, Read, Reply, StoredJob, When, Written, unexpected};
use crate::job::JobState;
use crate::names::JobId;

/// Races lost for a slot before the sweeper is left to it.
const ATTEMPTS: u8 = 5;

/// Takes a slot for a job. The slot is written even if it is this job's already: another job may have read it as free
/// before this one went on, and only a new version keeps that one from taking it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TakeSlot<E> {
    slot: Box<str>,
    job: JobId,
    attempts: u8,
    read: Option<E>,
}

/// Whether the slot was taken.
pub(super) enum Outcome<E> {
    Next(Command<E>),
    Taken,
    Busy,
    Unclear,
}

impl<E: Clone> TakeSlot<E> {
    pub(super) fn new(slot: Box<str>, job: JobId) -> Self {
        Self {
            slot,
            job,
            attempts: 0,
            read: None,
        }
    }

    pub(super) fn begin(&mut self) -> Command<E> {
        Command::ReadSlot(self.slot.clone())
    }

    pub(super) fn resume(&mut self, reply: Reply<E>) -> Outcome<E> {
        match reply {
            Reply::Slot(None) => Outcome::Next(Command::WriteSlot(self.slot.clone(), When::Absent)),
            Reply::Slot(Some(Read { value: owner, etag, .. })) => {
                self.read = Some(etag.clone());
                Outcome::Next(if owner == self.job {
                    self.write(etag)
                } else {
                    Command::ReadOwner(owner)
                })
            }
            Reply::Job(owner) => match self.read.clone() {
                Some(etag) if has_ended(owner.as_ref()) => Outcome::Next(self.write(etag)),
                _ => Outcome::Busy,
            },
            Reply::Write(Written::Stored(_)) => Outcome::Taken,
            Reply::Write(_) => {
                self.attempts += 1;
                if self.attempts < ATTEMPTS {
                    Outcome::Next(self.begin())
                } else {
                    Outcome::Unclear
                }
            }
            other => unexpected(&other),
        }
    }

    fn write(&self, etag: E) -> Command<E> {
        Command::WriteSlot(self.slot.clone(), When::Unchanged(etag))
    }
}

/// Cancelling counts as running: until it is over a worker may still be at work.
fn has_ended<E>(owner: Option<&Read<E, StoredJob>>) -> bool {
    match owner.map(|owner| &owner.value) {
        None => true,
        Some(StoredJob::Known(job)) => {
            matches!(job.state, JobState::Finished | JobState::Cancelled | JobState::Deleting)
        }
        Some(StoredJob::Newer) => false,
    }
}
