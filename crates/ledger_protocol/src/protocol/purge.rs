//! A hidden job is removed: units, outputs, the job last.

use super::{Command, Limits, Listed, Machine, Read, Reply, StoredJob, Verdict, Written, unexpected};
use crate::job::JobState;
use crate::names::UnitName;

/// Removes one hidden job, or goes on with a removal that nobody finished. Nothing is touched before the job has been
/// hidden for [`Limits::KEPT`]: no process and no request that knew it before lives that long. Every removal names the
/// version it is about and spares what is younger, because the same id may have been started anew meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Purge<E> {
    /// Whether everything seen so far is gone.
    all_gone: bool,
    step: Step<E>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step<E> {
    ReadingJob,
    Listing {
        epoch: u32,
        job: E,
    },
    Removing {
        epoch: u32,
        job: E,
        page: Vec<Listed<E>>,
        at: usize,
    },
    ReadingFinal {
        epoch: u32,
        job: E,
        at: u32,
    },
    RemovingFinal {
        epoch: u32,
        job: E,
        at: u32,
    },
    RemovingOutputs {
        job: E,
    },
    RemovingJob,
}

impl<E: Clone> Purge<E> {
    /// For the job that the machine's commands concern.
    pub fn new() -> Self {
        Self {
            all_gone: true,
            step: Step::ReadingJob,
        }
    }

    fn judge_job(&mut self, found: Option<Read<E, StoredJob>>) -> Command<E> {
        match found {
            Some(Read {
                value: StoredJob::Known(job),
                etag,
                age,
            }) if job.state == JobState::Deleting && age > Limits::KEPT => {
                self.step = Step::Listing {
                    epoch: job.epoch,
                    job: etag,
                };
                Command::ListUnits(None)
            }
            _ => Command::End(Verdict::Refused),
        }
    }

    fn remove_from(&mut self, epoch: u32, job: E, page: Vec<Listed<E>>, from: usize) -> Command<E> {
        let Some((last, _)) = page.last() else {
            return self.read_final(epoch, job, 1);
        };
        let last = *last;
        let old = (from..page.len()).find(|at| page[*at].1.age > Limits::KEPT);
        // Whatever is passed over stays.
        self.all_gone &= old.unwrap_or(page.len()) == from;
        let Some(at) = old else {
            self.step = Step::Listing { epoch, job };
            return Command::ListUnits(Some(last));
        };
        let command = Command::RemoveUnit(page[at].0, page[at].1.etag.clone());
        self.step = Step::Removing { epoch, job, page, at };
        command
    }

    fn read_final(&mut self, epoch: u32, job: E, at: u32) -> Command<E> {
        if at > epoch {
            self.step = Step::RemovingOutputs { job };
            return Command::RemoveOutputs;
        }
        self.step = Step::ReadingFinal { epoch, job, at };
        Command::ReadUnit(UnitName::Final { epoch: at })
    }
}

impl<E: Clone> Default for Purge<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Clone> Machine<E> for Purge<E> {
    fn begin(&mut self) -> Command<E> {
        Command::ReadJob
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (std::mem::replace(&mut self.step, Step::RemovingJob), reply) {
            (Step::ReadingJob, Reply::Job(found)) => self.judge_job(found),
            (Step::Listing { epoch, job }, Reply::Page(page)) => self.remove_from(epoch, job, page, 0),
            (Step::Removing { epoch, job, page, at }, Reply::Write(written)) => {
                self.all_gone &= matches!(written, Written::Stored(_));
                self.remove_from(epoch, job, page, at + 1)
            }
            (Step::ReadingFinal { epoch, job, at }, Reply::Unit(None)) => self.read_final(epoch, job, at + 1),
            (Step::ReadingFinal { epoch, job, at }, Reply::Unit(Some(found))) if found.age <= Limits::KEPT => {
                self.all_gone = false;
                self.read_final(epoch, job, at + 1)
            }
            (Step::ReadingFinal { epoch, job, at }, Reply::Unit(Some(found))) => {
                self.step = Step::RemovingFinal { epoch, job, at };
                Command::RemoveUnit(UnitName::Final { epoch: at }, found.etag)
            }
            (Step::RemovingFinal { epoch, job, at }, Reply::Write(written)) => {
                self.all_gone &= matches!(written, Written::Stored(_));
                self.read_final(epoch, job, at + 1)
            }
            (Step::RemovingOutputs { job }, Reply::Removed(outputs_gone)) => {
                if self.all_gone && outputs_gone {
                    Command::RemoveJob(job)
                } else {
                    Command::End(Verdict::LeftToSweep)
                }
            }
            (Step::RemovingJob, Reply::Write(_)) => Command::End(Verdict::Done),
            (_, reply) => unexpected(&reply),
        }
    }
}
