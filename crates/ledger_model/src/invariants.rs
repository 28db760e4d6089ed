//! What must hold, whatever happens.

use std::fmt;

use ledger_protocol::{Job, JobState, Unit, UnitName, UnitState};

use crate::actor::Machine;
use crate::execute::Executor;
use crate::scenarios::Shape;
use crate::work::{items, items_of, manifest};
use crate::world::{Stored, World};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach(String);

impl Breach {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn broken<T>(what: impl Into<String>) -> Result<T, Breach> {
    Err(Breach::new(what))
}

/// A document of a life of the job that is not being removed must not be removed.
pub(crate) fn removed(world: &World, job: usize, life: u8) -> Result<(), Breach> {
    let is_live = world.jobs[job]
        .as_ref()
        .is_some_and(|stored| stored.life == life && stored.value.state != JobState::Deleting);
    if is_live {
        broken("something of a job that is not being removed is removed")
    } else {
        Ok(())
    }
}

pub(crate) fn unit_changed(
    executor: &Executor<'_>,
    world: &mut World,
    job: usize,
    name: UnitName,
    before: Option<&Stored<Unit>>,
    actor: Option<usize>,
) -> Result<(), Breach> {
    let life = world.life(job);
    let now = world.unit(job, name).expect("it was just written").clone();
    let key = (job, life, name);
    if let Some(before) = before {
        let was = &before.value;
        let is_kept = match was.state {
            UnitState::Committed => {
                matches!(now.state, UnitState::Committed | UnitState::Done) && now.attempt == was.attempt
            }
            UnitState::Done => false,
            _ => true,
        };
        if !is_kept {
            return broken(format!(
                "{name} goes from {} to {}",
                was.state.as_str(),
                now.state.as_str()
            ));
        }
        if now.attempt < was.attempt {
            return broken(format!(
                "the attempt of {name} drops from {} to {}",
                was.attempt, now.attempt
            ));
        }
        if was.state == UnitState::Failed && now.state == UnitState::Open {
            world.remember().opened_at.insert(key, was.attempt);
        }
    }
    match now.state {
        UnitState::Committed | UnitState::Done => {
            let first = *world.remember().committed.entry(key).or_insert(now.attempt);
            if first != now.attempt {
                return broken(format!("{name} commits attempt {} after attempt {first}", now.attempt));
            }
            let is_piece = crate::world::is_piece(name);
            if is_piece && !world.outputs.contains_key(&(job, name, now.attempt)) {
                return broken(format!("{name} commits attempt {} without its outputs", now.attempt));
            }
        }
        UnitState::Failed => may_fail(executor, world, key, before.map(|before| &before.value), &now, actor)?,
        _ => {}
    }
    Ok(())
}

/// A unit fails only if something went wrong often enough, and not while a healthy worker has it.
fn may_fail(
    executor: &Executor<'_>,
    world: &World,
    key: (usize, u8, UnitName),
    before: Option<&Unit>,
    now: &Unit,
    actor: Option<usize>,
) -> Result<(), Breach> {
    let (_, _, name) = key;
    let run = actor.and_then(|actor| world.actors[actor].run.as_ref());
    let claimed = before.filter(|before| before.state == UnitState::Claimed);
    let claim = claimed.and_then(|before| before.claim.as_ref());
    let is_own = claim.is_some_and(|claim| {
        run.is_some_and(|run| run.nonce == claim.nonce && matches!(run.machine, Machine::Deliver(_)))
    });
    // A late write was decided on long ago: what it may overwrite, its condition says.
    if actor.is_some() && claim.is_some_and(|claim| !is_own && !world.has_lost_its_worker(claim.nonce)) {
        return broken(format!("{name} is failed while a healthy worker has it"));
    }
    if is_own || actor.is_none() {
        return Ok(());
    }
    let needed = executor.scenario.fewest_mishaps();
    if world.memory.mishaps < needed {
        return broken(format!(
            "{name} is failed after {} mishaps, although {needed} are allowed for",
            world.memory.mishaps
        ));
    }
    let is_delivery = run.is_some_and(|run| matches!(run.machine, Machine::Deliver(_)));
    if is_delivery && world.memory.opened_at.get(&key) == Some(&now.attempt) {
        return broken(format!("{name} fails after a retry without an attempt"));
    }
    Ok(())
}

pub(crate) fn job_changed(world: &mut World, job: usize, before: Option<&Job>) -> Result<(), Breach> {
    let now = world.job(job).expect("it was just written").clone();
    let life = world.life(job);
    let was = before.map(|before| before.state);
    if now.epoch > 1 + world.memory.retries[job] {
        return broken(format!(
            "{} retries were asked for, and the job is in epoch {}",
            world.memory.retries[job], now.epoch
        ));
    }
    if before.is_some_and(|before| now.epoch < before.epoch) {
        return broken("the epoch drops");
    }
    match now.state {
        JobState::Running if was != Some(JobState::Running) => {
            let root = world.units.get(&(job, UnitName::root(&crate::world::job_id(job))));
            if root.is_some_and(|root| root.life != life) {
                return broken("the job runs with the root of another one");
            }
            only_one_in_slot(world, job)?;
        }
        JobState::Finalizing if was != Some(JobState::Finalizing) => {
            if !world.remember().closed.insert((job, life, now.epoch)) {
                return broken(format!("epoch {} is closed twice", now.epoch));
            }
            if was != Some(JobState::Running) {
                return broken(format!("the job goes from {was:?} to finalizing"));
            }
        }
        JobState::Finished if was == Some(JobState::Finalizing) => finished(world, job, life, &now)?,
        JobState::Deleting if !matches!(was, Some(JobState::Finished | JobState::Cancelled | JobState::Deleting)) => {
            return broken(format!("a job that is {was:?} is hidden"));
        }
        _ => {}
    }
    Ok(())
}

fn only_one_in_slot(world: &World, job: usize) -> Result<(), Breach> {
    let other = 1 - job;
    let has_slot = |job: usize| world.job(job).is_some_and(|job| job.slot.is_some());
    let runs = world
        .job(other)
        .is_some_and(|job| matches!(job.state, JobState::Running | JobState::Finalizing));
    if runs && has_slot(job) && has_slot(other) {
        broken("two jobs of one slot run")
    } else {
        Ok(())
    }
}

/// At the end of an epoch every item is in exactly one unit that is done, or under one that failed.
pub(crate) fn closes_completely(world: &World, job: usize, shape: Shape) -> Result<(), Breach> {
    let epoch = world.job(job).map_or(0, |job| job.epoch);
    let mut seen = 0_u8;
    for (name, stored) in world.pieces(job) {
        let unit = &stored.value;
        let mine = match unit.state {
            UnitState::Done => {
                let output = world.outputs.get(&(job, name, unit.attempt));
                let Some(output) = output else {
                    return broken(format!("{name} is done without outputs"));
                };
                output.items
            }
            UnitState::Failed if unit.epoch == epoch => items(world, job, unit, shape)?,
            state => {
                return broken(format!(
                    "the epoch ends while {name} is {} (of epoch {})",
                    state.as_str(),
                    unit.epoch
                ));
            }
        };
        let parent = unit
            .parent
            .zip(unit.input)
            .map(|(parent, input)| (world.unit(job, parent), input.attempt));
        if let Some((parent, attempt)) = parent
            && parent.is_none_or(|parent| parent.attempt != attempt)
        {
            return broken(format!("the input of {name} is not of its parent's committed attempt"));
        }
        if seen & mine != 0 {
            return broken(format!("the epoch ends with items of {name} in two units"));
        }
        seen |= mine;
    }
    if seen == items_of(shape) {
        Ok(())
    } else {
        broken(format!("the epoch ends with items {seen:#b} of {:#b}", items_of(shape)))
    }
}

fn finished(world: &World, job: usize, life: u8, now: &Job) -> Result<(), Breach> {
    let epoch = now.epoch;
    if now.published != epoch {
        return broken(format!(
            "the job is finished in epoch {epoch} and publishes {}",
            now.published
        ));
    }
    let Some(found) = world.manifests.get(&(job, epoch)) else {
        return broken(format!("the job is finished without the manifest of epoch {epoch}"));
    };
    if **found != manifest(world, job) {
        return broken(format!("the manifest of epoch {epoch} is not what is done"));
    }
    if !world.memory.effects.contains(&(job, life, epoch)) {
        return broken("the job is finished before the effects");
    }
    Ok(())
}
