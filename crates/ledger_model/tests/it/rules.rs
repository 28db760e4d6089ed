//! Each rule of the protocol, broken: the search must notice.

use ledger_model::scenarios::{Case, cases};
use ledger_model::{Outcome, Rule, Scenario, search};

/// Worlds within which a broken rule is noticed, or a sound one is not.
const MOST: usize = 200_000;

/// Worlds looked at to see that the scenario itself is sound: the violation comes from the broken rule.
const CONTROL: usize = 20_000;

#[test]
fn every_broken_rule_is_noticed_and_only_then() {
    let mut unnoticed = Vec::new();
    for Case { rule, scenario } in cases() {
        let scenario = Scenario { most: MOST, ..scenario };
        match search(&scenario, Some(rule)).outcome {
            Outcome::Violated(violation) => println!("{}: {}", rule.description(), violation.what),
            Outcome::Exhausted | Outcome::Cut => unnoticed.push(rule.description()),
        }
        let control = Scenario {
            most: CONTROL,
            ..scenario
        };
        if let Outcome::Violated(violation) = search(&control, None).outcome {
            panic!("{}: a sound protocol is called broken: {violation}", rule.description());
        }
    }
    assert!(unnoticed.is_empty(), "nobody notices without: {unnoticed:#?}");
}

#[test]
fn a_violation_is_told_step_by_step() {
    let case = cases().into_iter().find(|case| case.rule == Rule::OutputsStay).unwrap();
    let Outcome::Violated(violation) = search(&case.scenario, Some(case.rule)).outcome else {
        panic!("the broken rule is not noticed");
    };
    let told = violation.to_string();
    assert!(told.contains("commits attempt 1 without its outputs"), "{told}");
    assert!(told.contains("worker 0 works: work on root as attempt 1"), "{told}");
    assert!(told.contains("the answer is lost"), "{told}");
    assert!(!told.contains("the way is lost"), "{told}");
}
