//! A message that the host gave up: its unit must not wait for ever.

use super::{Command, Machine, Read, Reply, StoredJob, Subject, Verdict, When, unexpected};
use crate::names::UnitName;
use crate::unit::{Unit, UnitState};

/// The end of a message in the poison queue. It always acknowledges: a trigger on a poison queue never releases a failed
/// message early and drops it silently above its limit, so the sweeper does what this one leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Poison {
    subject: Subject,
    unit: UnitName,
    step: Step,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    ReadingJob,
    ReadingUnit { epoch: u32 },
    Failing,
}

impl Poison {
    /// For the unit that the message names.
    pub fn new(subject: Subject, unit: UnitName) -> Self {
        Self {
            subject,
            unit,
            step: Step::ReadingJob,
        }
    }

    fn judge<E>(&mut self, epoch: u32, found: Option<Read<E, Unit>>) -> Command<E> {
        let Some(found) = found else {
            return Command::End(Verdict::Acknowledge);
        };
        let is_abandoned = match found.value.state {
            UnitState::Open => true,
            UnitState::Claimed => self.subject.limits.is_stale(found.age),
            UnitState::Committed | UnitState::Done | UnitState::Failed => false,
        };
        if !is_abandoned {
            return Command::End(Verdict::Acknowledge);
        }
        self.step = Step::Failing;
        let reason = found.value.reason.clone().unwrap_or_else(|| "crashed".into());
        let failed = Box::new(found.value.failed(epoch, &reason));
        Command::WriteUnit(self.unit, failed, When::Unchanged(found.etag))
    }
}

impl<E> Machine<E> for Poison {
    fn begin(&mut self) -> Command<E> {
        Command::ReadJob
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (&self.step, reply) {
            (
                Step::ReadingJob,
                Reply::Job(Some(Read {
                    value: StoredJob::Known(job),
                    ..
                })),
            ) => {
                self.step = Step::ReadingUnit { epoch: job.epoch };
                Command::ReadUnit(self.unit)
            }
            (Step::ReadingJob, Reply::Job(_)) => Command::End(Verdict::Acknowledge),
            (Step::ReadingUnit { epoch }, Reply::Unit(found)) => self.judge(*epoch, found),
            (Step::Failing, Reply::Write(_)) => Command::End(Verdict::Acknowledge),
            (_, reply) => unexpected(&reply),
        }
    }
}
