//! The large searches: what `cargo xtask model` runs.

use std::io;
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let holds = ledger_model::run(&mut io::stdout().lock())?;
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
