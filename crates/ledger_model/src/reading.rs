//! What an actor reads: the documents with an age that they may have, and what a rule broken on purpose makes of them.

use std::time::Duration;

use ledger_protocol::protocol::{Command, Limits, Listed, Read, Reply, StoredJob};
use ledger_protocol::{Job, JobState, Unit, UnitName, UnitState};

use crate::actor::{Machine, Role};
use crate::broken::Rule;
use crate::etag::Etag;
use crate::execute::{Answer, Executor};
use crate::step::is_worker;
use crate::world::{Stored, World, is_piece};

/// Ages by which the protocol tells documents apart.
pub(crate) const FRESH: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(Limits::OPEN_FOR_LONG.as_secs() + 1);
pub(crate) const OLD: Duration = Duration::from_secs(Limits::KEPT.as_secs() + 1);

impl Executor<'_> {
    pub(crate) fn read_job(&self, world: &mut World, actor: usize, way: u8) -> Option<Answer> {
        let run = world.actors[actor].run.as_ref().expect("it reads");
        let (job, is_sweep) = (run.job, matches!(run.machine, Machine::Sweep(_)));
        let is_first = !run.has_read_job;
        let age = self.job_age(world, job, if is_sweep { way } else { 0 })?;
        if way > 0 && !is_sweep {
            return None;
        }
        let is_deliver = is_worker(&run.machine);
        let unit = run.unit;
        // As if it had looked for the job first, when there was none yet.
        if self.breaks(Rule::UnitsBeforeJobWeekly) && matches!(run.machine, Machine::Orphans(_)) {
            return Some(Answer::Reply(Reply::Job(None)));
        }
        let knows_format = !matches!(world.actors[actor].role, Role::Worker { is_old: true });
        let found = world.jobs[job].as_deref().cloned();
        let Some(mut stored) = found else {
            self.mark_read(world, actor);
            return Some(Answer::Reply(Reply::Job(None)));
        };
        if is_sweep && is_first && self.sweep_looks_away(world, job, &stored.value) {
            return Some(Answer::Nothing);
        }
        if self.breaks(Rule::LiveCheck)
            && is_deliver
            && matches!(stored.value.state, JobState::Cancelling | JobState::Cancelled)
        {
            stored.value.state = JobState::Running;
        }
        if self.breaks(Rule::FinalUnitInItsEpoch)
            && is_deliver
            && stored.value.state == JobState::Finalizing
            && let Some(UnitName::Final { epoch }) = unit
        {
            stored.value.epoch = epoch;
        }
        self.mark_read(world, actor);
        let run = world.actors[actor].run.as_mut().expect("it reads");
        if self.breaks(Rule::RetryNamesEpoch) && matches!(run.machine, Machine::Reopen(_)) {
            let subject = crate::world::subject(job, self.scenario.limits());
            run.machine = Machine::Reopen(ledger_protocol::protocol::Reopen::request(subject, stored.value.epoch));
        }
        Some(Answer::Reply(Reply::Job(Some(if knows_format {
            found_job(&stored, age)
        } else {
            Read {
                value: StoredJob::Newer,
                etag: stored.etag,
                age,
            }
        }))))
    }

    fn mark_read(&self, world: &mut World, actor: usize) {
        world.actors[actor].run.as_mut().expect("it reads").has_read_job = true;
    }

    /// Whether the sweep, by a rule broken on purpose, does not see to a job in this state.
    fn sweep_looks_away(&self, world: &World, job: usize, found: &Job) -> bool {
        let rule = match found.state {
            JobState::Starting => Rule::SweepFinishesStart,
            JobState::Reopening => Rule::SweepFinishesRetry,
            JobState::Finalizing if world.unit(job, UnitName::Final { epoch: found.epoch }).is_none() => {
                Rule::SweepPutsFinalUnit
            }
            JobState::Cancelling => Rule::SweepCallsCancelled,
            JobState::Deleting => Rule::SweepGoesOnDeleting,
            _ => return false,
        };
        self.breaks(rule)
    }

    /// The job's age as the n-th way of reading gives it.
    pub(crate) fn job_age(&self, world: &World, job: usize, way: u8) -> Option<Duration> {
        let Some(stored) = &world.jobs[job] else {
            return (way == 0).then_some(FRESH);
        };
        let old = stored.old || self.breaks(Rule::DeleteSparesYoung);
        if stored.value.state == JobState::Deleting && old {
            return (way == 0).then_some(OLD);
        }
        let may_be_stale = stored.value.state == JobState::Cancelling
            && (self.breaks(Rule::CancelledAfterAllLooked) || world.has_been_looked_at_by_all(job));
        match way {
            0 => Some(FRESH),
            1 if may_be_stale => Some(LONG),
            _ => None,
        }
    }

    /// A unit's ages: fresh, and what else the reader may be told.
    fn unit_age(
        &self,
        world: &World,
        actor: usize,
        name: UnitName,
        stored: &Stored<Unit>,
        way: u8,
    ) -> Option<Duration> {
        let machine = &world.actors[actor].run.as_ref().expect("it reads").machine;
        let job = world.actors[actor].run.as_ref().expect("it reads").job;
        if stored.old
            || (self.breaks(Rule::DeleteSparesYoung)
                && matches!(machine, Machine::Sweep(_))
                && world.job(job).is_some_and(|job| job.state == JobState::Deleting))
        {
            return (way == 0).then_some(OLD);
        }
        let is_sweep = matches!(machine, Machine::Sweep(_));
        let any_claim = match machine {
            Machine::Sweep(_) => self.breaks(Rule::SweepOpensStaleOnly),
            Machine::Deliver(_) => self.breaks(Rule::DeliveryTakesStaleOnly),
            Machine::Poison(_) => self.breaks(Rule::PoisonFailsStaleOnly),
            _ => false,
        };
        let may_be_long = match stored.value.state {
            UnitState::Claimed => {
                let nonce = stored.value.claim.as_ref().map(|claim| claim.nonce);
                any_claim || nonce.is_some_and(|nonce| world.has_lost_its_worker(nonce))
            }
            // The age counts from the commit, and a healthy worker needs less than that for what follows.
            UnitState::Committed => {
                let nonce = stored.value.claim.as_ref().map_or(0, |claim| claim.nonce);
                is_sweep && world.has_lost_its_worker(nonce)
            }
            // Announced again and again, the messages of a unit would be without number.
            UnitState::Open => {
                let waits = |message: &crate::world::Message| message.job == job && message.unit == name;
                is_sweep && !world.messages.iter().any(waits)
            }
            UnitState::Done | UnitState::Failed => false,
        };
        match way {
            0 => Some(FRESH),
            1 if may_be_long => Some(LONG),
            _ => None,
        }
    }

    pub(crate) fn read_unit(&self, world: &World, actor: usize, unit: UnitName, way: u8) -> Option<Answer> {
        let run = world.actors[actor].run.as_ref().expect("it reads");
        let Some(stored) = world.units.get(&(run.job, unit)) else {
            return (way == 0).then_some(Answer::Reply(Reply::Unit(None)));
        };
        let age = self.unit_age(world, actor, unit, stored, way)?;
        let mut found = stored.value.clone();
        if is_worker(&run.machine) {
            if self.breaks(Rule::NonceInDoubt) && run.doubts && found.state == UnitState::Claimed {
                found.claim.as_mut().expect("a claimed unit has a claim").nonce = run.nonce;
            }
            let is_to_be_claimed = matches!(found.state, UnitState::Open | UnitState::Claimed);
            if self.breaks(Rule::EveryClaimIsAnAttempt) && !run.doubts && is_to_be_claimed && found.attempt > 0 {
                found.attempt -= 1;
            }
        }
        let is_request = matches!(run.machine, Machine::Reopen(_) | Machine::Cancel(_));
        if self.breaks(Rule::FailedFinalUnitIsNoEnd) && is_request && !is_piece(unit) {
            return Some(Answer::Reply(Reply::Unit(None)));
        }
        if self.breaks(Rule::RetryComparesEpochs) && matches!(run.machine, Machine::Reopen(_)) {
            found.epoch = 0;
        }
        if self.breaks(Rule::GarbageByAttempt)
            && matches!(run.machine, Machine::Collect(_))
            && let Command::ReadUnit(_) = run.next
        {
            let published = world.job(run.job).map_or(0, |job| job.published);
            let manifest = world.manifests.get(&(run.job, published));
            if manifest.is_some_and(|manifest| !manifest.done.contains(&(unit, found.attempt))) {
                found.attempt += 1;
            }
        }
        Some(Answer::Reply(Reply::Unit(Some(Read {
            value: found,
            etag: stored.etag,
            age,
        }))))
    }

    pub(crate) fn list_units(&self, world: &World, actor: usize, after: Option<UnitName>, way: u8) -> Option<Answer> {
        let run = world.actors[actor].run.as_ref().expect("it reads");
        let job = run.job;
        let next = if self.breaks(Rule::ChildSortsAfterParent) {
            world
                .pieces(job)
                .rev()
                .find(|(name, _)| after.is_none_or(|after| *name < after))
        } else {
            world
                .pieces(job)
                .find(|(name, _)| after.is_none_or(|after| *name > after))
        };
        let Some((name, stored)) = next else {
            return (way == 0).then_some(Answer::Reply(Reply::Page(Vec::new())));
        };
        let age = self.unit_age(world, actor, name, stored, way)?;
        let mut value = stored.value.summary();
        if matches!(run.machine, Machine::Finish(_)) {
            if self.breaks(Rule::FinishWantsDone) && value.state == UnitState::Committed {
                value.state = UnitState::Done;
            }
            if self.breaks(Rule::FinishComparesEpochs) {
                value.epoch = world.job(job).map_or(0, |job| job.epoch);
            }
        }
        if self.breaks(Rule::RetryComparesEpochs) && matches!(run.machine, Machine::Reopen(_)) {
            value.epoch = 0;
        }
        let page: Vec<Listed<Etag>> = vec![(
            name,
            Read {
                value,
                etag: stored.etag,
                age,
            },
        )];
        Some(Answer::Reply(Reply::Page(page)))
    }
}

pub(crate) fn found_job(stored: &Stored<Job>, age: Duration) -> Read<Etag, StoredJob> {
    Read {
        value: StoredJob::Known(stored.value.clone()),
        etag: stored.etag,
        age,
    }
}
