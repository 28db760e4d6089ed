//! A message brings a worker to a unit.

use super::write::{ClaimedWrite, Outcome};
use super::{Command, Machine, Read, Reply, StoredJob, Subject, Verdict, When, Worked, Written, unexpected};
use crate::job::{Job, JobState};
use crate::names::UnitName;
use crate::unit::{Claim, Unit, UnitState};

/// Races lost for a claim before the message is left to the winner.
const LOSSES: u8 = 3;

/// The message that brought the worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The unit that it names.
    pub unit: UnitName,
    /// Its id in the queue.
    pub message: Box<str>,
    /// How often it has been delivered.
    pub dequeue: u32,
}

/// One delivery, from the message to its acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deliver<E> {
    subject: Subject,
    delivery: Delivery,
    nonce: u64,
    /// The job's epoch as read before anything is stored: a unit that fails says in which epoch.
    epoch: u32,
    losses: u8,
    step: Step<E>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step<E> {
    ReadingJob,
    Postponing,
    ReadingUnit,
    GivingUp,
    Claiming(ClaimedWrite),
    Working(Box<Unit>, E),
    Storing(ClaimedWrite, Verdict),
    PuttingChild { parent: Box<Unit>, etag: E, ordinal: u32 },
    ComparingChild { parent: Box<Unit>, etag: E, ordinal: u32 },
    Announcing { parent: Box<Unit>, etag: E, ordinal: u32 },
    ReadingJobToFinish { unit: Box<Unit>, etag: E },
    FinishingJob { unit: Box<Unit>, etag: E },
    MarkingDone,
    Ended,
}

impl<E: Clone> Deliver<E> {
    /// A worker for this delivery. The nonce must be drawn for it alone.
    pub fn new(subject: Subject, delivery: Delivery, nonce: u64) -> Self {
        Self {
            subject,
            delivery,
            nonce,
            epoch: 0,
            losses: 0,
            step: Step::ReadingJob,
        }
    }

    fn end(&mut self, verdict: Verdict) -> Command<E> {
        self.step = Step::Ended;
        Command::End(verdict)
    }

    fn acknowledge(&mut self) -> Command<E> {
        self.end(Verdict::Acknowledge)
    }

    fn judge_job(&mut self, found: Option<Read<E, StoredJob>>) -> Command<E> {
        match found.map(|found| found.value) {
            Some(StoredJob::Newer) => {
                // A failed delivery instead would bring a healthy unit to the poison queue of an old binary.
                self.step = Step::Postponing;
                Command::Announce {
                    unit: self.delivery.unit,
                    delayed: true,
                }
            }
            Some(StoredJob::Known(job)) if job.lets_work(self.delivery.unit) => {
                self.epoch = job.epoch;
                self.step = Step::ReadingUnit;
                Command::ReadUnit(self.delivery.unit)
            }
            _ => self.acknowledge(),
        }
    }

    fn judge_unit(&mut self, found: Option<Read<E, Unit>>) -> Command<E> {
        let Some(found) = found else { return self.acknowledge() };
        match found.value.state {
            UnitState::Done | UnitState::Failed => self.acknowledge(),
            UnitState::Committed => self.carry_on(Box::new(found.value), found.etag),
            UnitState::Open => self.claim(found),
            UnitState::Claimed if self.may_take_over(&found) => self.claim(found),
            // Somebody works on it, and the sweeper covers his death.
            UnitState::Claimed => self.acknowledge(),
        }
    }

    /// The host delivered this very message again, so its last worker is gone; or nobody has been heard of for long.
    fn may_take_over(&self, found: &Read<E, Unit>) -> bool {
        let is_mine = found
            .value
            .claim
            .as_ref()
            .is_some_and(|claim| claim.message == self.delivery.message && claim.dequeue < self.delivery.dequeue);
        is_mine || self.subject.limits.is_stale(found.age)
    }

    fn claim(&mut self, found: Read<E, Unit>) -> Command<E> {
        let unit = found.value;
        let limits = &self.subject.limits;
        if unit.attempt - unit.base >= limits.attempts || unit.tries >= limits.tries {
            self.step = Step::GivingUp;
            let reason = unit
                .reason
                .clone()
                .unwrap_or_else(|| "its workers died without an error".into());
            let failed = Box::new(unit.failed(self.epoch, &reason));
            return Command::WriteUnit(self.delivery.unit, failed, When::Unchanged(found.etag));
        }
        let claim = Claim {
            nonce: self.nonce,
            message: self.delivery.message.clone(),
            dequeue: self.delivery.dequeue,
        };
        let claimed = Unit {
            state: UnitState::Claimed,
            attempt: unit.attempt + 1,
            claim: Some(claim),
            ..unit
        };
        let write = ClaimedWrite::new(self.delivery.unit, self.nonce, claimed);
        let command = write.command(When::Unchanged(found.etag));
        self.step = Step::Claiming(write);
        command
    }

    fn settle_claim(&mut self, mut write: ClaimedWrite, reply: Reply<E>) -> Command<E> {
        match write.resume(reply) {
            Outcome::Next(command) => {
                self.step = Step::Claiming(write);
                command
            }
            Outcome::There(unit, etag) => {
                self.step = Step::Working(unit.clone(), etag);
                Command::Work(self.delivery.unit, unit)
            }
            Outcome::Lost(found) => {
                self.losses += 1;
                if self.losses >= LOSSES {
                    self.acknowledge()
                } else {
                    self.judge_unit(found)
                }
            }
        }
    }

    fn store_result(&mut self, unit: Unit, etag: E, worked: Worked) -> Command<E> {
        let (target, verdict) = match worked {
            Worked::Unwanted => (unit.reopened(), Verdict::Acknowledge),
            Worked::Interrupted => (unit.reopened(), Verdict::DeliverAgain),
            Worked::Permanent(reason) => (unit.failed(self.epoch, &reason), Verdict::AcknowledgeAndFinish),
            Worked::Retryable(reason) => {
                let open = Unit {
                    tries: unit.tries + 1,
                    reason: Some(reason),
                    ..unit.reopened()
                };
                (open, Verdict::DeliverAgain)
            }
            Worked::Finished {
                outputs,
                children,
                counters,
            } => {
                let is_final = matches!(self.delivery.unit, UnitName::Final { .. });
                let is_complete = children.is_empty() && !is_final;
                let state = if is_complete {
                    UnitState::Done
                } else {
                    UnitState::Committed
                };
                (
                    Unit {
                        state,
                        outputs,
                        children,
                        counters,
                        reason: None,
                        ..unit
                    },
                    Verdict::AcknowledgeAndFinish,
                )
            }
        };
        let write = ClaimedWrite::new(self.delivery.unit, self.nonce, target);
        let command = write.command(When::Unchanged(etag));
        self.step = Step::Storing(write, verdict);
        command
    }

    fn settle_result(&mut self, mut write: ClaimedWrite, verdict: Verdict, reply: Reply<E>) -> Command<E> {
        match write.resume(reply) {
            Outcome::Next(command) => {
                self.step = Step::Storing(write, verdict);
                command
            }
            Outcome::There(unit, etag) if unit.state == UnitState::Committed => self.carry_on(unit, etag),
            Outcome::There(..) => self.end(verdict),
            // Another worker has the unit. Outputs stay: this write may yet have been applied.
            Outcome::Lost(_) => self.acknowledge(),
        }
    }

    /// Step 7: what follows from a commit, whoever made it.
    fn carry_on(&mut self, unit: Box<Unit>, etag: E) -> Command<E> {
        if matches!(self.delivery.unit, UnitName::Final { .. }) {
            self.step = Step::ReadingJobToFinish { unit, etag };
            return Command::ReadJob;
        }
        self.put_child(unit, etag, 0)
    }

    fn put_child(&mut self, parent: Box<Unit>, etag: E, ordinal: u32) -> Command<E> {
        let Some(child) = parent.children.get(ordinal as usize) else {
            return self.announce_child(parent, etag, 0);
        };
        let document = Box::new(parent.child(self.delivery.unit, ordinal, child));
        self.step = Step::PuttingChild { parent, etag, ordinal };
        Command::WriteUnit(self.child_name(ordinal), document, When::Absent)
    }

    fn child_name(&self, ordinal: u32) -> UnitName {
        self.delivery.unit.child(&self.subject.job, ordinal)
    }

    fn compare_child(&mut self, parent: Box<Unit>, etag: E, ordinal: u32, found: Option<Read<E, Unit>>) -> Command<E> {
        match found {
            None => self.put_child(parent, etag, ordinal),
            Some(found) if found.value.parent == Some(self.delivery.unit) && found.value.ordinal == ordinal => {
                self.put_child(parent, etag, ordinal + 1)
            }
            Some(_) => {
                let name = self.child_name(ordinal);
                self.end(Verdict::CancelJob(
                    format!("two units of the job share the name {name}").into(),
                ))
            }
        }
    }

    fn announce_child(&mut self, parent: Box<Unit>, etag: E, ordinal: u32) -> Command<E> {
        if (ordinal as usize) < parent.children.len() {
            self.step = Step::Announcing { parent, etag, ordinal };
            return Command::Announce {
                unit: self.child_name(ordinal),
                delayed: false,
            };
        }
        self.mark_done(*parent, etag)
    }

    /// Only now may the job be found complete.
    fn mark_done(&mut self, unit: Unit, etag: E) -> Command<E> {
        self.step = Step::MarkingDone;
        let done = Unit {
            state: UnitState::Done,
            ..unit
        };
        Command::WriteUnit(self.delivery.unit, Box::new(done), When::Unchanged(etag))
    }

    fn finish_job(&mut self, unit: Box<Unit>, etag: E, found: Option<Read<E, StoredJob>>) -> Command<E> {
        let Some(Read {
            value: StoredJob::Known(job),
            etag: version,
            ..
        }) = found
        else {
            return self.acknowledge();
        };
        if job.lets_work(self.delivery.unit) {
            self.step = Step::FinishingJob { unit, etag };
            let finished = Job {
                published: job.epoch,
                ..job.in_state(JobState::Finished)
            };
            return Command::WriteJob(Box::new(finished), When::Unchanged(version));
        }
        // Ended by whoever repeated this commit's consequences, or cancelled. Done either way harms nothing.
        self.mark_done(*unit, etag)
    }
}

impl<E: Clone> Machine<E> for Deliver<E> {
    fn begin(&mut self) -> Command<E> {
        Command::ReadJob
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (std::mem::replace(&mut self.step, Step::Ended), reply) {
            (Step::ReadingJob, Reply::Job(found)) => self.judge_job(found),
            (Step::Postponing, Reply::Announced) => self.acknowledge(),
            (Step::ReadingUnit, Reply::Unit(found)) => self.judge_unit(found),
            (Step::GivingUp, Reply::Write(_)) => self.end(Verdict::AcknowledgeAndFinish),
            (Step::Claiming(write), reply) => self.settle_claim(write, reply),
            (Step::Working(unit, etag), Reply::Worked(worked)) => self.store_result(*unit, etag, worked),
            (Step::Storing(write, verdict), reply) => self.settle_result(write, verdict, reply),
            (Step::PuttingChild { parent, etag, ordinal }, Reply::Write(Written::Stored(_))) => {
                self.put_child(parent, etag, ordinal + 1)
            }
            (Step::PuttingChild { parent, etag, ordinal }, Reply::Write(_)) => {
                self.step = Step::ComparingChild { parent, etag, ordinal };
                Command::ReadUnit(self.child_name(ordinal))
            }
            (Step::ComparingChild { parent, etag, ordinal }, Reply::Unit(found)) => {
                self.compare_child(parent, etag, ordinal, found)
            }
            (Step::Announcing { parent, etag, ordinal }, Reply::Announced) => {
                self.announce_child(parent, etag, ordinal + 1)
            }
            (Step::ReadingJobToFinish { unit, etag }, Reply::Job(found)) => self.finish_job(unit, etag, found),
            (Step::FinishingJob { unit, etag }, Reply::Write(Written::Stored(_))) => self.mark_done(*unit, etag),
            (Step::FinishingJob { unit, etag }, Reply::Write(_)) => {
                self.step = Step::ReadingJobToFinish { unit, etag };
                Command::ReadJob
            }
            (Step::MarkingDone, Reply::Write(_)) => self.end(Verdict::AcknowledgeAndFinish),
            (_, reply) => unexpected(&reply),
        }
    }
}
