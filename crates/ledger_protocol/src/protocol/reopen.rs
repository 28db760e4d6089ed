//! O1 to O3: a person retries what failed.

use super::pass::{Pass, Progress, Purpose};
use super::slot::{Outcome, TakeSlot};
use super::{Command, Machine, Read, Reply, StoredJob, Subject, Verdict, When, Written, unexpected};
use crate::job::{Job, JobState};
use crate::names::UnitName;
use crate::unit::{Unit, UnitState};

/// Opens the failed units of a job again, in an epoch of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reopen<E> {
    subject: Subject,
    /// The epoch that the caller saw: one request makes one epoch. None: go on with what somebody else asked for.
    seen: Option<u32>,
    step: Step<E>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step<E> {
    ReadingJob,
    Changing,
    TakingSlot { job: Box<Job>, etag: E, slot: TakeSlot<E> },
    Passing { job: Box<Job>, etag: E, pass: Pass<E> },
    Running,
    ReadingFinal { epoch: u32 },
    OpeningFinal { epoch: u32 },
    AnnouncingFinal,
    Ended,
}

impl<E: Clone> Reopen<E> {
    /// Retries what failed in the epoch that the caller saw.
    pub fn request(subject: Subject, seen: u32) -> Self {
        Self {
            subject,
            seen: Some(seen),
            step: Step::ReadingJob,
        }
    }

    /// Goes on with a retry that nobody finished.
    pub fn carry_on(subject: Subject) -> Self {
        Self {
            subject,
            seen: None,
            step: Step::ReadingJob,
        }
    }

    fn judge_job(&mut self, found: Option<Read<E, StoredJob>>) -> Command<E> {
        let Some(Read {
            value: StoredJob::Known(job),
            etag,
            ..
        }) = found
        else {
            return Command::End(Verdict::Refused);
        };
        let is_new_request = self.seen == Some(job.epoch);
        match job.state {
            JobState::Reopening => self.with_job(Box::new(job), etag),
            JobState::Running | JobState::Finished if is_new_request => {
                self.step = Step::Changing;
                let reopening = Job {
                    epoch: job.epoch + 1,
                    ..job.in_state(JobState::Reopening)
                };
                Command::WriteJob(Box::new(reopening), When::Unchanged(etag))
            }
            JobState::Finalizing if is_new_request => {
                self.step = Step::ReadingFinal { epoch: job.epoch };
                Command::ReadUnit(UnitName::Final { epoch: job.epoch })
            }
            // A higher epoch than the caller saw: his request, or another's, was carried out.
            _ if self.seen.is_some_and(|seen| seen < job.epoch) => Command::End(Verdict::Done),
            _ => Command::End(Verdict::Refused),
        }
    }

    fn with_job(&mut self, job: Box<Job>, etag: E) -> Command<E> {
        let Some(name) = job.slot.clone() else {
            return self.pass(job, etag);
        };
        let mut slot = TakeSlot::new(name, self.subject.job.clone());
        let command = slot.begin();
        self.step = Step::TakingSlot { job, etag, slot };
        command
    }

    fn settle_slot(&mut self, job: Box<Job>, etag: E, mut slot: TakeSlot<E>, reply: Reply<E>) -> Command<E> {
        match slot.resume(reply) {
            Outcome::Next(command) => {
                self.step = Step::TakingSlot { job, etag, slot };
                command
            }
            Outcome::Taken => self.pass(job, etag),
            // It waits: the sweeper asks again each minute.
            Outcome::Busy => Command::End(Verdict::Busy),
            Outcome::Unclear => Command::End(Verdict::LeftToSweep),
        }
    }

    fn pass(&mut self, job: Box<Job>, etag: E) -> Command<E> {
        let mut pass = Pass::new(Purpose::Retry, job.epoch);
        let command = pass.begin();
        self.step = Step::Passing { job, etag, pass };
        command
    }

    fn go_on(&mut self, job: Box<Job>, etag: E, mut pass: Pass<E>, reply: Reply<E>) -> Command<E> {
        match pass.resume(reply) {
            Progress::Next(command) => {
                self.step = Step::Passing { job, etag, pass };
                command
            }
            // Whatever was missed the sweeper opens: these units are failed in an older epoch than the job's.
            Progress::Over { .. } => {
                self.step = Step::Running;
                Command::WriteJob(Box::new(job.in_state(JobState::Running)), When::Unchanged(etag))
            }
        }
    }

    fn judge_final(&mut self, found: Option<Read<E, Unit>>, epoch: u32) -> Command<E> {
        match found {
            Some(found) if found.value.state == UnitState::Failed => {
                self.step = Step::OpeningFinal { epoch };
                let open = Box::new(found.value.retried());
                Command::WriteUnit(UnitName::Final { epoch }, open, When::Unchanged(found.etag))
            }
            _ => Command::End(Verdict::Refused),
        }
    }
}

impl<E: Clone> Machine<E> for Reopen<E> {
    fn begin(&mut self) -> Command<E> {
        Command::ReadJob
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (std::mem::replace(&mut self.step, Step::Ended), reply) {
            (Step::ReadingJob, Reply::Job(found)) => self.judge_job(found),
            (Step::Changing, Reply::Write(_)) => {
                self.step = Step::ReadingJob;
                Command::ReadJob
            }
            (Step::TakingSlot { job, etag, slot }, reply) => self.settle_slot(job, etag, slot, reply),
            (Step::Passing { job, etag, pass }, reply) => self.go_on(job, etag, pass, reply),
            (Step::Running, Reply::Write(_)) => Command::End(Verdict::Done),
            (Step::ReadingFinal { epoch }, Reply::Unit(found)) => self.judge_final(found, epoch),
            (Step::OpeningFinal { epoch }, Reply::Write(Written::Stored(_))) => {
                self.step = Step::AnnouncingFinal;
                Command::Announce {
                    unit: UnitName::Final { epoch },
                    delayed: false,
                }
            }
            (Step::OpeningFinal { .. }, Reply::Write(_)) => Command::End(Verdict::Unknown),
            (Step::AnnouncingFinal, Reply::Announced) => Command::End(Verdict::Done),
            (_, reply) => unexpected(&reply),
        }
    }
}
