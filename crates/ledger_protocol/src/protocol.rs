//! The protocol's decisions as machines without I/O: a command out, a reply in.
//!
//! The model and the running ledger drive the same machines; only who carries out the commands differs. A machine that
//! is dropped between two commands is a worker that died there: nothing here needs to be told.

mod begin;
mod cancel;
mod collect;
mod deliver;
mod finish;
mod hide;
mod orphans;
mod pass;
mod poison;
mod purge;
mod reopen;
mod slot;
mod sweep;
mod write;

pub use begin::Begin;
pub use cancel::Cancel;
pub use collect::Collect;
pub use deliver::{Deliver, Delivery};
pub use finish::Finish;
pub use hide::Hide;
pub use orphans::Orphans;
pub use poison::Poison;
pub use purge::Purge;
pub use reopen::Reopen;
pub use sweep::Sweep;

use std::time::Duration;

use crate::job::Job;
use crate::names::{JobId, OutputName, UnitName};
use crate::unit::{Child, Counters, Unit, UnitSummary};

/// A unit as a page of a listing shows it.
pub type Listed<E> = (UnitName, Read<E, UnitSummary>);

/// An output as a page of a listing shows it, with its age.
pub type ListedOutput = (OutputName, Duration);

/// A document as read: with its ETag and the age that one response gives (`Date` − `Last-Modified`), so that no
/// worker's clock counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Read<E, T> {
    /// The document.
    pub value: T,
    /// Its version.
    pub etag: E,
    /// Time since it was last written.
    pub age: Duration,
}

/// A job as stored, which another binary may have written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StoredJob {
    /// In a format that this binary reads.
    Known(Job),
    /// In a newer one: left alone.
    Newer,
}

/// The condition of a write. Every write has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum When<E> {
    /// `If-None-Match: *`.
    Absent,
    /// `If-Match`.
    Unchanged(E),
}

/// What a machine wants done next. All of it concerns the job that the machine was made for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command<E> {
    /// Read the job; answered by [`Reply::Job`].
    ReadJob,
    /// Write the job; answered by [`Reply::Write`].
    WriteJob(Box<Job>, When<E>),
    /// Read a unit; answered by [`Reply::Unit`].
    ReadUnit(UnitName),
    /// Write a unit; answered by [`Reply::Write`].
    WriteUnit(UnitName, Box<Unit>, When<E>),
    /// Send the unit's message, now or after a minute; answered by [`Reply::Announced`].
    Announce {
        /// The unit that the message names.
        unit: UnitName,
        /// Invisible for 60 seconds first.
        delayed: bool,
    },
    /// Do the unit's work as its present attempt and write its outputs; answered by [`Reply::Worked`].
    Work(UnitName, Box<Unit>),
    /// List the units that sort after this one, in ascending order, as many as a page holds; answered by
    /// [`Reply::Page`]. Final units are not among them.
    ListUnits(Option<UnitName>),
    /// Remove a unit in this version; answered by [`Reply::Write`].
    RemoveUnit(UnitName, E),
    /// Remove every output and manifest of the job that is older than [`Limits::KEPT`]; answered by [`Reply::Removed`].
    RemoveOutputs,
    /// List the outputs that sort after this one, in ascending order, as many as a page holds; answered by
    /// [`Reply::Outputs`].
    ListOutputs(Option<OutputName>),
    /// Remove one output, whatever its version: it is never written twice; answered by [`Reply::Removed`].
    RemoveOutput(OutputName),
    /// Remove the job in this version; answered by [`Reply::Write`].
    RemoveJob(E),
    /// About how many messages wait in the queue; answered by [`Reply::Messages`].
    CountMessages,
    /// Read the slot; answered by [`Reply::Slot`].
    ReadSlot(Box<str>),
    /// Write this job's id into the slot; answered by [`Reply::Write`].
    WriteSlot(Box<str>, When<E>),
    /// Read another job, the one that a slot names; answered by [`Reply::Job`].
    ReadOwner(JobId),
    /// Nothing more.
    End(Verdict),
}

/// The answer to a [`Command`]. An error that outlasted its retries is no reply: the machine is dropped and the
/// message is delivered again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply<E> {
    /// The job, if there is one.
    Job(Option<Read<E, StoredJob>>),
    /// The unit, if there is one.
    Unit(Option<Read<E, Unit>>),
    /// What became of a write.
    Write(Written<E>),
    /// The message is in the queue.
    Announced,
    /// How the work ended.
    Worked(Worked),
    /// Units in ascending order; the last page is empty.
    Page(Vec<Listed<E>>),
    /// Outputs in ascending order; the last page is empty.
    Outputs(Vec<ListedOutput>),
    /// Whether all are gone: younger ones stay.
    Removed(bool),
    /// About how many messages wait.
    Messages(u64),
    /// Whose the slot is, if it was ever taken.
    Slot(Option<Read<E, JobId>>),
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Written<E> {
    /// Stored, with its new version.
    Stored(E),
    /// 412 or 409: the condition did not hold.
    Refused,
    /// No answer: it may have been applied, not applied, or be applied later.
    Uncertain,
}

/// How the work of an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Worked {
    /// All outputs are written.
    Finished {
        /// How many.
        outputs: u32,
        /// What it leaves to others.
        children: Vec<Child>,
        /// What it counted.
        counters: Counters,
    },
    /// Another attempt may help.
    Retryable(Box<str>),
    /// No other attempt will.
    Permanent(Box<str>),
    /// The job does not want the work any more.
    Unwanted,
    /// The worker was told to go before the work was done: no fault of the work's.
    Interrupted,
}

/// What to answer to the host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// 200: the host deletes the message.
    Acknowledge,
    /// 200, and the job may be complete: look whether it can be finished.
    AcknowledgeAndFinish,
    /// 500: the host delivers the message again.
    DeliverAgain,
    /// The job contradicts itself: cancel it with this reason, then 200.
    CancelJob(Box<str>),
    /// What was asked for is so, by this machine or by another before it.
    Done,
    /// Another single-run job has the slot.
    Busy,
    /// The job is in no state in which that can be done, or there is no such job.
    Refused,
    /// Storage gave no clear answer; the sweeper goes on with what is stored.
    LeftToSweep,
    /// Storage gave no clear answer, and nothing is stored that anybody would go on with: ask again.
    Unknown,
}

/// A machine of the protocol.
pub trait Machine<E> {
    /// The first command.
    fn begin(&mut self) -> Command<E>;

    /// The next command, given the reply to the last one.
    fn resume(&mut self, reply: Reply<E>) -> Command<E>;
}

/// The times by which a silent worker is judged, and how much a unit may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// B: a unit works until this is spent, stops itself at twice, and counts as dead at three times.
    pub budget: Duration,
    /// Attempts of one epoch, whatever ended them: deaths count too.
    pub attempts: u32,
    /// Attempts of one epoch that ended with a retryable error.
    pub tries: u32,
}

impl Limits {
    /// A budget of 90 seconds and at most a quarter of the function's time-out; 12 attempts, 6 errors.
    pub fn for_function_timeout(function_timeout: Option<Duration>) -> Self {
        let budget = Duration::from_secs(90);
        Self {
            budget: function_timeout.map_or(budget, |limit| budget.min(limit / 4)),
            attempts: 12,
            tries: 6,
        }
    }

    /// An output of this age is read by no attempt that will not commit: what may write it has ended or seen its end.
    pub const GARBAGE: Duration = Duration::from_secs(24 * 3600);

    /// How long documents outlive their job's end: no process and no request may live that long.
    pub const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

    /// An open unit of this age may have lost its message, if the queue is short.
    pub const OPEN: Duration = Duration::from_secs(600);

    /// An open unit of this age is announced again whatever the queue says: other jobs' messages hide a loss.
    pub const OPEN_FOR_LONG: Duration = Duration::from_secs(3600);

    /// Whether a claim or commit of that age has no worker any more.
    pub fn is_stale(&self, age: Duration) -> bool {
        age > self.budget * 3
    }
}

/// A reply to a question that was not asked is a fault of who carries out the commands.
fn unexpected<E, T>(reply: &Reply<E>) -> T {
    let kind = match reply {
        Reply::Job(_) => "a job",
        Reply::Unit(_) => "a unit",
        Reply::Write(_) => "the end of a write",
        Reply::Announced => "an announcement",
        Reply::Worked(_) => "the end of work",
        Reply::Page(_) => "a page of units",
        Reply::Outputs(_) => "a page of outputs",
        Reply::Removed(_) => "the end of a removal",
        Reply::Messages(_) => "a count of messages",
        Reply::Slot(_) => "a slot",
    };
    unreachable!("a machine of the protocol was given {kind}, which it had not asked for")
}

/// The job that a machine works for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Its id.
    pub job: JobId,
    /// The times in force.
    pub limits: Limits,
}
