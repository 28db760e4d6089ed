//! A job is asked to end.

use super::{Command, Machine, Read, Reply, StoredJob, Verdict, When, Written, unexpected};
use crate::job::{Job, JobState};
use crate::names::UnitName;
use crate::unit::{Unit, UnitState};

/// Changes lost before the caller is told to try again.
const ATTEMPTS: u8 = 5;

/// Asks a job to end. Workers notice within seconds; the sweeper calls it cancelled when every worker must have looked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cancel<E> {
    reason: Box<str>,
    attempts: u8,
    step: Step<E>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step<E> {
    ReadingJob,
    ReadingFinal { job: Box<Job>, etag: E },
    Cancelling,
    Ended,
}

impl<E: Clone> Cancel<E> {
    /// With the reason that the status shows.
    pub fn new(reason: &str) -> Self {
        Self {
            reason: reason.into(),
            attempts: 0,
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
        match job.state {
            _ if job.is_live() => self.cancel(&job, etag),
            JobState::Finalizing => {
                let unit = UnitName::Final { epoch: job.epoch };
                self.step = Step::ReadingFinal {
                    job: Box::new(job),
                    etag,
                };
                Command::ReadUnit(unit)
            }
            JobState::Cancelling | JobState::Cancelled => Command::End(Verdict::Done),
            _ => Command::End(Verdict::Refused),
        }
    }

    /// A final unit at work is past the point of no return; one that failed would hold the job for ever.
    fn judge_final(&mut self, job: &Job, etag: E, found: Option<&Read<E, Unit>>) -> Command<E> {
        if found.is_some_and(|found| found.value.state == UnitState::Failed) {
            self.cancel(job, etag)
        } else {
            Command::End(Verdict::Refused)
        }
    }

    fn cancel(&mut self, job: &Job, etag: E) -> Command<E> {
        self.step = Step::Cancelling;
        let cancelling = Job {
            reason: Some(self.reason.clone()),
            ..job.in_state(JobState::Cancelling)
        };
        Command::WriteJob(Box::new(cancelling), When::Unchanged(etag))
    }
}

impl<E: Clone> Machine<E> for Cancel<E> {
    fn begin(&mut self) -> Command<E> {
        Command::ReadJob
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (std::mem::replace(&mut self.step, Step::Ended), reply) {
            (Step::ReadingJob, Reply::Job(found)) => self.judge_job(found),
            (Step::ReadingFinal { job, etag }, Reply::Unit(found)) => self.judge_final(&job, etag, found.as_ref()),
            (Step::Cancelling, Reply::Write(Written::Stored(_))) => Command::End(Verdict::Done),
            (Step::Cancelling, Reply::Write(_)) => {
                self.attempts += 1;
                if self.attempts >= ATTEMPTS {
                    return Command::End(Verdict::Unknown);
                }
                self.step = Step::ReadingJob;
                Command::ReadJob
            }
            (_, reply) => unexpected(&reply),
        }
    }
}
