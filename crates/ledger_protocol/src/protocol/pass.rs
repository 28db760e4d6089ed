//! A walk over a job's units that opens or announces again those which need it.

use super::{Command, Limits, Listed, Read, Reply, Subject, When, Written, unexpected};
use crate::unit::{Unit, UnitState, UnitSummary};

/// One walk. A listing is pages, not a snapshot; so whatever is changed is read again first, and the change is
/// conditional on what was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pass<E> {
    purpose: Purpose,
    epoch: u32,
    /// Open units seen so far.
    open: u64,
    /// Whether every unit seen is done, or failed in the job's epoch.
    complete: bool,
    step: Step<E>,
}

/// What the walk is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// A retry: every unit that failed in an older epoch is opened.
    Retry,
    /// A sweep: what dead workers left, too.
    Sweep {
        /// By which silence counts as death.
        limits: Limits,
        /// Messages that wait in the queue: a queue at least as long as the open units may hold all their messages.
        waiting: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step<E> {
    Listing,
    Reading { page: Vec<Listed<E>>, at: usize },
    Writing { page: Vec<Listed<E>>, at: usize },
    Announcing { page: Vec<Listed<E>>, at: usize },
}

/// How far the walk has come.
pub(super) enum Progress<E> {
    Next(Command<E>),
    /// The walk is over; whether it saw nothing but units that are done, or failed in this epoch.
    Over {
        complete: bool,
    },
}

impl<E: Clone> Pass<E> {
    pub(super) fn new(purpose: Purpose, epoch: u32) -> Self {
        Self {
            purpose,
            epoch,
            open: 0,
            complete: true,
            step: Step::Listing,
        }
    }

    /// For the subject's sweeper.
    pub(super) fn sweep(subject: &Subject, epoch: u32, waiting: u64) -> Self {
        let limits = subject.limits;
        Self::new(Purpose::Sweep { limits, waiting }, epoch)
    }

    pub(super) fn begin(&mut self) -> Command<E> {
        Command::ListUnits(None)
    }

    pub(super) fn resume(&mut self, reply: Reply<E>) -> Progress<E> {
        match (std::mem::replace(&mut self.step, Step::Listing), reply) {
            (Step::Listing, Reply::Page(page)) => self.take(page),
            (Step::Reading { page, at }, Reply::Unit(found)) => self.change(page, at, found),
            (Step::Writing { page, at }, Reply::Write(Written::Stored(_))) => {
                let unit = page[at].0;
                self.step = Step::Announcing { page, at };
                Progress::Next(Command::Announce { unit, delayed: false })
            }
            // The loser of a race skips; what is uncertain is seen again by the next sweep.
            (Step::Writing { page, at }, Reply::Write(_)) => self.go_on(page, at + 1),
            (Step::Announcing { page, at }, Reply::Announced) => self.go_on(page, at + 1),
            (_, reply) => unexpected(&reply),
        }
    }

    fn take(&mut self, page: Vec<Listed<E>>) -> Progress<E> {
        for (_, unit) in &page {
            match unit.value.state {
                UnitState::Done => {}
                UnitState::Failed if unit.value.epoch == self.epoch => {}
                UnitState::Open => {
                    self.open += 1;
                    self.complete = false;
                }
                _ => self.complete = false,
            }
        }
        if page.is_empty() {
            return Progress::Over {
                complete: self.complete,
            };
        }
        self.go_on(page, 0)
    }

    fn go_on(&mut self, page: Vec<Listed<E>>, from: usize) -> Progress<E> {
        let Some(at) = (from..page.len()).find(|at| self.needs_change(&page[*at].1)) else {
            let last = page.last().map(|(name, _)| *name);
            return Progress::Next(Command::ListUnits(last));
        };
        let unit = page[at].0;
        self.step = Step::Reading { page, at };
        Progress::Next(Command::ReadUnit(unit))
    }

    fn change(&mut self, page: Vec<Listed<E>>, at: usize, found: Option<Read<E, Unit>>) -> Progress<E> {
        let Some(found) = found.filter(|found| self.needs_change(&summary(found))) else {
            return self.go_on(page, at + 1);
        };
        let changed = match found.value.state {
            UnitState::Claimed => found.value.reopened(),
            UnitState::Failed => found.value.retried(),
            // Written as it is: the new version resets the age, and one of several sweepers wins.
            _ => found.value,
        };
        let command = Command::WriteUnit(page[at].0, Box::new(changed), When::Unchanged(found.etag));
        self.step = Step::Writing { page, at };
        Progress::Next(command)
    }

    fn needs_change(&self, unit: &Read<E, UnitSummary>) -> bool {
        // A worker from before a retry may store its failure late, so a sweep looks for these as well.
        if unit.value.state == UnitState::Failed {
            return unit.value.epoch < self.epoch;
        }
        let Purpose::Sweep { limits, waiting } = &self.purpose else {
            return false;
        };
        match unit.value.state {
            UnitState::Claimed | UnitState::Committed => limits.is_stale(unit.age),
            UnitState::Open => unit.age > Limits::OPEN_FOR_LONG || (unit.age > Limits::OPEN && self.open > *waiting),
            UnitState::Done | UnitState::Failed => false,
        }
    }
}

fn summary<E: Clone>(found: &Read<E, Unit>) -> Read<E, UnitSummary> {
    Read {
        value: found.value.summary(),
        etag: found.etag.clone(),
        age: found.age,
    }
}
