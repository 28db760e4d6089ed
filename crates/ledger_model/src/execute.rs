//! Carrying out a machine's command: the storage's answer, in one of the ways in which it may come.

use std::rc::Rc;

use ledger_protocol::protocol::{Command, Read, Reply, When, Written};
use ledger_protocol::{JobState, UnitName, UnitState};

use crate::actor::Machine;
use crate::broken::Rule;
use crate::etag::Etag;
use crate::invariants::Breach;
use crate::reading::{FRESH, OLD, found_job};
use crate::scenarios::Scenario;
use crate::world::{Late, Stored, World, is_piece};

/// What came of carrying out a command: a reply, or a rule broken on purpose that ends the machine.
pub(crate) enum Answer {
    Reply(Reply<Etag>),
    Nothing,
}

pub(crate) struct Executor<'s> {
    pub(crate) scenario: &'s Scenario,
    pub(crate) broken: Option<Rule>,
}

impl Executor<'_> {
    pub(crate) fn breaks(&self, rule: Rule) -> bool {
        self.broken == Some(rule)
    }

    /// Carries out the next command of an actor, in the given way. `None`: there is no such way.
    pub(crate) fn carry_out(&self, world: &mut World, actor: usize, way: u8) -> Result<Option<Answer>, Breach> {
        let run = world.actors[actor].run.clone().expect("an actor at work has a run");
        let job = run.job;
        let is_reading = matches!(
            run.next,
            Command::ReadJob | Command::ReadOwner(_) | Command::ReadUnit(_) | Command::ListUnits(_)
        );
        if way > 0 && !is_reading && !matches!(run.next, Command::Work(..)) {
            return Ok(None);
        }
        let reply = match &run.next {
            Command::ReadJob => return Ok(self.read_job(world, actor, way)),
            Command::ReadOwner(owner) => {
                let owner = if *owner == crate::world::job_id(0) { 0 } else { 1 };
                let Some(age) = self.job_age(world, owner, way) else {
                    return Ok(None);
                };
                Reply::Job(world.jobs[owner].as_ref().map(|stored| found_job(stored, age)))
            }
            Command::ReadUnit(unit) => return Ok(self.read_unit(world, actor, *unit, way)),
            Command::ListUnits(after) => return Ok(self.list_units(world, actor, *after, way)),
            Command::WriteJob(..)
            | Command::WriteUnit(..)
            | Command::WriteSlot(..)
            | Command::RemoveUnit(..)
            | Command::RemoveJob(_) => Reply::Write(self.write(world, actor)?),
            Command::RemoveOutput(output) => {
                let gone = world.outputs.remove(&(job, output.unit, output.attempt));
                if gone.is_some() && is_needed(world, job, output.unit, output.attempt) {
                    return Err(Breach::new(format!(
                        "an output that counts is removed: {} attempt {}",
                        output.unit, output.attempt
                    )));
                }
                Reply::Removed(true)
            }
            Command::Announce { unit, delayed } => {
                if *delayed && self.breaks(Rule::NewerFormatIsPostponed) {
                    return Ok(Some(Answer::Nothing));
                }
                world.send(job, *unit);
                Reply::Announced
            }
            Command::Work(unit, document) => match self.work(world, actor, *unit, document, way)? {
                Some(worked) => Reply::Worked(worked),
                None => return Ok(None),
            },
            Command::RemoveOutputs => {
                let young = self.breaks(Rule::DeleteSparesYoung);
                let doomed: Vec<_> = world
                    .outputs
                    .iter()
                    .filter(|((owner, ..), output)| *owner == job && (output.old || young))
                    .map(|(key, _)| *key)
                    .collect();
                for key in doomed {
                    let output = world.outputs.remove(&key).expect("it was just listed");
                    crate::invariants::removed(world, job, output.life)?;
                }
                Reply::Removed(!world.outputs.keys().any(|(owner, ..)| *owner == job))
            }
            Command::ListOutputs(after) => {
                let all = world.outputs.keys().filter(|(owner, ..)| *owner == job);
                let all = all.map(|(_, unit, attempt)| ledger_protocol::OutputName {
                    unit: *unit,
                    attempt: *attempt,
                    number: 0,
                });
                Reply::Outputs(
                    all.filter(|name| after.is_none_or(|after| *name > after))
                        .take(1)
                        .map(|name| (name, OLD))
                        .collect(),
                )
            }
            // Other jobs' messages hide what is missing: the count says nothing.
            Command::CountMessages => Reply::Messages(u64::MAX),
            Command::ReadSlot(_) => Reply::Slot(world.slot.as_ref().map(|slot| Read {
                value: crate::world::job_id(slot.value),
                etag: slot.etag,
                age: FRESH,
            })),
            Command::End(_) => unreachable!("a machine that has ended wants nothing"),
        };
        Ok(Some(Answer::Reply(reply)))
    }

    /// Carries out the actor's write.
    pub(crate) fn write(&self, world: &mut World, actor: usize) -> Result<Written<Etag>, Breach> {
        let run = world.actors[actor].run.clone().expect("it writes");
        if self.is_swallowed(world, actor) {
            return Ok(Written::Refused);
        }
        if self.leaves_out(world, actor) {
            let etag = world.slot.as_ref().map_or(Etag(0), |slot| slot.etag);
            return Ok(Written::Stored(etag));
        }
        let command = self.distort(world, actor, run.next.clone());
        if self.breaks(Rule::JobBeforeSlot)
            && matches!(run.machine, Machine::Begin(_) | Machine::Sweep(_))
            && let Some(held) = self.hold_back(world, actor, &command)
        {
            return Ok(held);
        }
        let is_done_already = matches!(&command, Command::WriteUnit(name, target, _)
            if target.state == UnitState::Done && world.unit(run.job, *name).is_some_and(|unit| unit.state == UnitState::Done));
        if is_done_already && (self.breaks(Rule::DoneAfterChildren) || self.breaks(Rule::JobFinishedBeforeFinalDone)) {
            return Ok(Written::Refused);
        }
        if self.breaks(Rule::DeleteJobLast) && matches!(command, Command::RemoveUnit(..)) {
            world.jobs[run.job] = None;
        }
        self.apply(world, run.job, &command, Some(actor))
    }

    /// A rule broken on purpose: the job is put only when its slot is taken.
    fn hold_back(&self, world: &mut World, actor: usize, command: &Command<Etag>) -> Option<Written<Etag>> {
        let job = world.actors[actor].run.as_ref().expect("it writes").job;
        match command {
            Command::WriteJob(document, When::Absent) if world.jobs[job].is_none() => {
                let etag = world.draw_etag();
                world.actors[actor].run.as_mut().expect("it writes").held_back = Some((document.clone(), etag));
                Some(Written::Stored(etag))
            }
            Command::WriteUnit(..) => {
                let held = world.actors[actor].run.as_mut().expect("it writes").held_back.take();
                if let Some((document, etag)) = held {
                    world.remember().lives[job] += 1;
                    let life = world.life(job);
                    world.jobs[job] = Some(Rc::new(Stored {
                        value: *document,
                        etag,
                        life,
                        old: false,
                    }));
                }
                None
            }
            _ => None,
        }
    }

    /// Carries out a write, whoever sent it.
    pub(crate) fn apply(
        &self,
        world: &mut World,
        job: usize,
        command: &Command<Etag>,
        actor: Option<usize>,
    ) -> Result<Written<Etag>, Breach> {
        if !self.condition_holds(world, job, command, actor) {
            return Ok(Written::Refused);
        }
        let etag = world.draw_etag();
        match command {
            Command::WriteJob(document, _) => {
                let before = world.jobs[job].clone();
                if before.is_none() {
                    world.remember().lives[job] += 1;
                }
                let life = world.life(job);
                let value = (**document).clone();
                let stored = Stored {
                    value,
                    etag,
                    life,
                    old: false,
                };
                world.jobs[job] = Some(Rc::new(stored));
                crate::invariants::job_changed(world, job, before.as_deref().map(|before| &before.value))?;
                if document.state == JobState::Finalizing
                    && before.is_some_and(|before| before.value.state != JobState::Finalizing)
                {
                    crate::invariants::closes_completely(world, job, self.scenario.shape)?;
                }
            }
            Command::WriteUnit(name, document, _) => {
                let before = world.units.get(&(job, *name)).cloned();
                let life = world.life(job);
                let value = (**document).clone();
                let stored = Stored {
                    value,
                    etag,
                    life,
                    old: false,
                };
                world.units.insert((job, *name), Rc::new(stored));
                crate::invariants::unit_changed(self, world, job, *name, before.as_deref(), actor)?;
            }
            Command::WriteSlot(..) => {
                world.slot = Some(Stored {
                    value: job,
                    etag,
                    life: 0,
                    old: false,
                });
            }
            Command::RemoveUnit(name, _) => {
                let gone = world.units.remove(&(job, *name)).expect("its version is there");
                crate::invariants::removed(world, job, gone.life)?;
            }
            Command::RemoveJob(_) => {
                let gone = world.jobs[job].take().expect("its version is there");
                crate::invariants::removed(world, job, gone.life)?;
            }
            _ => unreachable!("only writes are applied"),
        }
        world.forget_late_writes();
        Ok(Written::Stored(etag))
    }

    fn condition_holds(&self, world: &World, job: usize, command: &Command<Etag>, actor: Option<usize>) -> bool {
        let machine = actor
            .and_then(|actor| world.actors[actor].run.as_ref())
            .map(|run| &run.machine);
        let is_unconditional = match command {
            Command::WriteUnit(_, unit, when) => {
                let is_commit = matches!(unit.state, UnitState::Committed | UnitState::Done)
                    && matches!(machine, Some(Machine::Deliver(_)));
                (self.breaks(Rule::CommitIsConditional) && is_commit)
                    || (self.breaks(Rule::PoisonIsConditional) && matches!(machine, Some(Machine::Poison(_))))
                    || (self.breaks(Rule::ChildIfAbsent) && unit.parent.is_some() && *when == When::Absent)
            }
            Command::WriteJob(document, _) => {
                (self.breaks(Rule::FinishIsConditional) && document.state == JobState::Finalizing)
                    || (self.breaks(Rule::HideIsConditional) && document.state == JobState::Deleting)
            }
            Command::WriteSlot(..) => self.breaks(Rule::SlotIsConditional),
            Command::RemoveUnit(name, _) => {
                self.breaks(Rule::DeleteNamesVersion) && world.units.contains_key(&(job, *name))
            }
            _ => false,
        };
        is_unconditional || world.holds(job, command)
    }

    /// Whether the sweep, by a rule broken on purpose, leaves this undone.
    fn is_swallowed(&self, world: &World, actor: usize) -> bool {
        let run = world.actors[actor].run.as_ref().expect("it writes");
        let (Machine::Sweep(_), Command::WriteUnit(name, target, When::Unchanged(_))) = (&run.machine, &run.next)
        else {
            return false;
        };
        let Some(before) = world.unit(run.job, *name) else {
            return false;
        };
        let is_running = world.job(run.job).is_some_and(|job| job.state == JobState::Running);
        match (before.state, target.state) {
            (UnitState::Claimed, UnitState::Open) => self.breaks(Rule::SweepOpensStaleClaims),
            (UnitState::Committed, UnitState::Committed) => self.breaks(Rule::SweepAnnouncesCommitted),
            (UnitState::Open, UnitState::Open) => self.breaks(Rule::SweepAnnouncesOldOpen),
            (UnitState::Failed, UnitState::Open) => self.breaks(Rule::SweepOpensOldFailures) && is_running,
            _ => false,
        }
    }

    /// The command as a rule broken on purpose makes it.
    fn distort(&self, world: &World, actor: usize, mut command: Command<Etag>) -> Command<Etag> {
        let run = world.actors[actor].run.as_ref().expect("it writes");
        match &mut command {
            Command::WriteUnit(name, target, _) => {
                let before = world.unit(run.job, *name);
                let was = before.map(|before| before.state);
                if self.breaks(Rule::RetryCountsAnew)
                    && was == Some(UnitState::Failed)
                    && target.state == UnitState::Open
                {
                    let before = before.expect("it was failed");
                    (target.base, target.tries) = (before.base, before.tries);
                }
                let is_commit = was == Some(UnitState::Claimed) && target.state == UnitState::Committed;
                if is_commit && self.breaks(Rule::DoneAfterChildren) && is_piece(*name) {
                    target.state = UnitState::Done;
                }
                if is_commit && self.breaks(Rule::JobFinishedBeforeFinalDone) && !is_piece(*name) {
                    target.state = UnitState::Done;
                }
            }
            Command::WriteJob(document, _)
                if self.breaks(Rule::FinalUnitInItsEpoch) && document.state == JobState::Finished =>
            {
                let epoch = world.job(run.job).map_or(document.epoch, |job| job.epoch);
                (document.epoch, document.published) = (epoch, epoch);
            }
            _ => {}
        }
        command
    }

    /// Whether the write of a job's own slot, by a rule broken on purpose, is left out.
    fn leaves_out(&self, world: &World, actor: usize) -> bool {
        let run = world.actors[actor].run.as_ref().expect("it writes");
        let is_own = world.slot.as_ref().is_some_and(|slot| slot.value == run.job);
        let is_retry = world.job(run.job).is_some_and(|job| job.state == JobState::Reopening);
        matches!(run.next, Command::WriteSlot(..))
            && ((self.breaks(Rule::OwnSlotIsWritten) && is_own) || (self.breaks(Rule::SlotBeforeRetry) && is_retry))
    }
}

/// Whether an output belongs to an attempt that has committed, or still may.
fn is_needed(world: &World, job: usize, unit: UnitName, attempt: u32) -> bool {
    world
        .unit(job, unit)
        .is_some_and(|unit| unit.attempt == attempt && !matches!(unit.state, UnitState::Open | UnitState::Failed))
}

impl World {
    /// Whether the condition of a write holds now.
    pub(crate) fn holds(&self, job: usize, command: &Command<Etag>) -> bool {
        let matches = |found: Option<Etag>, when: &When<Etag>| match when {
            When::Absent => found.is_none(),
            When::Unchanged(etag) => found == Some(*etag),
        };
        let job_etag = self.jobs[job].as_ref().map(|stored| stored.etag);
        let unit_etag = |name: &UnitName| self.units.get(&(job, *name)).map(|stored| stored.etag);
        match command {
            Command::WriteJob(_, when) => matches(job_etag, when),
            Command::WriteUnit(name, _, when) => matches(unit_etag(name), when),
            Command::WriteSlot(_, when) => matches(self.slot.as_ref().map(|slot| slot.etag), when),
            Command::RemoveUnit(name, etag) => unit_etag(name) == Some(*etag),
            Command::RemoveJob(etag) => job_etag == Some(*etag),
            _ => true,
        }
    }

    pub(crate) fn could_still_apply(&self, late: &Late) -> bool {
        self.holds(late.job, &late.command)
    }
}
