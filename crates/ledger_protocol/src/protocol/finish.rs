//! F1 to F4: a job whose every unit is done or failed goes to its final unit.

use super::{Command, Listed, Machine, Read, Reply, StoredJob, Verdict, When, Written, unexpected};
use crate::job::{Job, JobState, Totals};
use crate::names::UnitName;
use crate::unit::{Unit, UnitState};

/// A look whether the job can be finished. Any number may look at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finish<E> {
    /// Whether a job that is finalizing without a final unit gets one, or only one that is running.
    carries_on: bool,
    step: Step<E>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step<E> {
    ReadingJob,
    Listing { job: Box<Job>, etag: E, totals: Totals },
    Finalizing { job: Box<Job> },
    Confirming { job: Box<Job> },
    PuttingFinal { epoch: u32 },
    AnnouncingFinal,
    Ended,
}

impl<E: Clone> Finish<E> {
    /// A look at a running job.
    pub fn new() -> Self {
        Self {
            carries_on: false,
            step: Step::ReadingJob,
        }
    }

    /// The same, and F4 for a job whose finisher died between F3 and F4.
    pub fn carry_on() -> Self {
        Self {
            carries_on: true,
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
            JobState::Running => {
                self.step = Step::Listing {
                    job: Box::new(job),
                    etag,
                    totals: Totals::default(),
                };
                Command::ListUnits(None)
            }
            JobState::Finalizing if self.carries_on => self.put_final(&job),
            _ => Command::End(Verdict::Refused),
        }
    }

    fn judge_page(&mut self, job: Box<Job>, etag: E, mut totals: Totals, page: &[Listed<E>]) -> Command<E> {
        for (_, unit) in page {
            match unit.value.state {
                UnitState::Done => totals.done += 1,
                UnitState::Failed if unit.value.epoch == job.epoch => totals.failed += 1,
                _ => return Command::End(Verdict::Refused),
            }
        }
        if let Some((last, _)) = page.last() {
            self.step = Step::Listing { job, etag, totals };
            return Command::ListUnits(Some(*last));
        }
        // The version read before the listing: a retry in between has changed the job first.
        let finalizing = Box::new(Job {
            totals,
            ..job.in_state(JobState::Finalizing)
        });
        self.step = Step::Finalizing {
            job: finalizing.clone(),
        };
        Command::WriteJob(finalizing, When::Unchanged(etag))
    }

    fn confirm(&mut self, target: &Job, found: Option<Read<E, StoredJob>>) -> Command<E> {
        match found {
            Some(Read {
                value: StoredJob::Known(job),
                ..
            }) if job.state == JobState::Finalizing && job.epoch == target.epoch => self.put_final(&job),
            _ => Command::End(Verdict::Refused),
        }
    }

    fn put_final(&mut self, job: &Job) -> Command<E> {
        self.step = Step::PuttingFinal { epoch: job.epoch };
        let unit = Box::new(Unit::open(job.format, &job.kind));
        Command::WriteUnit(UnitName::Final { epoch: job.epoch }, unit, When::Absent)
    }
}

impl<E: Clone> Default for Finish<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Clone> Machine<E> for Finish<E> {
    fn begin(&mut self) -> Command<E> {
        Command::ReadJob
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (std::mem::replace(&mut self.step, Step::Ended), reply) {
            (Step::ReadingJob, Reply::Job(found)) => self.judge_job(found),
            (Step::Listing { job, etag, totals }, Reply::Page(page)) => self.judge_page(job, etag, totals, &page),
            (Step::Finalizing { job }, Reply::Write(Written::Stored(_))) => self.put_final(&job),
            (Step::Finalizing { .. }, Reply::Write(Written::Refused)) => Command::End(Verdict::Refused),
            (Step::Finalizing { job }, Reply::Write(Written::Uncertain)) => {
                self.step = Step::Confirming { job };
                Command::ReadJob
            }
            (Step::Confirming { job }, Reply::Job(found)) => self.confirm(&job, found),
            (Step::PuttingFinal { .. }, Reply::Write(Written::Uncertain)) => Command::End(Verdict::LeftToSweep),
            (Step::PuttingFinal { epoch }, Reply::Write(_)) => {
                self.step = Step::AnnouncingFinal;
                Command::Announce {
                    unit: UnitName::Final { epoch },
                    delayed: false,
                }
            }
            (Step::AnnouncingFinal, Reply::Announced) => Command::End(Verdict::Done),
            (_, reply) => unexpected(&reply),
        }
    }
}
