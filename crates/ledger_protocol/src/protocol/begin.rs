//! S1 to S3: a job is stored, takes its slot, gets its root, and runs.

use super::slot::{Outcome, TakeSlot};
use super::{Command, Machine, Read, Reply, StoredJob, Subject, Verdict, When, Written, unexpected};
use crate::job::{Job, JobState};
use crate::names::UnitName;
use crate::unit::Unit;

/// Writes without a clear end before the caller is told to ask again.
const PUTS: u8 = 3;

/// The start of a job: asked for by a caller, or left by one who died in the middle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Begin<E> {
    subject: Subject,
    new: Option<Box<Job>>,
    puts: u8,
    step: Step<E>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step<E> {
    PuttingJob,
    ReadingJob,
    TakingSlot { job: Box<Job>, etag: E, slot: TakeSlot<E> },
    PuttingRoot { job: Box<Job>, etag: E },
    AnnouncingRoot { job: Box<Job>, etag: E },
    Running,
    GivingWay,
    Ended,
}

impl<E: Clone> Begin<E> {
    /// Starts `job`. If a job with this id exists, the start goes on from where that one is.
    pub fn start(subject: Subject, job: Job) -> Self {
        Self {
            subject,
            new: Some(Box::new(job)),
            puts: 1,
            step: Step::PuttingJob,
        }
    }

    /// Goes on with a start that nobody finished.
    pub fn carry_on(subject: Subject) -> Self {
        Self {
            subject,
            new: None,
            puts: 0,
            step: Step::ReadingJob,
        }
    }

    fn judge(&mut self, found: Option<Read<E, StoredJob>>) -> Command<E> {
        match found {
            Some(Read {
                value: StoredJob::Known(job),
                etag,
                ..
            }) if job.state == JobState::Starting => self.with_job(Box::new(job), etag),
            Some(Read {
                value: StoredJob::Known(job),
                ..
            }) if job.state == JobState::Deleting => Command::End(Verdict::Refused),
            Some(_) => Command::End(Verdict::Done),
            None => self.put_again(),
        }
    }

    /// The write was not applied, or not yet; or the job was removed between two looks.
    fn put_again(&mut self) -> Command<E> {
        match &self.new {
            None => Command::End(Verdict::Refused),
            Some(_) if self.puts >= PUTS => Command::End(Verdict::Unknown),
            Some(job) => {
                self.puts += 1;
                self.step = Step::PuttingJob;
                Command::WriteJob(job.clone(), When::Absent)
            }
        }
    }

    fn with_job(&mut self, job: Box<Job>, etag: E) -> Command<E> {
        let Some(name) = job.slot.clone() else {
            return self.put_root(job, etag);
        };
        let mut slot = TakeSlot::new(name, self.subject.job.clone());
        let command = slot.begin();
        self.step = Step::TakingSlot { job, etag, slot };
        command
    }

    fn put_root(&mut self, job: Box<Job>, etag: E) -> Command<E> {
        let root = Box::new(Unit::open(job.format, &job.kind));
        self.step = Step::PuttingRoot { job, etag };
        Command::WriteUnit(UnitName::root(&self.subject.job), root, When::Absent)
    }

    fn settle_slot(&mut self, job: Box<Job>, etag: E, mut slot: TakeSlot<E>, reply: Reply<E>) -> Command<E> {
        match slot.resume(reply) {
            Outcome::Next(command) => {
                self.step = Step::TakingSlot { job, etag, slot };
                command
            }
            Outcome::Taken => self.put_root(job, etag),
            Outcome::Busy => {
                self.step = Step::GivingWay;
                let reason = Some("another job of its kind is running".into());
                let cancelling = Job {
                    reason,
                    ..job.in_state(JobState::Cancelling)
                };
                Command::WriteJob(Box::new(cancelling), When::Unchanged(etag))
            }
            Outcome::Unclear => Command::End(Verdict::LeftToSweep),
        }
    }
}

impl<E: Clone> Machine<E> for Begin<E> {
    fn begin(&mut self) -> Command<E> {
        match &self.new {
            Some(job) => Command::WriteJob(job.clone(), When::Absent),
            None => Command::ReadJob,
        }
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (std::mem::replace(&mut self.step, Step::Ended), reply) {
            (Step::PuttingJob, Reply::Write(written)) => match (self.new.clone(), written) {
                (Some(job), Written::Stored(etag)) => self.with_job(job, etag),
                _ => {
                    self.step = Step::ReadingJob;
                    Command::ReadJob
                }
            },
            (Step::ReadingJob, Reply::Job(found)) => self.judge(found),
            (Step::TakingSlot { job, etag, slot }, reply) => self.settle_slot(job, etag, slot, reply),
            (Step::PuttingRoot { .. }, Reply::Write(Written::Uncertain)) => Command::End(Verdict::LeftToSweep),
            // Refused: it is there already.
            (Step::PuttingRoot { job, etag }, Reply::Write(_)) => {
                self.step = Step::AnnouncingRoot { job, etag };
                Command::Announce {
                    unit: UnitName::root(&self.subject.job),
                    delayed: false,
                }
            }
            (Step::AnnouncingRoot { job, etag }, Reply::Announced) => {
                self.step = Step::Running;
                Command::WriteJob(Box::new(job.in_state(JobState::Running)), When::Unchanged(etag))
            }
            // Refused: another one did it, or the job was cancelled meanwhile. Either way it is started.
            (Step::Running, Reply::Write(_)) => Command::End(Verdict::Done),
            (Step::GivingWay, Reply::Write(Written::Stored(_))) => Command::End(Verdict::Busy),
            (Step::GivingWay, Reply::Write(_)) => Command::End(Verdict::LeftToSweep),
            (_, reply) => unexpected(&reply),
        }
    }
}
