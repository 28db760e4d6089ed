//! Who acts: workers, and what runs beside them.

use ledger_protocol::UnitName;
use ledger_protocol::protocol::{
    Begin, Cancel, Collect, Command, Deliver, Finish, Hide, Machine as _, Orphans, Poison, Reopen, Reply, Sweep,
};

use crate::etag::Etag;

/// What an actor does when it is idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Takes messages.
    Worker {
        /// Does not know the job's format.
        is_old: bool,
    },
    /// Sweeps.
    Sweeper,
    /// Looks whether a job can be finished, as a worker does after a commit.
    Finisher,
    /// Carries out what people ask for.
    Client,
    /// Removes garbage.
    Collector,
    /// Removes units without a job.
    Weekly,
}

/// A machine of the protocol at work.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Machine {
    Deliver(Deliver<Etag>),
    Poison(Poison),
    Begin(Begin<Etag>),
    Cancel(Cancel<Etag>),
    Reopen(Reopen<Etag>),
    Finish(Finish<Etag>),
    Sweep(Sweep<Etag>),
    Hide(Hide),
    Collect(Collect),
    Orphans(Orphans<Etag>),
}

impl Machine {
    pub(crate) fn begin(&mut self) -> Command<Etag> {
        match self {
            Self::Deliver(machine) => machine.begin(),
            Self::Poison(machine) => machine.begin(),
            Self::Begin(machine) => machine.begin(),
            Self::Cancel(machine) => machine.begin(),
            Self::Reopen(machine) => machine.begin(),
            Self::Finish(machine) => machine.begin(),
            Self::Sweep(machine) => machine.begin(),
            Self::Hide(machine) => machine.begin(),
            Self::Collect(machine) => machine.begin(),
            Self::Orphans(machine) => machine.begin(),
        }
    }

    pub(crate) fn resume(&mut self, reply: Reply<Etag>) -> Command<Etag> {
        match self {
            Self::Deliver(machine) => machine.resume(reply),
            Self::Poison(machine) => machine.resume(reply),
            Self::Begin(machine) => machine.resume(reply),
            Self::Cancel(machine) => machine.resume(reply),
            Self::Reopen(machine) => machine.resume(reply),
            Self::Finish(machine) => machine.resume(reply),
            Self::Sweep(machine) => machine.resume(reply),
            Self::Hide(machine) => machine.resume(reply),
            Self::Collect(machine) => machine.resume(reply),
            Self::Orphans(machine) => machine.resume(reply),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Deliver(_) => "works",
            Self::Poison(_) => "poisons",
            Self::Begin(_) => "starts",
            Self::Cancel(_) => "cancels",
            Self::Reopen(_) => "retries",
            Self::Finish(_) => "finishes",
            Self::Sweep(_) => "sweeps",
            Self::Hide(_) => "hides",
            Self::Collect(_) => "collects garbage",
            Self::Orphans(_) => "removes orphans",
        }
    }
}

/// A machine under way, with the command that it wants carried out next.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Run {
    pub(crate) machine: Machine,
    pub(crate) job: usize,
    pub(crate) next: Command<Etag>,
    /// The unit that the message names; of a worker only.
    pub(crate) unit: Option<UnitName>,
    /// 0 for all but workers.
    pub(crate) nonce: u64,
    pub(crate) message: Option<u8>,
    pub(crate) is_frozen: bool,
    /// It has been frozen: its claim may be called stale, and it may act after its job was cancelled.
    pub(crate) was_frozen: bool,
    pub(crate) has_read_job: bool,
    /// The last write was refused or its answer lost, so the next look at the unit is R2's.
    pub(crate) doubts: bool,
    /// A job that a rule broken on purpose holds back.
    pub(crate) held_back: Option<(Box<ledger_protocol::Job>, Etag)>,
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Actor {
    pub(crate) role: Role,
    pub(crate) run: Option<Run>,
}

impl Run {
    pub(crate) fn new(mut machine: Machine, job: usize) -> Self {
        let next = machine.begin();
        Self {
            machine,
            job,
            next,
            unit: None,
            nonce: 0,
            message: None,
            is_frozen: false,
            was_frozen: false,
            has_read_job: false,
            doubts: false,
            held_back: None,
        }
    }
}
