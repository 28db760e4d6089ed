//! Many seeded schedules: what `cargo xtask faults work_ledger` runs. Arguments: how many, and the first seed.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let numbers: Option<Vec<u64>> = std::env::args().skip(1).map(|text| text.parse().ok()).collect();
    let Some([count, first]) = numbers.as_deref() else {
        writeln!(io::stderr(), "usage: schedules <how many> <first seed>")?;
        return Ok(ExitCode::from(64));
    };
    let (count, first) = (*count, *first);
    let mut out = io::stdout().lock();
    let outcome = ledger_trials::run_schedules(first, count, |done| {
        if done.is_multiple_of(1000) {
            // A closed pipe is no reason to stop.
            let _ = writeln!(out, "{done} schedules end complete");
        }
    });
    match outcome {
        Ok(()) => {
            writeln!(out, "{count} schedules from seed {first} on end complete")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            writeln!(out, "{failure}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
