//! Small jobs, searched to the end.

use ledger_model::scenarios::small;
use ledger_model::{Outcome, search};

#[test]
fn every_small_search_ends_without_a_violation() {
    for scenario in small() {
        let report = search(&scenario, None);
        match report.outcome {
            Outcome::Exhausted => println!("{:<42} {:>8} worlds", scenario.name, report.worlds),
            Outcome::Cut => panic!("{}: not searched to the end", scenario.name),
            Outcome::Violated(violation) => panic!("{}: {violation}", scenario.name),
        }
    }
}
