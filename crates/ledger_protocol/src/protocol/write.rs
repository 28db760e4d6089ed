//! R2: what to make of a write that was refused or whose answer was lost.

use super::{Command, Read, Reply, When, Written, unexpected};
use crate::names::UnitName;
use crate::unit::{Unit, UnitState};

/// A write of a unit that this worker has claimed. Its nonce tells whether it is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ClaimedWrite {
    unit: UnitName,
    nonce: u64,
    target: Box<Unit>,
    repeats: u8,
}

/// What became of a [`ClaimedWrite`].
pub(super) enum Outcome<E> {
    /// Not known yet.
    Next(Command<E>),
    /// It is there, in this version, or something later that builds on it.
    There(Box<Unit>, E),
    /// It is not and will not be; this is what was found instead.
    Lost(Option<Read<E, Unit>>),
}

/// A storage that answers nothing more often than this is left to a redelivery.
const REPEATS: u8 = 5;

impl ClaimedWrite {
    pub(super) fn new(unit: UnitName, nonce: u64, target: Unit) -> Self {
        Self {
            unit,
            nonce,
            target: Box::new(target),
            repeats: 0,
        }
    }

    pub(super) fn command<E>(&self, when: When<E>) -> Command<E> {
        Command::WriteUnit(self.unit, self.target.clone(), when)
    }

    pub(super) fn resume<E: Clone>(&mut self, reply: Reply<E>) -> Outcome<E> {
        match reply {
            Reply::Write(Written::Stored(etag)) => Outcome::There(self.target.clone(), etag),
            Reply::Write(Written::Refused | Written::Uncertain) => Outcome::Next(Command::ReadUnit(self.unit)),
            Reply::Unit(Some(found)) if found.value.is_claimed_by(self.nonce) => self.settle(found),
            Reply::Unit(found) => Outcome::Lost(found),
            other => unexpected(&other),
        }
    }

    /// The last claim is ours, so nobody else has written anything but what follows from it.
    fn settle<E: Clone>(&mut self, found: Read<E, Unit>) -> Outcome<E> {
        if has_reached(found.value.state, self.target.state) {
            return Outcome::There(Box::new(found.value), found.etag);
        }
        if found.value.state == UnitState::Claimed && self.repeats < REPEATS {
            self.repeats += 1;
            return Outcome::Next(self.command(When::Unchanged(found.etag)));
        }
        Outcome::Lost(Some(found))
    }
}

fn has_reached(found: UnitState, target: UnitState) -> bool {
    found == target || (found == UnitState::Done && target == UnitState::Committed)
}
