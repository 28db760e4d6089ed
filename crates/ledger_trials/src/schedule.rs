//! Seeded schedules: three workers and a sweeper in any order, with every fault at once.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ledger_protocol::JobId;
use storage_access::Received;
use storage_emulator::{Fault, FaultRule, RequestFilter};
use work_ledger::{Asked, Ledger, NewJob};

use crate::counting::Items;
use crate::crashes::complete;
use crate::host::Host;
use crate::site::{HOST, Site};
use crate::verdict::{Wrong, check, is_finished};

const WORKERS: usize = 3;
const PROCESS: &str = "worker";

/// Steps within which a job ends once nothing goes wrong any more.
const CALM_STEPS: usize = 20_000;

/// Longer than anybody waits for a worker.
const FROZEN: Duration = Duration::from_secs(400);

/// A schedule at whose end something is wrong.
#[derive(Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// Steps with faults after which it goes wrong: the fewest found.
    pub steps: usize,
    /// What is wrong.
    pub wrong: Wrong,
    /// Every request of the ledger's processes.
    pub trace: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            seed,
            steps,
            wrong,
            trace,
        } = self;
        writeln!(formatter, "seed {seed}, {steps} steps with faults: {wrong}")?;
        trace.iter().try_for_each(|line| writeln!(formatter, "{line}"))
    }
}

/// Runs the schedule of a seed.
///
/// # Errors
/// [`Failure`], with the shortest trace found.
pub fn schedule(seed: u64) -> Result<(), Box<Failure>> {
    let Err(longest) = attempt(seed, usize::MAX) else {
        return Ok(());
    };
    let shorter = (0..10)
        .map(|power| 1 << power)
        .find_map(|steps| attempt(seed, steps).err());
    Err(shorter.unwrap_or(longest))
}

/// Runs the schedules of so many seeds from `first` on; how many went well before the first failure.
///
/// # Errors
/// The first [`Failure`].
pub fn run_schedules(first: u64, count: u64, mut tell: impl FnMut(u64)) -> Result<(), Box<Failure>> {
    for seed in first..first + count {
        schedule(seed)?;
        tell(seed + 1 - first);
    }
    Ok(())
}

fn attempt(seed: u64, most_steps: usize) -> Result<(), Box<Failure>> {
    let site = Site::new(seed);
    let steps = usize::try_from(100 + site.rng.below(700))
        .unwrap_or(usize::MAX)
        .min(most_steps);
    let outcome = Schedule::new(&site).and_then(|mut schedule| {
        let items = schedule.items;
        schedule.run(items, steps)
    });
    outcome.map_err(|wrong| {
        Box::new(Failure {
            seed,
            steps,
            wrong,
            trace: site.trace(),
        })
    })
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// A worker, or the sweeper: what it is at, and until when it stands still.
struct Seat {
    task: Option<Task>,
    message: Option<Received>,
    frozen_until: Option<Duration>,
}

struct Schedule<'s> {
    site: &'s Site,
    host: Host,
    observer: Ledger,
    job: JobId,
    items: Items,
    workers: Vec<Seat>,
    sweeper: Seat,
    /// When the queue was found empty: nobody needs to look again before something has happened.
    empty_at: Option<(usize, Duration)>,
}

impl Seat {
    fn empty() -> Self {
        Self {
            task: None,
            message: None,
            frozen_until: None,
        }
    }

    fn poll(&mut self) {
        let Some(task) = &mut self.task else { return };
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(()) = task.as_mut().poll(&mut context) {
            (self.task, self.message) = (None, None);
        }
    }
}

impl<'s> Schedule<'s> {
    fn new(site: &'s Site) -> Result<Self, Wrong> {
        let host = Host::new(site);
        let observer = site.ledger(HOST);
        complete(async {
            host.prepare().await?;
            observer.prepare().await?;
            Ok::<(), Wrong>(())
        })?;
        let last = 1 + u32::try_from(site.rng.below(8)).unwrap_or(0);
        let poison = site
            .rng
            .chance(0.3)
            .then(|| u32::try_from(site.rng.below(last.into())).unwrap_or(0));
        Ok(Self {
            site,
            host,
            observer,
            job: JobId::new("job").expect("it is a job id"),
            items: Items { first: 0, last, poison },
            workers: (0..WORKERS).map(|_| Seat::empty()).collect(),
            sweeper: Seat::empty(),
            empty_at: None,
        })
    }

    /// Starts a job over `items`, lets so many steps go wrong, and then lets it end.
    fn run(&mut self, items: Items, steps: usize) -> Result<(), Wrong> {
        self.break_things();
        let new = NewJob::new(self.job.clone(), "count", &items).expect("items have JSON");
        let starter = self.site.ledger(PROCESS);
        for _ in 0..20 {
            if matches!(complete(starter.start(&new)), Ok(Asked::Granted)) {
                break;
            }
        }
        for _ in 0..steps {
            self.step()?;
        }
        self.site.faults().clear();
        complete(self.observer.start(&new))?;
        self.calm_down(1)?;
        if self.items.poison.is_some() && self.site.rng.chance(0.5) {
            let before = complete(self.observer.manifest(&self.job, 1))?;
            complete(self.observer.retry(&self.job, 1))?;
            self.calm_down(2)?;
            if complete(self.observer.manifest(&self.job, 1))? != before {
                return Err(Wrong::Unreadable("the manifest of epoch 1 has changed".to_owned()));
            }
        }
        Ok(())
    }

    fn break_things(&self) {
        let faults = [
            (Fault::LoseAnswer, 0.04),
            (Fault::Reset, 0.02),
            (Fault::ServerBusy, 0.02),
            (Fault::InternalError, 0.01),
        ];
        for (fault, chance) in faults {
            let rule = FaultRule::new(RequestFilter::process(PROCESS), fault);
            self.site.faults().add(rule.with_chance(chance));
        }
    }

    /// One thing happens, mostly that somebody's next request is made.
    fn step(&mut self) -> Result<(), Wrong> {
        let at = usize::try_from(self.site.rng.below(WORKERS as u64)).unwrap_or(0);
        match self.site.rng.below(100) {
            0..78 => self.go_on(at)?,
            78..90 => self.sweep(),
            90..92 => self.workers[at] = Seat::empty(),
            92..94 => {
                let until = self.site.clock.monotonic() + FROZEN;
                self.workers[at].frozen_until = self.workers[at].task.is_some().then_some(until);
            }
            94..96 => {
                if let Some(message) = &self.workers[at].message {
                    complete(self.host.double(message))?;
                    self.empty_at = None;
                }
            }
            96..99 => self
                .site
                .hands
                .advance(Duration::from_secs(1 + self.site.rng.below(30))),
            _ => self
                .site
                .hands
                .advance(Duration::from_secs(61 + self.site.rng.below(700))),
        }
        Ok(())
    }

    fn go_on(&mut self, at: usize) -> Result<(), Wrong> {
        let now = self.site.clock.monotonic();
        let worker = &mut self.workers[at];
        if worker.frozen_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        worker.frozen_until = None;
        if worker.task.is_some() {
            worker.poll();
            return Ok(());
        }
        let happened = self.site.happened();
        if self.empty_at == Some(happened) {
            return Ok(());
        }
        let Some(message) = complete(self.host.next())? else {
            self.empty_at = Some(happened);
            return complete(self.host.drain_poison(&self.observer)).map_err(Wrong::from);
        };
        let (host, ledger, given) = (self.host.clone(), self.site.ledger(PROCESS), message.clone());
        worker.message = Some(message);
        worker.task = Some(Box::pin(async move {
            // The host's own requests meet no faults; a worker's errors are answers.
            let _ = host.hand_over(&ledger, &given).await;
        }));
        Ok(())
    }

    fn sweep(&mut self) {
        if self.sweeper.task.is_none() {
            let ledger = self.site.ledger(PROCESS);
            self.sweeper.task = Some(Box::pin(async move {
                let _ = ledger.sweep().await;
            }));
        }
        self.sweeper.poll();
    }

    /// Nothing goes wrong any more: the job must end, and whatever is left of it must come to nothing.
    fn calm_down(&mut self, epoch: u32) -> Result<(), Wrong> {
        for step in 0..CALM_STEPS {
            let busy = self.workers.iter().position(|worker| worker.task.is_some());
            if let Some(busy) = busy {
                self.workers[busy].frozen_until = None;
            }
            let at = busy.unwrap_or(step % WORKERS);
            self.go_on(at)?;
            if self.sweeper.task.is_some() {
                self.sweep();
            }
            let is_idle = self.sweeper.task.is_none() && self.workers.iter().all(|worker| worker.task.is_none());
            if !is_idle {
                continue;
            }
            if is_finished(complete(self.observer.status(&self.job))?.as_ref(), epoch)
                && complete(self.host.waiting())? == 0
            {
                return complete(check(self.site, &self.observer, &self.job, self.items, epoch));
            }
            self.site.hands.advance(Duration::from_secs(61));
            self.sweep();
        }
        let status = complete(self.observer.status(&self.job))?;
        let phase = status.map_or("gone", |status| status.custom_status.phase);
        Err(Wrong::Endless(format!("{phase} in epoch {epoch}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the check says of a job over `worked`, if it should have been one over `expected`.
    fn check_of(worked: Items, expected: Items) -> (Result<(), Wrong>, Vec<String>) {
        let site = Site::new(11);
        let mut schedule = Schedule::new(&site).unwrap();
        schedule.items = expected;
        (schedule.run(worked, 50), site.trace())
    }

    const ALL: Items = Items {
        first: 0,
        last: 4,
        poison: None,
    };

    #[test]
    fn an_item_too_few_or_too_many_and_a_failed_unit_are_noticed() {
        let fewer = Items { last: 3, ..ALL };
        let poisoned = Items { poison: Some(1), ..ALL };
        for (worked, expected) in [(fewer, ALL), (ALL, fewer), (poisoned, ALL)] {
            let (outcome, trace) = check_of(worked, expected);
            assert!(matches!(outcome, Err(Wrong::Items { epoch: 1, .. })), "{outcome:?}");
            assert!(
                trace.iter().any(|line| line.contains("worker: PutBlob jobs/job")),
                "{trace:#?}"
            );
        }
        assert_eq!(check_of(ALL, ALL).0, Ok(()));
    }

    #[test]
    fn a_seed_repeats_its_schedule() {
        let trace = |seed| {
            let site = Site::new(seed);
            let mut schedule = Schedule::new(&site).unwrap();
            let items = schedule.items;
            schedule.run(items, 200).unwrap();
            site.trace()
        };
        assert_eq!(trace(5), trace(5));
        assert_ne!(trace(5), trace(6));
    }
}
