//! Everything that a step can change: storage, queue, actors, and what the invariants remember.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ledger_protocol::protocol::{Command, Limits, Subject};
use ledger_protocol::{Job, JobId, JobState, Unit, UnitName, UnitState};

use crate::actor::{Actor, Machine, Role};
use crate::etag::{Etag, Fingerprint};
use crate::scenarios::{Faults, Requests};

/// A stored document, with what only the invariants know of it.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Stored<T> {
    pub(crate) value: T,
    pub(crate) etag: Etag,
    /// Which of the jobs that had this id one after the other it belongs to.
    pub(crate) life: u8,
    /// Whether it was last written more than seven days ago.
    pub(crate) old: bool,
}

/// What an attempt has written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Output {
    /// Items that the attempt worked on itself.
    pub(crate) items: u8,
    /// The items that each child is to work on.
    pub(crate) children: Vec<u8>,
    pub(crate) life: u8,
    pub(crate) old: bool,
}

/// A manifest: the units that are done, with their committed attempts, and those that failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Manifest {
    pub(crate) done: Vec<(UnitName, u32)>,
    pub(crate) failed: Vec<UnitName>,
}

/// A message in the queue, or in the poison queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Message {
    pub(crate) job: usize,
    pub(crate) unit: UnitName,
    pub(crate) dequeue: u32,
    pub(crate) is_poison: bool,
    /// Whether a worker has it and its visibility has not run out.
    pub(crate) is_held: bool,
    pub(crate) id: u8,
}

/// A write whose answer was lost and that storage may carry out at any time.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Late {
    pub(crate) job: usize,
    pub(crate) command: Command<Etag>,
}

/// What the invariants remember.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Memory {
    /// Epochs that went to their final unit, by job.
    pub(crate) closed: BTreeSet<(usize, u8, u32)>,
    /// Retries asked for, by job.
    pub(crate) retries: [u32; 2],
    /// The attempt that a unit committed.
    pub(crate) committed: BTreeMap<(usize, u8, UnitName), u32>,
    /// The attempt at which a retry opened a unit.
    pub(crate) opened_at: BTreeMap<(usize, u8, UnitName), u32>,
    /// Final units whose effects have happened.
    pub(crate) effects: BTreeSet<(usize, u8, u32)>,
    /// Faults so far that may cost a unit an attempt.
    pub(crate) mishaps: u32,
    /// Jobs started so far under an id.
    pub(crate) lives: [u8; 2],
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) jobs: [Option<Rc<Stored<Job>>>; 2],
    pub(crate) units: BTreeMap<(usize, UnitName), Rc<Stored<Unit>>>,
    pub(crate) outputs: BTreeMap<(usize, UnitName, u32), Rc<Output>>,
    pub(crate) manifests: BTreeMap<(usize, u32), Rc<Manifest>>,
    pub(crate) slot: Option<Stored<usize>>,
    pub(crate) messages: Vec<Message>,
    pub(crate) late: Vec<Late>,
    pub(crate) actors: Vec<Actor>,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    pub(crate) memory: Rc<Memory>,
    pub(crate) last_etag: u32,
}

/// The id of the n-th job.
pub(crate) fn job_id(job: usize) -> JobId {
    JobId::new(["a", "b"][job]).expect("a letter is a job id")
}

/// The subject of machines that work for the n-th job.
pub(crate) fn subject(job: usize, limits: Limits) -> Subject {
    Subject {
        job: job_id(job),
        limits,
    }
}

impl World {
    pub(crate) fn draw_etag(&mut self) -> Etag {
        self.last_etag += 1;
        Etag(self.last_etag)
    }

    pub(crate) fn job(&self, job: usize) -> Option<&Job> {
        self.jobs[job].as_ref().map(|stored| &stored.value)
    }

    pub(crate) fn life(&self, job: usize) -> u8 {
        self.memory.lives[job]
    }

    pub(crate) fn remember(&mut self) -> &mut Memory {
        Rc::make_mut(&mut self.memory)
    }

    pub(crate) fn unit(&self, job: usize, unit: UnitName) -> Option<&Unit> {
        self.units.get(&(job, unit)).map(|stored| &stored.value)
    }

    /// The job's pieces in the order of a listing.
    pub(crate) fn pieces(&self, job: usize) -> impl DoubleEndedIterator<Item = (UnitName, &Rc<Stored<Unit>>)> {
        let all = self
            .units
            .iter()
            .filter(move |((owner, name), _)| *owner == job && is_piece(*name));
        all.map(|((_, name), stored)| (*name, stored))
    }

    /// The smallest number by which no claim, worker or write under way is known.
    pub(crate) fn unused_nonce(&self) -> u64 {
        let of_unit = |unit: &Unit| unit.claim.as_ref().map(|claim| claim.nonce);
        let stored = self.units.values().filter_map(|stored| of_unit(&stored.value));
        let late = self.late.iter().filter_map(|late| match &late.command {
            Command::WriteUnit(_, unit, _) => of_unit(unit),
            _ => None,
        });
        let at_work = self
            .actors
            .iter()
            .filter_map(|actor| actor.run.as_ref().map(|run| run.nonce));
        let used: BTreeSet<u64> = stored.chain(late).chain(at_work).collect();
        (1..).find(|nonce| !used.contains(nonce)).expect("few numbers are used")
    }

    fn unused_message_id(&self) -> u8 {
        let claims = self.units.values().filter_map(|stored| stored.value.claim.as_ref());
        let claimed = claims.map(|claim| claim.message.parse().expect("message ids are numbers here"));
        let in_queue = self.messages.iter().map(|message| message.id);
        let at_work = self.actors.iter().filter_map(|actor| actor.run.as_ref()?.message);
        let used: BTreeSet<u8> = claimed.chain(in_queue).chain(at_work).collect();
        (1..).find(|id| !used.contains(id)).expect("few numbers are used")
    }

    /// Puts a message into the queue. A third one for the same unit that nobody has looked at changes nothing.
    pub(crate) fn send(&mut self, job: usize, unit: UnitName) {
        let alike = |message: &&Message| message.job == job && message.unit == unit && !message.is_poison;
        let fresh = self
            .messages
            .iter()
            .filter(alike)
            .filter(|message| message.dequeue == 0 && !message.is_held);
        if fresh.count() >= 2 {
            return;
        }
        let id = self.unused_message_id();
        self.messages.push(Message {
            job,
            unit,
            dequeue: 0,
            is_poison: false,
            is_held: false,
            id,
        });
        self.messages.sort();
    }

    /// Whether a claim's worker is dead, or was frozen for longer than anybody waits.
    pub(crate) fn has_lost_its_worker(&self, nonce: u64) -> bool {
        !self
            .actors
            .iter()
            .filter_map(|actor| actor.run.as_ref())
            .any(|run| run.nonce == nonce && matches!(run.machine, Machine::Deliver(_)) && !run.was_frozen)
    }

    /// Whether no healthy worker can still believe that the job is live.
    pub(crate) fn has_been_looked_at_by_all(&self, job: usize) -> bool {
        !self.actors.iter().filter_map(|actor| actor.run.as_ref()).any(|run| {
            run.job == job && matches!(run.machine, Machine::Deliver(_)) && run.has_read_job && !run.was_frozen
        })
    }

    /// Whether only a person can go on: the final unit of the open epoch has failed.
    pub(crate) fn needs_a_person(&self, job: usize) -> bool {
        self.job(job).is_some_and(|found| {
            let unit = UnitName::Final { epoch: found.epoch };
            found.state == JobState::Finalizing
                && self.unit(job, unit).is_some_and(|unit| unit.state == UnitState::Failed)
        })
    }

    /// Nothing more can come of a late write whose condition cannot hold again.
    pub(crate) fn forget_late_writes(&mut self) {
        let late = std::mem::take(&mut self.late);
        self.late = late.into_iter().filter(|late| self.could_still_apply(late)).collect();
    }

    /// Forgets what nobody can compare any more: nonces of workers that are gone, ids of messages that are gone. Worlds
    /// that differ in nothing else are then the same.
    pub(crate) fn forget_claims(&mut self) {
        let of_late = self.late.iter().filter_map(|late| match &late.command {
            Command::WriteUnit(_, unit, _) => unit.claim.as_ref().map(|claim| claim.nonce),
            _ => None,
        });
        let of_runs = self
            .actors
            .iter()
            .filter_map(|actor| actor.run.as_ref().map(|run| run.nonce));
        let nonces: Vec<u64> = of_runs.chain(of_late).filter(|nonce| *nonce != 0).collect();
        let messages: Vec<String> = self.messages.iter().map(|message| message.id.to_string()).collect();
        for stored in self.units.values_mut() {
            let Some(claim) = &stored.value.claim else { continue };
            let (has_nonce, has_message) = (
                nonces.contains(&claim.nonce),
                messages.iter().any(|id| **id == *claim.message) && stored.value.state == UnitState::Claimed,
            );
            if (has_nonce || claim.nonce == 0) && (has_message || claim.dequeue == 0) && (has_nonce || has_message) {
                continue;
            }
            let stored = Rc::make_mut(stored);
            if !has_nonce && !has_message && stored.value.state != UnitState::Claimed {
                stored.value.claim = None;
                continue;
            }
            let claim = stored.value.claim.as_mut().expect("it was just looked at");
            if !has_nonce {
                claim.nonce = 0;
            }
            if !has_message {
                (claim.message, claim.dequeue) = ("0".into(), 0);
            }
        }
    }

    pub(crate) fn fingerprint(&self) -> u64 {
        let jobs = self.jobs.iter().flatten().map(|stored| stored.etag);
        let units = self.units.values().map(|stored| stored.etag);
        let mut current: Vec<Etag> = jobs
            .chain(units)
            .chain(self.slot.iter().map(|slot| slot.etag))
            .collect();
        current.sort_unstable();
        // Workers that differ in nothing but their place are interchangeable.
        let mut workers: Vec<u64> = Vec::new();
        let mut others: Vec<u64> = Vec::new();
        for actor in &self.actors {
            let fingerprint = Fingerprint::of(&current, actor);
            let is_worker = matches!(actor.role, Role::Worker { .. });
            if is_worker { &mut workers } else { &mut others }.push(fingerprint);
        }
        workers.sort_unstable();
        let World {
            jobs,
            units,
            outputs,
            manifests,
            slot,
            messages,
            late,
            actors: _,
            faults,
            requests,
            memory,
            last_etag: _,
        } = self;
        let storage = (jobs, units, outputs, manifests, slot, messages, late);
        Fingerprint::of(&current, &(storage, faults, requests, memory, workers, others))
    }
}

pub(crate) fn is_piece(unit: UnitName) -> bool {
    matches!(unit, UnitName::Piece { .. })
}
