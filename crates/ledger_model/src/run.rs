//! The large searches, one after the other.

use std::io::{self, Write};

use determinism::Clock;

use crate::scenarios::large;
use crate::search::{Outcome, search};

/// Runs every large search and tells what each found; true if none found a violation.
///
/// # Errors
/// `out` cannot be written to.
pub fn run(out: &mut dyn Write) -> io::Result<bool> {
    let clock = Clock::system();
    let mut holds = true;
    for scenario in large() {
        let started = clock.monotonic();
        let report = search(&scenario, None);
        let seconds = (clock.monotonic() - started).as_secs();
        let end = match &report.outcome {
            Outcome::Exhausted => "searched to the end",
            Outcome::Cut => "no violation, cut",
            Outcome::Violated(_) => "VIOLATED",
        };
        let (name, worlds) = (scenario.name, report.worlds);
        writeln!(out, "{name:<50} {worlds:>11} worlds {seconds:>6} s  {end}")?;
        if let Outcome::Violated(violation) = report.outcome {
            holds = false;
            writeln!(out, "{violation}")?;
        }
    }
    Ok(holds)
}
