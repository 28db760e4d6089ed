//! Outputs of attempts that did not and cannot commit.

use super::{Command, Limits, ListedOutput, Machine, Read, Reply, Verdict, unexpected};
use crate::unit::{Unit, UnitState};

/// Removes a job's garbage. A manifest does not tell what is garbage: a retry commits outputs that no manifest names yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Collect {
    step: Step,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Listing,
    Reading { page: Vec<ListedOutput>, at: usize },
    Removing { page: Vec<ListedOutput>, at: usize },
}

impl Collect {
    /// From the start of the listing.
    pub fn new() -> Self {
        Self { step: Step::Listing }
    }

    fn go_on<E>(&mut self, page: Vec<ListedOutput>, from: usize) -> Command<E> {
        let Some((last, _)) = page.last() else {
            return Command::End(Verdict::Done);
        };
        let Some(at) = (from..page.len()).find(|at| page[*at].1 > Limits::GARBAGE) else {
            return Command::ListOutputs(Some(*last));
        };
        let unit = page[at].0.unit;
        self.step = Step::Reading { page, at };
        Command::ReadUnit(unit)
    }

    /// The unit is read after its output was listed, so its attempt is at least the output's.
    fn judge<E>(&mut self, page: Vec<ListedOutput>, at: usize, found: Option<&Read<E, Unit>>) -> Command<E> {
        let output = page[at].0;
        let is_garbage = found.is_some_and(|found| {
            let unit = &found.value;
            let has_ended_without = matches!(unit.state, UnitState::Open | UnitState::Failed);
            output.attempt < unit.attempt || (output.attempt == unit.attempt && has_ended_without)
        });
        if !is_garbage {
            return self.go_on(page, at + 1);
        }
        self.step = Step::Removing { page, at };
        Command::RemoveOutput(output)
    }
}

impl Default for Collect {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Machine<E> for Collect {
    fn begin(&mut self) -> Command<E> {
        Command::ListOutputs(None)
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match (std::mem::replace(&mut self.step, Step::Listing), reply) {
            (Step::Listing, Reply::Outputs(page)) => self.go_on(page, 0),
            (Step::Reading { page, at }, Reply::Unit(found)) => self.judge(page, at, found.as_ref()),
            (Step::Removing { page, at }, Reply::Removed(_)) => self.go_on(page, at + 1),
            (_, reply) => unexpected(&reply),
        }
    }
}
