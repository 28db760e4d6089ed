//! Units whose job is gone: a start or a commit of long ago put them after the removal had passed.

use super::{Command, Limits, Listed, Machine, Reply, Verdict, unexpected};

/// Removes the units of one page that have no job. The page is listed before the job is looked for: a job started anew
/// in between is seen, and its units are in no page that was listed before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Orphans<E> {
    units: Vec<Listed<E>>,
}

impl<E: Clone> Orphans<E> {
    /// For units of one job, as just listed.
    pub fn new(mut units: Vec<Listed<E>>) -> Self {
        units.retain(|(_, unit)| unit.age > Limits::KEPT);
        Self { units }
    }

    fn next(&mut self) -> Command<E> {
        match self.units.pop() {
            Some((name, unit)) => Command::RemoveUnit(name, unit.etag),
            None => Command::End(Verdict::Done),
        }
    }
}

impl<E: Clone> Machine<E> for Orphans<E> {
    fn begin(&mut self) -> Command<E> {
        if self.units.is_empty() {
            Command::End(Verdict::Done)
        } else {
            Command::ReadJob
        }
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match reply {
            Reply::Job(None) => self.next(),
            Reply::Job(Some(_)) => Command::End(Verdict::Refused),
            Reply::Write(_) => self.next(),
            other => unexpected(&other),
        }
    }
}
