//! What a kill left behind is put right: one job, looked at each minute by any number of sweepers at once.

use super::pass::{Pass, Progress};
use super::{
    Begin, Command, Finish, Limits, Machine, Purge, Read, Reopen, Reply, StoredJob, Subject, Verdict, When, Written,
    unexpected,
};
use crate::job::JobState;
use crate::names::UnitName;
use crate::unit::{Unit, UnitState};

/// A sweep over one job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sweep<E> {
    subject: Subject,
    step: Step<E>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step<E> {
    ReadingJob,
    CallingCancelled,
    Counting { epoch: u32 },
    Passing(Box<Pass<E>>),
    ReadingFinal(UnitName),
    MendingFinal(UnitName),
    AnnouncingFinal,
    Beginning(Box<Begin<E>>),
    Reopening(Box<Reopen<E>>),
    Finishing(Box<Finish<E>>),
    Purging(Box<Purge<E>>),
    Ended,
}

impl<E: Clone> Sweep<E> {
    /// A sweep over the subject's job.
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            step: Step::ReadingJob,
        }
    }

    fn judge_job(&mut self, found: Option<Read<E, StoredJob>>) -> Command<E> {
        let Some(Read {
            value: StoredJob::Known(job),
            etag,
            age,
        }) = found
        else {
            return Command::End(Verdict::Refused);
        };
        match job.state {
            JobState::Starting => {
                let mut begin = Begin::carry_on(self.subject.clone());
                let command = begin.begin();
                self.step = Step::Beginning(Box::new(begin));
                command
            }
            JobState::Reopening => {
                let mut reopen = Reopen::carry_on(self.subject.clone());
                let command = reopen.begin();
                self.step = Step::Reopening(Box::new(reopen));
                command
            }
            JobState::Running => {
                self.step = Step::Counting { epoch: job.epoch };
                Command::CountMessages
            }
            JobState::Finalizing => {
                let unit = UnitName::Final { epoch: job.epoch };
                self.step = Step::ReadingFinal(unit);
                Command::ReadUnit(unit)
            }
            JobState::Cancelling if self.subject.limits.is_stale(age) => {
                self.step = Step::CallingCancelled;
                Command::WriteJob(Box::new(job.in_state(JobState::Cancelled)), When::Unchanged(etag))
            }
            JobState::Deleting => {
                let mut purge = Purge::new();
                let command = purge.begin();
                self.step = Step::Purging(Box::new(purge));
                command
            }
            JobState::Cancelling | JobState::Finished | JobState::Cancelled => Command::End(Verdict::Done),
        }
    }

    fn pass(&mut self, mut pass: Box<Pass<E>>, reply: Reply<E>) -> Command<E> {
        match pass.resume(reply) {
            Progress::Next(command) => {
                self.step = Step::Passing(pass);
                command
            }
            Progress::Over { complete: true } => self.finish(Finish::new()),
            // It could not be finished either: Finish looks at the same things.
            Progress::Over { complete: false } => Command::End(Verdict::Done),
        }
    }

    fn finish(&mut self, mut finish: Finish<E>) -> Command<E> {
        let command = finish.begin();
        self.step = Step::Finishing(Box::new(finish));
        command
    }

    fn judge_final(&mut self, name: UnitName, found: Option<Read<E, Unit>>) -> Command<E> {
        let Some(found) = found else {
            // Somebody died between F3 and F4.
            return self.finish(Finish::carry_on());
        };
        let is_stale = self.subject.limits.is_stale(found.age);
        let mended = match found.value.state {
            UnitState::Claimed if is_stale => found.value.reopened(),
            UnitState::Committed if is_stale => found.value,
            // There is one final unit only, so a short wait is enough to know that its message is lost.
            UnitState::Open if found.age > Limits::OPEN => found.value,
            _ => return Command::End(Verdict::Done),
        };
        self.step = Step::MendingFinal(name);
        Command::WriteUnit(name, Box::new(mended), When::Unchanged(found.etag))
    }

    fn delegate(&mut self, step: Step<E>, reply: Reply<E>) -> Command<E> {
        let (step, command) = match step {
            Step::Beginning(mut machine) => {
                let command = machine.resume(reply);
                (Step::Beginning(machine), command)
            }
            Step::Reopening(mut machine) => {
                let command = machine.resume(reply);
                (Step::Reopening(machine), command)
            }
            Step::Finishing(mut machine) => {
                let command = machine.resume(reply);
                (Step::Finishing(machine), command)
            }
            Step::Purging(mut machine) => {
                let command = machine.resume(reply);
                (Step::Purging(machine), command)
            }
            _ => unexpected(&reply),
        };
        self.step = step;
        command
    }
}

impl<E: Clone> Machine<E> for Sweep<E> {
    fn begin(&mut self) -> Command<E> {
        Command::ReadJob
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (std::mem::replace(&mut self.step, Step::Ended), reply) {
            (Step::ReadingJob, Reply::Job(found)) => self.judge_job(found),
            (Step::CallingCancelled, Reply::Write(_)) => Command::End(Verdict::Done),
            (Step::Counting { epoch }, Reply::Messages(waiting)) => {
                let mut pass = Pass::sweep(&self.subject, epoch, waiting);
                let command = pass.begin();
                self.step = Step::Passing(Box::new(pass));
                command
            }
            (Step::Passing(pass), reply) => self.pass(pass, reply),
            (Step::ReadingFinal(unit), Reply::Unit(found)) => self.judge_final(unit, found),
            (Step::MendingFinal(unit), Reply::Write(Written::Stored(_))) => {
                self.step = Step::AnnouncingFinal;
                Command::Announce { unit, delayed: false }
            }
            (Step::MendingFinal(_), Reply::Write(_)) | (Step::AnnouncingFinal, Reply::Announced) => {
                Command::End(Verdict::Done)
            }
            (step, reply) => self.delegate(step, reply),
        }
    }
}
