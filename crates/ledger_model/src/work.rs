//! What a unit does in the model: items, split as the scenario's shape says.

use std::rc::Rc;

use ledger_protocol::protocol::{Command, When, Worked};
use ledger_protocol::{Child, Counters, JobState, OutputName, Unit, UnitName, UnitState};

use crate::broken::Rule;
use crate::execute::Executor;
use crate::invariants::Breach;
use crate::scenarios::Shape;
use crate::world::{Manifest, Output, World, is_piece};

/// The items that a whole job works on.
pub(crate) fn items_of(shape: Shape) -> u8 {
    match shape {
        Shape::Single | Shape::SingleThatFails | Shape::SingleThatErrs => 0b001,
        Shape::OneOrNone => 0b011,
        Shape::TwoOrOne | Shape::SecondFails => 0b111,
        Shape::Grandchild => 0b110,
    }
}

/// What an attempt at a unit with these items does itself and leaves to children. Two attempts may plan differently.
fn plan(shape: Shape, generation: u32, items: u8, attempt: u32) -> (u8, Vec<u8>) {
    let is_odd = attempt % 2 == 1;
    match (shape, generation) {
        (Shape::OneOrNone, 0) if is_odd => (0b001, vec![0b010]),
        (Shape::TwoOrOne, 0) if is_odd => (0b001, vec![0b010, 0b100]),
        (Shape::TwoOrOne, 0) => (0b001, vec![0b110]),
        (Shape::SecondFails, 0) => (0b001, vec![0b010, 0b100]),
        (Shape::Grandchild, 0) => (0, vec![0b010, 0b100]),
        (Shape::Grandchild, 1) => (0, vec![items]),
        _ => (items, Vec::new()),
    }
}

impl Executor<'_> {
    /// Does the work of an attempt. Ways: it finishes; it finds that nobody wants it; it errs; it fails for good.
    pub(crate) fn work(
        &self,
        world: &mut World,
        actor: usize,
        unit: UnitName,
        document: &Unit,
        way: u8,
    ) -> Result<Option<Worked>, Breach> {
        let run = world.actors[actor].run.as_ref().expect("it works");
        let (job, was_frozen) = (run.job, run.was_frozen);
        let fails = self.always_fails(world, job, unit, document);
        match way {
            0 if fails => {
                world.remember().mishaps += 1;
                Ok(Some(if self.scenario.shape == Shape::SingleThatErrs {
                    Worked::Retryable("again".into())
                } else {
                    Worked::Permanent("for good".into())
                }))
            }
            0 => self.finish_work(world, job, unit, document, was_frozen).map(Some),
            1 if fails => Ok(None),
            1 => {
                let is_wanted = world.job(job).is_some_and(|job| job.lets_work(unit));
                Ok((!is_wanted).then_some(Worked::Unwanted))
            }
            2 if world.faults.errors > 0 && !fails => {
                world.faults.errors -= 1;
                world.remember().mishaps += 1;
                Ok(Some(Worked::Retryable("again".into())))
            }
            3 if !is_piece(unit) && world.faults.final_failures > 0 => {
                world.faults.final_failures -= 1;
                world.remember().mishaps += 1;
                Ok(Some(Worked::Permanent("for good".into())))
            }
            2 | 3 => {
                // The ways are tried until one is missing.
                let more = way == 2 && !is_piece(unit) && world.faults.final_failures > 0;
                if more {
                    self.work(world, actor, unit, document, 3)
                } else {
                    Ok(None)
                }
            }
            _ => Ok(None),
        }
    }

    /// A unit that cannot succeed before a retry.
    fn always_fails(&self, world: &World, job: usize, unit: UnitName, document: &Unit) -> bool {
        let epoch = world.job(job).map_or(1, |job| job.epoch);
        match self.scenario.shape {
            _ if !is_piece(unit) => false,
            Shape::SingleThatFails | Shape::SingleThatErrs => epoch < self.scenario.heals_in,
            Shape::SecondFails => document.parent.is_some() && document.ordinal == 1 && epoch < self.scenario.heals_in,
            _ => false,
        }
    }

    fn finish_work(
        &self,
        world: &mut World,
        job: usize,
        unit: UnitName,
        document: &Unit,
        was_frozen: bool,
    ) -> Result<Worked, Breach> {
        let state = world.job(job).map(|job| job.state);
        if matches!(state, Some(JobState::Cancelled | JobState::Deleting) | None) && !was_frozen {
            return Err(Breach::new(format!(
                "{unit} is worked on although its job has ended: {state:?}"
            )));
        }
        if let UnitName::Final { epoch } = unit {
            let manifest = manifest(world, job);
            let is_there = world.manifests.contains_key(&(job, epoch));
            if !is_there {
                world.manifests.insert((job, epoch), Rc::new(manifest));
            } else if self.breaks(Rule::ManifestIfAbsent) && *world.manifests[&(job, epoch)] != manifest {
                return Err(Breach::new(format!("the manifest of epoch {epoch} changes")));
            }
            let life = world.life(job);
            world.remember().effects.insert((job, life, epoch));
            return Ok(finished(1, Vec::new()));
        }
        let (mine, children) = plan(
            self.scenario.shape,
            generation(unit),
            items(world, job, document, self.scenario.shape)?,
            document.attempt,
        );
        let output = Output {
            items: mine,
            children: children.clone(),
            life: world.life(job),
            old: false,
        };
        // Absent before, or two attempts share a name.
        if world
            .outputs
            .insert((job, unit, document.attempt), Rc::new(output))
            .is_some()
        {
            return Err(Breach::new(format!(
                "two claims of {unit} write outputs as attempt {}",
                document.attempt
            )));
        }
        let named: Vec<Child> = (0..)
            .zip(&children)
            .map(|(number, _)| child(unit, document.attempt, number))
            .collect();
        if self.breaks(Rule::ChildrenAfterCommit) {
            for (ordinal, child) in (0..).zip(&named) {
                let name = unit.child(&crate::world::job_id(job), ordinal);
                let child = Box::new(document.child(unit, ordinal, child));
                self.apply(world, job, &Command::WriteUnit(name, child, When::Absent), None)?;
            }
        }
        Ok(finished(u32::try_from(children.len()).expect("few children"), named))
    }
}

fn finished(outputs: u32, children: Vec<Child>) -> Worked {
    Worked::Finished {
        outputs,
        children,
        counters: Counters::default(),
    }
}

fn child(unit: UnitName, attempt: u32, number: u32) -> Child {
    Child {
        kind: "unit".into(),
        input: OutputName { unit, attempt, number },
    }
}

fn generation(unit: UnitName) -> u32 {
    match unit {
        UnitName::Piece { generation, .. } => generation,
        UnitName::Final { .. } => 0,
    }
}

/// The items that a unit's input names.
pub(crate) fn items(world: &World, job: usize, unit: &Unit, shape: Shape) -> Result<u8, Breach> {
    let Some(input) = unit.input else {
        return Ok(items_of(shape));
    };
    let output = world.outputs.get(&(job, input.unit, input.attempt));
    let found = output.and_then(|output| output.children.get(input.number as usize).copied());
    found.ok_or_else(|| {
        Breach::new(format!(
            "the input of a child is gone: {} attempt {}",
            input.unit, input.attempt
        ))
    })
}

/// The manifest that a final unit would write now.
pub(crate) fn manifest(world: &World, job: usize) -> Manifest {
    let in_state = |state| world.pieces(job).filter(move |(_, unit)| unit.value.state == state);
    Manifest {
        done: in_state(UnitState::Done)
            .map(|(name, unit)| (name, unit.value.attempt))
            .collect(),
        failed: in_state(UnitState::Failed).map(|(name, _)| name).collect(),
    }
}
