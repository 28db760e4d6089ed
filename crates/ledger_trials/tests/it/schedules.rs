//! Seeded schedules with every fault at once.

use ledger_trials::run_schedules;

/// In two tests, so that two processors share them.
fn run(first: u64) {
    if let Err(failure) = run_schedules(first, 250, |_| {}) {
        panic!("{failure}");
    }
}

#[test]
fn jobs_end_complete_under_the_first_half_of_the_schedules() {
    run(0);
}

#[test]
fn jobs_end_complete_under_the_second_half_of_the_schedules() {
    run(250);
}
