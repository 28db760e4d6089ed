//! What is searched: small jobs, actors, and a bounded number of each fault.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use ledger_protocol::codec::FORMAT;
use ledger_protocol::protocol::Limits;
use ledger_protocol::{Job, JobState, Totals, Unit, UnitName};

use crate::actor::Actor;
pub use crate::actor::Role;
use crate::etag::Etag;
use crate::world::{Memory, Stored, World, job_id};

mod catalogue;
mod rules;

pub use catalogue::{large, small};
pub use rules::{Case, cases};

/// How the job's work is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One unit.
    Single,
    /// One unit that fails for good until a retry.
    SingleThatFails,
    /// One unit that ends with retryable errors until a retry.
    SingleThatErrs,
    /// The root leaves a child, or none if it is its second attempt.
    OneOrNone,
    /// The root leaves two children, or one if it is its second attempt.
    TwoOrOne,
    /// The root leaves two children, and the second fails for good until a retry.
    SecondFails,
    /// The root leaves two children, and each of them another.
    Grandchild,
}

/// Faults that may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// Actors that die.
    pub kills: u8,
    /// Answers that are lost, the write applied or not.
    pub lost: u8,
    /// Answers that are lost, the write applied at any later time.
    pub late: u8,
    /// Messages that are doubled.
    pub copies: u8,
    /// Messages that become visible while their worker lives.
    pub expiries: u8,
    /// Workers that freeze.
    pub freezes: u8,
    /// Retryable errors.
    pub errors: u8,
    /// Final units that fail for good.
    pub final_failures: u8,
    /// Poison messages that the host drops.
    pub drops: u8,
}

/// What people may still ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requests {
    /// Starts, by job.
    pub starts: [u8; 2],
    /// Retries.
    pub retries: u8,
    /// Cancellations.
    pub cancels: u8,
    /// Removals.
    pub hides: u8,
    /// A retry whose answer never came: the job, and the epoch that its caller had seen.
    pub unanswered: Option<(usize, u32)>,
}

/// How the world is at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// There is no job.
    Nothing,
    /// The first job runs, and its root is announced.
    Running,
    /// The first job was finished, and has a unit with outputs.
    Finished,
}

/// One search.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// Who acts.
    pub roles: Vec<Role>,
    /// How the work is cut.
    pub shape: Shape,
    /// The epoch in which a unit that always fails does so no more.
    pub heals_in: u32,
    /// How the world is at first.
    pub start: Start,
    /// Whether people retry what has not failed.
    pub retries_at_any_time: bool,
    /// Whether jobs have a slot, and end without workers.
    pub is_about_slots: bool,
    /// Faults that may happen.
    pub faults: Faults,
    /// What people may ask for.
    pub requests: Requests,
    /// Attempts, tries and deliveries that a unit and a message have.
    pub patience: u32,
    /// Worlds after which the search gives up.
    pub most: usize,
}

impl Scenario {
    /// One worker and a running job of one unit, without faults.
    pub fn new(name: &'static str, shape: Shape) -> Self {
        Self {
            name,
            roles: vec![Role::Worker { is_old: false }],
            shape,
            heals_in: 2,
            start: Start::Running,
            retries_at_any_time: false,
            is_about_slots: false,
            faults: Faults::default(),
            requests: Requests::default(),
            patience: 3,
            most: 50_000_000,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            budget: Duration::from_secs(90),
            attempts: self.patience,
            tries: self.patience,
        }
    }

    /// Whether a job can end by itself: somebody sweeps, and somebody sees to final units that failed.
    pub(crate) fn must_end(&self) -> bool {
        [Role::Sweeper, Role::Client]
            .iter()
            .all(|role| self.roles.contains(role))
    }

    /// Mishaps without which no unit may fail.
    pub(crate) fn fewest_mishaps(&self) -> u32 {
        self.patience
    }

    pub(crate) fn job(&self) -> Job {
        Job {
            format: FORMAT,
            state: JobState::Starting,
            epoch: 1,
            published: 0,
            kind: "unit".into(),
            slot: self.is_about_slots.then(|| "slot".into()),
            created: "".into(),
            input: "".into(),
            totals: Totals::default(),
            reason: None,
        }
    }

    pub(crate) fn first_world(&self) -> World {
        let actor = |role: &Role| Actor { role: *role, run: None };
        let mut world = World {
            jobs: [None, None],
            units: BTreeMap::new(),
            outputs: BTreeMap::new(),
            manifests: BTreeMap::new(),
            slot: None,
            messages: Vec::new(),
            late: Vec::new(),
            actors: self.roles.iter().map(actor).collect(),
            faults: self.faults,
            requests: self.requests,
            memory: Rc::new(Memory::default()),
            last_etag: 10,
        };
        let root = UnitName::root(&job_id(0));
        let stored_job = |state, old| {
            let value = Job {
                published: u32::from(state == JobState::Finished),
                ..self.job().in_state(state)
            };
            let etag = Etag(1);
            Some(Rc::new(Stored {
                value,
                etag,
                life: 1,
                old,
            }))
        };
        let stored_unit = |state, old| {
            let value = Unit {
                state,
                ..Unit::open(FORMAT, "unit")
            };
            let etag = Etag(2);
            Rc::new(Stored {
                value,
                etag,
                life: 1,
                old,
            })
        };
        match self.start {
            Start::Nothing => {}
            Start::Running => {
                world.jobs[0] = stored_job(JobState::Running, false);
                world
                    .units
                    .insert((0, root), stored_unit(ledger_protocol::UnitState::Open, false));
                world.remember().lives[0] = 1;
                world.send(0, root);
            }
            Start::Finished => {
                world.jobs[0] = stored_job(JobState::Finished, false);
                let output = crate::world::Output {
                    items: 1,
                    children: Vec::new(),
                    life: 1,
                    old: false,
                };
                world.outputs.insert((0, root, 0), Rc::new(output));
                world
                    .units
                    .insert((0, root), stored_unit(ledger_protocol::UnitState::Done, false));
                world.remember().lives[0] = 1;
            }
        }
        world
    }
}
