//! A crash at every request of a small job.

use ledger_trials::crash_at_every_request;
use storage_emulator::Moment;

fn every(moment: Moment, poison: Option<u32>) {
    let requests = crash_at_every_request(moment, poison).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(requests > 50, "{requests}");
}

#[test]
fn a_job_survives_a_crash_before_any_of_its_requests() {
    every(Moment::BeforeApply, None);
}

#[test]
fn a_job_with_a_poison_unit_survives_a_crash_after_any_of_its_requests() {
    every(Moment::AfterApply, Some(2));
}
