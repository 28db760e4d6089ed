//! Every step that a world allows, with the world after it.

use std::rc::Rc;

use ledger_protocol::protocol::{
    Begin, Cancel, Collect, Command, Deliver, Delivery, Finish, Hide, Listed, Orphans, Poison, Read, Reopen, Reply,
    Sweep, Verdict, Written,
};
use ledger_protocol::{JobState, UnitState};

use crate::actor::{Machine, Role, Run};
use crate::broken::Rule;
use crate::execute::{Answer, Executor};
use crate::invariants::Breach;
use crate::step::{Applied, Errand, Step};
use crate::world::{Late, Stored, World, subject};

type Next = (Step, Result<World, Breach>);

impl Executor<'_> {
    /// Every step that can happen now.
    pub(crate) fn successors(&self, world: &World) -> Vec<Next> {
        let mut next = Vec::new();
        for actor in 0..world.actors.len() {
            match &world.actors[actor].run {
                None => self.beginnings(world, actor, &mut next),
                Some(run) if run.is_frozen => next.push((Step::Wake { actor }, Ok(wake(world, actor)))),
                Some(_) => self.of_run(world, actor, &mut next),
            }
        }
        if world.faults.copies > 0 {
            for message in 0..world.messages.len() {
                let mut after = world.clone();
                let (job, unit) = (world.messages[message].job, world.messages[message].unit);
                after.faults.copies -= 1;
                after.send(job, unit);
                next.push((Step::Copy { message }, Ok(after)));
            }
        }
        if world.faults.drops > 0 {
            let poison = world
                .messages
                .iter()
                .enumerate()
                .filter(|(_, message)| message.is_poison && !message.is_held);
            for (message, _) in poison {
                let mut after = world.clone();
                after.faults.drops -= 1;
                after.messages.remove(message);
                next.push((Step::Drop { message }, Ok(after)));
            }
        }
        for late in 0..world.late.len() {
            let mut after = world.clone();
            let Late { job, command } = after.late.remove(late);
            let applied = self.apply(&mut after, job, &command, None);
            next.push((Step::Arrive { late }, applied.map(|_| after)));
        }
        if self.scenario.is_about_slots {
            next.extend((0..2).filter_map(|job| Some((Step::EndJob { job }, Ok(end_job(world, job)?)))));
        }
        if world
            .jobs
            .iter()
            .flatten()
            .any(|job| job.value.state == JobState::Deleting && !job.old)
        {
            next.push((Step::Week, Ok(week(world))));
        }
        for (_, after) in &mut next {
            if let Ok(after) = after {
                after.forget_claims();
            }
        }
        next
    }

    fn of_run(&self, world: &World, actor: usize, next: &mut Vec<Next>) {
        let run = world.actors[actor].run.as_ref().expect("it runs");
        let is_work = matches!(run.next, Command::Work(..));
        for way in 0.. {
            let mut after = world.clone();
            let step = Step::Carry {
                actor,
                way,
                errs: is_work && way >= 2,
            };
            match self.carry_out(&mut after, actor, way) {
                Err(breach) => next.push((step, Err(breach))),
                Ok(Some(answer)) => next.push((step, self.resume(after, actor, answer))),
                // Work that is still wanted cannot end as unwanted, but it can fail.
                Ok(None) if is_work && way < 2 => {}
                Ok(None) => break,
            }
        }
        let is_write = matches!(
            run.next,
            Command::WriteJob(..)
                | Command::WriteUnit(..)
                | Command::WriteSlot(..)
                | Command::RemoveUnit(..)
                | Command::RemoveJob(_)
        );
        if is_write && world.faults.lost > 0 {
            for applied in [Applied::Yes, Applied::No] {
                next.push((Step::Lose { actor, applied }, self.lose(world, actor, applied)));
            }
        }
        if is_write && world.faults.late > 0 && world.holds(run.job, &run.next) {
            let applied = Applied::Later;
            next.push((Step::Lose { actor, applied }, self.lose(world, actor, applied)));
        }
        if world.faults.kills > 0 {
            let mut after = world.clone();
            after.faults.kills -= 1;
            after.remember().mishaps += 1;
            self.leave(&mut after, actor);
            next.push((Step::Kill { actor }, Ok(after)));
        }
        let is_delivery = matches!(run.machine, Machine::Deliver(_));
        if is_delivery && world.faults.freezes > 0 && run.has_read_job {
            let mut after = world.clone();
            after.faults.freezes -= 1;
            after.remember().mishaps += 1;
            self.let_go(&mut after, actor);
            let run = after.actors[actor].run.as_mut().expect("it runs");
            (run.is_frozen, run.was_frozen) = (true, true);
            next.push((Step::Freeze { actor }, Ok(after)));
        }
        if is_delivery && world.faults.expiries > 0 && run.message.is_some() {
            let mut after = world.clone();
            after.faults.expiries -= 1;
            after.remember().mishaps += 1;
            self.let_go(&mut after, actor);
            next.push((Step::Expire { actor }, Ok(after)));
        }
    }

    fn lose(&self, world: &World, actor: usize, applied: Applied) -> Result<World, Breach> {
        let mut after = world.clone();
        after.remember().mishaps += 1;
        let run = after.actors[actor].run.clone().expect("it writes");
        match applied {
            Applied::Yes | Applied::No => after.faults.lost -= 1,
            Applied::Later => after.faults.late -= 1,
        }
        match applied {
            Applied::Yes => {
                self.write(&mut after, actor)?;
            }
            Applied::No => {}
            Applied::Later => after.late.push(Late {
                job: run.job,
                command: run.next.clone(),
            }),
        }
        if let (true, Command::WriteUnit(name, unit, _)) = (self.breaks(Rule::OutputsStay), &run.next)
            && matches!(unit.state, UnitState::Committed | UnitState::Done)
        {
            after.outputs.remove(&(run.job, *name, unit.attempt));
        }
        self.resume(after, actor, Answer::Reply(Reply::Write(Written::Uncertain)))
    }

    /// Gives the machine its reply, and sees to its end.
    fn resume(&self, mut world: World, actor: usize, answer: Answer) -> Result<World, Breach> {
        let Answer::Reply(reply) = answer else {
            // A rule broken on purpose: of a worker, its message fails.
            self.leave(&mut world, actor);
            return Ok(world);
        };
        let run = world.actors[actor].run.as_mut().expect("it runs");
        if let Reply::Write(written) = &reply {
            run.doubts = !matches!(written, Written::Stored(_));
        }
        run.next = run.machine.resume(reply);
        let Command::End(verdict) = run.next.clone() else {
            return Ok(world);
        };
        match verdict {
            Verdict::CancelJob(reason) => return Err(Breach::new(format!("the job contradicts itself: {reason}"))),
            Verdict::DeliverAgain => self.let_go(&mut world, actor),
            Verdict::Acknowledge | Verdict::AcknowledgeAndFinish => {
                let held = world.actors[actor].run.as_ref().and_then(|run| run.message);
                world.messages.retain(|message| Some(message.id) != held);
            }
            Verdict::Done | Verdict::Busy | Verdict::Refused | Verdict::LeftToSweep => {
                let run = world.actors[actor].run.as_ref().expect("it runs");
                if matches!(run.machine, Machine::Reopen(_)) && world.actors[actor].role == Role::Client {
                    world.requests.unanswered = None;
                }
            }
            Verdict::Unknown => {}
        }
        world.actors[actor].run = None;
        Ok(world)
    }

    /// The actor is no more; its message comes again.
    fn leave(&self, world: &mut World, actor: usize) {
        self.let_go(world, actor);
        world.actors[actor].run = None;
    }

    /// The actor's message becomes visible, or goes to the poison queue after its last delivery.
    fn let_go(&self, world: &mut World, actor: usize) {
        let held = world.actors[actor].run.as_mut().and_then(|run| run.message.take());
        let Some(held) = held else { return };
        let patience = self.scenario.patience;
        for message in world.messages.iter_mut().filter(|message| message.id == held) {
            message.is_held = false;
            if message.dequeue >= patience && !message.is_poison {
                message.is_poison = true;
            }
        }
        world.messages.sort();
    }

    fn beginnings(&self, world: &World, actor: usize, next: &mut Vec<Next>) {
        if let Role::Worker { .. } = world.actors[actor].role {
            for message in 0..world.messages.len() {
                if !world.messages[message].is_held {
                    next.push((Step::Take { actor, message }, Ok(self.take(world, actor, message))));
                }
            }
            return;
        }
        for job in 0..2 {
            for errand in self.errands(world, actor, job) {
                let step = Step::Begin { actor, job, errand };
                next.push((step, self.begin(world, actor, job, errand)));
            }
        }
    }

    fn errands(&self, world: &World, actor: usize, job: usize) -> Vec<Errand> {
        let state = world.job(job).map(|job| job.state);
        let when = |condition: bool, errand| condition.then_some(errand);
        let errands = match world.actors[actor].role {
            Role::Worker { .. } => vec![],
            Role::Sweeper => {
                let idle = matches!(state, None | Some(JobState::Finished | JobState::Cancelled));
                vec![when(!idle, Errand::Sweep)]
            }
            Role::Finisher => vec![when(state == Some(JobState::Running), Errand::Finish)],
            Role::Collector => vec![when(
                world.outputs.keys().any(|(owner, ..)| *owner == job),
                Errand::Collect,
            )],
            Role::Weekly => vec![when(world.pieces(job).next().is_some(), Errand::Weekly)],
            Role::Client => {
                let Some(found) = world.job(job) else {
                    return when(world.requests.starts[job] > 0, Errand::Start)
                        .into_iter()
                        .collect();
                };
                let has_failed = world
                    .units
                    .iter()
                    .any(|((owner, _), unit)| *owner == job && unit.value.state == UnitState::Failed);
                let retriable = matches!(
                    found.state,
                    JobState::Running | JobState::Finished | JobState::Finalizing
                );
                let can_retry = has_failed || self.scenario.retries_at_any_time || self.scenario.is_about_slots;
                let naive = self.breaks(Rule::RetryChangesJobFirst);
                let ends = matches!(found.state, JobState::Finished | JobState::Cancelled);
                vec![
                    when(world.requests.starts[job] > 0, Errand::Start),
                    when(
                        world.requests.retries > 0
                            && can_retry
                            && retriable
                            && !naive
                            && world.requests.unanswered.is_none(),
                        Errand::Retry,
                    ),
                    when(world.requests.retries > 0 && has_failed && naive, Errand::OpenFirst),
                    when(
                        world.requests.unanswered.is_some_and(|(of, _)| of == job),
                        Errand::RetryAgain,
                    ),
                    when(world.requests.cancels > 0 && !ends, Errand::Cancel),
                    when(world.needs_a_person(job), Errand::CancelStuck),
                    when(
                        world.requests.hides > 0 && (ends || self.breaks(Rule::HideIsConditional)),
                        Errand::Hide,
                    ),
                ]
            }
        };
        errands.into_iter().flatten().collect()
    }

    fn begin(&self, world: &World, actor: usize, job: usize, errand: Errand) -> Result<World, Breach> {
        let mut after = world.clone();
        let subject = subject(job, self.scenario.limits());
        let epoch = world.job(job).map_or(1, |job| job.epoch);
        let machine = match errand {
            Errand::Sweep => Machine::Sweep(Sweep::new(subject)),
            Errand::Finish => Machine::Finish(Finish::new()),
            Errand::Collect => Machine::Collect(Collect::new()),
            Errand::Weekly => {
                let listed: Vec<Listed<_>> = world
                    .pieces(job)
                    .take(1)
                    .map(|(name, stored)| (name, listed(stored)))
                    .collect();
                Machine::Orphans(Orphans::new(listed))
            }
            Errand::Start => {
                after.requests.starts[job] -= 1;
                Machine::Begin(Begin::start(subject, self.scenario.job()))
            }
            Errand::Retry => {
                after.requests.retries -= 1;
                after.requests.unanswered = Some((job, epoch));
                after.remember().retries[job] += 1;
                Machine::Reopen(Reopen::request(subject, epoch))
            }
            Errand::RetryAgain => {
                let (_, seen) = world.requests.unanswered.expect("a retry is unanswered");
                Machine::Reopen(Reopen::request(subject, seen))
            }
            Errand::Cancel => {
                after.requests.cancels -= 1;
                Machine::Cancel(Cancel::new("asked"))
            }
            Errand::CancelStuck => Machine::Cancel(Cancel::new("stuck")),
            Errand::Hide => {
                after.requests.hides -= 1;
                Machine::Hide(Hide::new())
            }
            Errand::OpenFirst => {
                after.requests.retries -= 1;
                self.open_first(&mut after, job)?;
                return Ok(after);
            }
        };
        let run = Run::new(machine, job);
        if let Command::End(_) = run.next {
            return Ok(after);
        }
        after.actors[actor].run = Some(run);
        Ok(after)
    }

    fn open_first(&self, world: &mut World, job: usize) -> Result<(), Breach> {
        let failed = world
            .pieces(job)
            .find(|(_, unit)| unit.value.state == UnitState::Failed);
        let Some((name, stored)) = failed.map(|(name, stored)| (name, Rc::clone(stored))) else {
            return Ok(());
        };
        let open = Box::new(stored.value.retried());
        let when = ledger_protocol::protocol::When::Unchanged(stored.etag);
        self.apply(world, job, &Command::WriteUnit(name, open, when), None)?;
        world.send(job, name);
        Ok(())
    }

    fn take(&self, world: &World, actor: usize, message: usize) -> World {
        let mut after = world.clone();
        let subject = subject(world.messages[message].job, self.scenario.limits());
        let nonce = world.unused_nonce();
        let taken = &mut after.messages[message];
        taken.is_held = true;
        taken.dequeue += 1;
        let taken = taken.clone();
        let machine = if taken.is_poison {
            Machine::Poison(Poison::new(subject, taken.unit))
        } else {
            let delivery = Delivery {
                unit: taken.unit,
                message: taken.id.to_string().into(),
                dequeue: taken.dequeue,
            };
            Machine::Deliver(Deliver::new(subject, delivery, nonce))
        };
        after.messages.sort();
        let mut run = Run::new(machine, taken.job);
        run.unit = Some(taken.unit);
        run.nonce = nonce;
        run.message = Some(taken.id);
        after.actors[actor].run = Some(run);
        after
    }
}

fn listed(stored: &Rc<Stored<ledger_protocol::Unit>>) -> Read<crate::etag::Etag, ledger_protocol::UnitSummary> {
    Read {
        value: stored.value.summary(),
        etag: stored.etag,
        // Any age, so the worst: a unit of a job that has just been started.
        age: std::time::Duration::from_secs(8 * 24 * 3600),
    }
}

fn wake(world: &World, actor: usize) -> World {
    let mut after = world.clone();
    after.actors[actor].run.as_mut().expect("it is frozen").is_frozen = false;
    after
}

/// A running job ends, as if its work were done.
fn end_job(world: &World, job: usize) -> Option<World> {
    let stored = world.jobs[job].as_ref()?;
    if stored.value.state != JobState::Running {
        return None;
    }
    let mut after = world.clone();
    let etag = after.draw_etag();
    let value = stored.value.in_state(JobState::Finished);
    after.jobs[job] = Some(Rc::new(Stored {
        value,
        etag,
        ..**stored
    }));
    after.messages.clear();
    after.forget_late_writes();
    Some(after)
}

/// Nobody who was at work lives that long, and nothing that was sent is still under way.
fn week(world: &World) -> World {
    let mut after = world.clone();
    after.late.clear();
    for actor in &mut after.actors {
        actor.run = None;
    }
    for stored in after.jobs.iter_mut().flatten() {
        Rc::make_mut(stored).old = true;
    }
    for stored in after.units.values_mut() {
        Rc::make_mut(stored).old = true;
    }
    for output in after.outputs.values_mut() {
        Rc::make_mut(output).old = true;
    }
    for message in &mut after.messages {
        message.is_held = false;
    }
    after
}
