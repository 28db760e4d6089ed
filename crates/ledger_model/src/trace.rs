//! A step in words.

use ledger_protocol::protocol::{Command, When};
use ledger_protocol::{Job, Unit, UnitName};

use crate::actor::Role;
use crate::etag::Etag;
use crate::step::{Applied, Step};
use crate::world::World;

/// Tells a step by the world before it, and by the world after it if there is one.
pub(crate) fn tell(before: &World, step: Step, after: Option<&World>) -> String {
    match step {
        Step::Take { actor, message } => {
            let taken = &before.messages[message];
            let queue = if taken.is_poison { "poison message" } else { "message" };
            format!(
                "{} takes {queue} {} for {}, delivery {}",
                who(before, actor),
                taken.id,
                short(taken.unit),
                taken.dequeue + 1
            )
        }
        Step::Begin { actor, job, errand } => format!("{} begins: {errand:?} of job {job}", who(before, actor)),
        Step::Carry { actor, way, .. } => {
            let (machine, next) = command(before, actor);
            let way = if way == 0 {
                String::new()
            } else {
                format!(" (way {way})")
            };
            let end = after
                .filter(|after| after.actors[actor].run.is_none())
                .map_or("", |_| "; ends");
            format!("{} {machine}: {next}{way}{end}", who(before, actor))
        }
        Step::Lose { actor, applied } => {
            let (machine, next) = command(before, actor);
            let applied = match applied {
                Applied::Yes => "applied",
                Applied::No => "not applied",
                Applied::Later => "to be applied later",
            };
            format!(
                "{} {machine}: {next}; {applied}, and the answer is lost",
                who(before, actor)
            )
        }
        Step::Kill { actor } => format!("{} dies before: {}", who(before, actor), command(before, actor).1),
        Step::Freeze { actor } => format!("{} freezes before: {}", who(before, actor), command(before, actor).1),
        Step::Wake { actor } => format!("{} wakes", who(before, actor)),
        Step::Expire { actor } => format!("the message of {} becomes visible", who(before, actor)),
        Step::Copy { message } => format!("the message for {} is doubled", short(before.messages[message].unit)),
        Step::Drop { message } => format!(
            "the poison message for {} is dropped",
            short(before.messages[message].unit)
        ),
        Step::Arrive { late } => format!("late: {}", describe(&before.late[late].command)),
        Step::EndJob { job } => format!("job {job} ends"),
        Step::Week => "seven days pass".to_owned(),
    }
}

fn who(world: &World, actor: usize) -> String {
    let name = match world.actors[actor].role {
        Role::Worker { is_old: false } => "worker",
        Role::Worker { is_old: true } => "old worker",
        Role::Sweeper => "sweeper",
        Role::Finisher => "finisher",
        Role::Client => "client",
        Role::Collector => "collector",
        Role::Weekly => "weekly",
    };
    format!("{name} {actor}")
}

fn command(world: &World, actor: usize) -> (&'static str, String) {
    let Some(run) = &world.actors[actor].run else {
        return ("is idle", String::new());
    };
    (run.machine.name(), describe(&run.next))
}

fn describe(command: &Command<Etag>) -> String {
    match command {
        Command::ReadJob => "read the job".to_owned(),
        Command::WriteJob(job, when) => format!("write {}{}", told_job(job), condition(when)),
        Command::ReadUnit(unit) => format!("read {}", short(*unit)),
        Command::WriteUnit(name, unit, when) => {
            format!("write {} {}{}", short(*name), told_unit(unit), condition(when))
        }
        Command::Announce { unit, .. } => format!("announce {}", short(*unit)),
        Command::Work(unit, document) => format!("work on {} as attempt {}", short(*unit), document.attempt),
        Command::ListUnits(after) => format!(
            "list units after {}",
            after.map_or_else(|| "the start".to_owned(), short)
        ),
        Command::RemoveUnit(unit, _) => format!("remove {} if unchanged", short(*unit)),
        Command::RemoveOutputs => "remove outputs".to_owned(),
        Command::ListOutputs(_) => "list outputs".to_owned(),
        Command::RemoveOutput(output) => {
            format!("remove the output of {} attempt {}", short(output.unit), output.attempt)
        }
        Command::RemoveJob(_) => "remove the job if unchanged".to_owned(),
        Command::CountMessages => "count messages".to_owned(),
        Command::ReadSlot(_) => "read the slot".to_owned(),
        Command::WriteSlot(_, when) => format!("write the slot{}", condition(when)),
        Command::ReadOwner(job) => format!("read job {job}, which has the slot"),
        Command::End(verdict) => format!("end: {verdict:?}"),
    }
}

fn told_job(job: &Job) -> String {
    format!("job {:?} in epoch {}", job.state, job.epoch)
}

fn told_unit(unit: &Unit) -> String {
    let nonce = unit.claim.as_ref().map_or(0, |claim| claim.nonce);
    let Unit {
        state, attempt, epoch, ..
    } = unit;
    format!(
        "{} attempt {attempt} (nonce {nonce}, tries {}, epoch {epoch})",
        state.as_str(),
        unit.tries
    )
}

fn condition(when: &When<Etag>) -> String {
    match when {
        When::Absent => " if absent".to_owned(),
        When::Unchanged(Etag(version)) => format!(" if unchanged since {version}"),
    }
}

/// A unit by generation and the first digits of its key.
fn short(unit: UnitName) -> String {
    match unit {
        UnitName::Piece { generation: 0, .. } => "root".to_owned(),
        UnitName::Piece { generation, key } => format!("unit {generation}-{:03x}", key >> 52),
        UnitName::Final { epoch } => format!("final unit {epoch}"),
    }
}
