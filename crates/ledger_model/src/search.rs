//! The search: breadth first, so that the first violation found has a shortest trace.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use crate::broken::Rule;
use crate::execute::Executor;
use crate::liveness::{self, Graph};
use crate::scenarios::Scenario;
use crate::step::Step;
use crate::trace;
use crate::world::World;

/// What a search found.
#[derive(Debug)]
pub struct Report {
    /// Worlds seen.
    pub worlds: usize,
    /// Steps between them.
    pub steps: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a search ended.
#[derive(Debug)]
pub enum Outcome {
    /// Every world was seen; every invariant holds in each, and from each the jobs can end without another fault (where
    /// somebody sweeps and somebody sees to final units that failed).
    Exhausted,
    /// No violation within the scenario's bound.
    Cut,
    /// A violation.
    Violated(Violation),
}

/// A violation with a shortest way to it.
#[derive(Debug)]
pub struct Violation {
    /// What does not hold.
    pub what: String,
    /// Each step, in words.
    pub trace: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.what)?;
        for (number, step) in (1..).zip(&self.trace) {
            writeln!(formatter, "{number:4}  {step}")?;
        }
        Ok(())
    }
}

/// Worlds by fingerprint: each with the world from which it was first reached.
#[derive(Default)]
struct Seen {
    nodes: Vec<(u64, u32)>,
    index: HashMap<u64, u32, std::hash::BuildHasherDefault<Identity>>,
}

impl Seen {
    /// The world's number, and whether it is new.
    fn enter(&mut self, fingerprint: u64, from: u32) -> (u32, bool) {
        let next = u32::try_from(self.nodes.len()).expect("a search sees fewer than 2^32 worlds");
        let number = *self.index.entry(fingerprint).or_insert(next);
        if number == next {
            self.nodes.push((fingerprint, from));
        }
        (number, number == next)
    }

    /// Fingerprints from the first world to this one.
    fn way_to(&self, number: u32) -> Vec<u64> {
        let mut way = vec![];
        let mut at = number;
        while at != 0 {
            let (fingerprint, from) = self.nodes[at as usize];
            way.push(fingerprint);
            at = from;
        }
        way.reverse();
        way
    }
}

/// Fingerprints are hashes already.
#[derive(Default)]
struct Identity(u64);

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only fingerprints are hashed")
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// Searches every world of a scenario, with a rule broken or with none.
pub fn search(scenario: &Scenario, broken: Option<Rule>) -> Report {
    let executor = Executor { scenario, broken };
    let first = scenario.first_world();
    let mut seen = Seen::default();
    let mut graph = Graph::default();
    let mut steps = 0;
    seen.enter(first.fingerprint(), 0);
    let mut frontier = VecDeque::from([(0_u32, first)]);
    while let Some((number, world)) = frontier.pop_front() {
        if liveness::has_ended(&world) {
            graph.ended.push(number);
        }
        for (step, next) in executor.successors(&world) {
            steps += 1;
            let next = match next {
                Ok(next) => next,
                Err(breach) => {
                    let trace = retrace(&executor, &seen.way_to(number), Some(step));
                    let what = breach.to_string();
                    return report(&seen, steps, Outcome::Violated(Violation { what, trace }));
                }
            };
            let (to, is_new) = seen.enter(next.fingerprint(), number);
            if scenario.must_end() && !step.is_fault() {
                graph.edges.push((to, number));
            }
            if is_new {
                frontier.push_back((to, next));
            }
        }
        if seen.nodes.len() > scenario.most {
            return report(&seen, steps, Outcome::Cut);
        }
    }
    let outcome = match graph.first_without_end(seen.nodes.len()) {
        Some(_) if !scenario.must_end() => Outcome::Exhausted,
        None => Outcome::Exhausted,
        Some(stuck) => {
            let what = "without another fault the jobs never end".to_owned();
            let trace = retrace(&executor, &seen.way_to(stuck), None);
            Outcome::Violated(Violation { what, trace })
        }
    };
    report(&seen, steps, outcome)
}

fn report(seen: &Seen, steps: usize, outcome: Outcome) -> Report {
    Report {
        worlds: seen.nodes.len(),
        steps,
        outcome,
    }
}

/// Goes the way again, to tell it: worlds are not kept.
fn retrace(executor: &Executor<'_>, way: &[u64], last: Option<Step>) -> Vec<String> {
    let mut world: World = executor.scenario.first_world();
    let mut told = Vec::new();
    for fingerprint in way {
        let found = executor
            .successors(&world)
            .into_iter()
            .filter_map(|(step, next)| Some((step, next.ok()?)))
            .find(|(_, next)| next.fingerprint() == *fingerprint);
        let Some((step, next)) = found else {
            told.push("(the way is lost: two worlds share a fingerprint)".to_owned());
            return told;
        };
        told.push(trace::tell(&world, step, Some(&next)));
        world = next;
    }
    told.extend(last.map(|step| trace::tell(&world, step, None)));
    told
}
