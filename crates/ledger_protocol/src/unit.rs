//! A unit's document.

use serde::{Deserialize, Serialize};

use crate::names::{OutputName, UnitName};

/// Where a unit stands. Committed becomes done and nothing else; done becomes nothing else at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// Waits for a worker.
    Open,
    /// A worker has it.
    Claimed,
    /// Its outputs count; its children may not all be there yet.
    Committed,
    /// Committed, and its children are there.
    Done,
    /// Given up in the epoch that the unit names; a retry of the job opens it again.
    Failed,
}

impl UnitState {
    /// The state as it stands in documents and metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Committed => "committed",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of which [`UnitState::as_str`] gives this text.
    pub fn from_text(text: &str) -> Option<Self> {
        let all = [Self::Open, Self::Claimed, Self::Committed, Self::Done, Self::Failed];
        all.into_iter().find(|state| state.as_str() == text)
    }
}

/// Where a unit stands, as a listing tells it without its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnitSummary {
    /// Its state.
    pub state: UnitState,
    /// Its attempt.
    pub attempt: u32,
    /// The epoch in which it failed.
    pub epoch: u32,
    /// How many outputs its committed attempt has.
    pub outputs: u32,
    /// What it counted.
    pub counters: Counters,
}

/// Who has claimed a unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// Drawn for this claim alone: by it a worker recognises its own write when the answer was lost.
    pub nonce: u64,
    /// The queue message that brought the worker.
    pub message: Box<str>,
    /// How often that message had been delivered.
    pub dequeue: u32,
}

/// A child as its parent's commit names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Child {
    /// The unit kind's name in the app.
    pub kind: Box<str>,
    /// Its input: an output of the parent's committed attempt.
    pub input: OutputName,
}

/// What a unit counted while it worked, for progress and totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counters {
    /// Items that came out right.
    pub items: u64,
    /// Items that did not.
    pub errors: u64,
}

/// What is known of a unit: one small blob, at most 64 KiB.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unit {
    /// Format of its job's documents.
    pub format: u16,
    /// The unit that made it; none for the root and for final units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<UnitName>,
    /// Which of its parent's children it is, from 0.
    pub ordinal: u32,
    /// The unit kind's name in the app.
    pub kind: Box<str>,
    /// An output of its parent's committed attempt; none for the root, whose input is the job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<OutputName>,
    /// Where it stands.
    pub state: UnitState,
    /// The attempt under way or the last one; every claim is a new one and it never drops.
    pub attempt: u32,
    /// The attempt before the first of this epoch: attempts are limited from here.
    pub base: u32,
    /// Attempts of this epoch that ended with a retryable error.
    pub tries: u32,
    /// The job's epoch in which it failed, as read before it was stored.
    pub epoch: u32,
    /// Who has it, or had it last: the nonce stays until the next claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Numbers 0 up to this of the committed attempt are its outputs; further ones are its children's inputs.
    pub outputs: u32,
    /// Its children, in the order of their ordinals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// What it counted.
    #[serde(default)]
    pub counters: Counters,
    /// Why it failed, or why its last attempt did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
}

impl Unit {
    /// A unit that nobody has worked on.
    pub fn open(format: u16, kind: &str) -> Self {
        Self {
            format,
            parent: None,
            ordinal: 0,
            kind: kind.into(),
            input: None,
            state: UnitState::Open,
            attempt: 0,
            base: 0,
            tries: 0,
            epoch: 0,
            claim: None,
            outputs: 0,
            children: Vec::new(),
            counters: Counters::default(),
            reason: None,
        }
    }

    /// The child with that ordinal of this committed unit, as its own document.
    pub fn child(&self, name: UnitName, ordinal: u32, child: &Child) -> Self {
        Self {
            parent: Some(name),
            ordinal,
            input: Some(child.input),
            ..Self::open(self.format, &child.kind)
        }
    }

    /// What a listing tells of it.
    pub fn summary(&self) -> UnitSummary {
        UnitSummary {
            state: self.state,
            attempt: self.attempt,
            epoch: self.epoch,
            outputs: self.outputs,
            counters: self.counters,
        }
    }

    /// Whether the nonce is the one of its last claim.
    pub fn is_claimed_by(&self, nonce: u64) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.nonce == nonce)
    }

    /// The same unit, open again for more attempts: what a sweeper does with a dead worker's claim.
    #[must_use]
    pub fn reopened(&self) -> Self {
        Self {
            state: UnitState::Open,
            ..self.clone()
        }
    }

    /// The same unit after a retry of its job: open, with all attempts before it.
    #[must_use]
    pub fn retried(&self) -> Self {
        Self {
            state: UnitState::Open,
            tries: 0,
            base: self.attempt,
            ..self.clone()
        }
    }

    /// The same unit, given up in `epoch`.
    #[must_use]
    pub fn failed(&self, epoch: u32, reason: &str) -> Self {
        Self {
            state: UnitState::Failed,
            epoch,
            reason: Some(reason.into()),
            ..self.clone()
        }
    }
}
