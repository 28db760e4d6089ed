//! For each rule a search in which its absence is noticed.

use super::catalogue::{NO_FAULTS, NO_REQUESTS, WORKER};
use super::{Faults, Requests, Role, Scenario, Shape, Start};
use crate::broken::Rule;

/// A rule, and the search that must notice when it is broken.
pub struct Case {
    /// The rule.
    pub rule: Rule,
    /// The search.
    pub scenario: Scenario,
}

/// Every rule of the protocol's table.
pub fn cases() -> Vec<Case> {
    [
        commits(),
        finishes(),
        retries(),
        claims(),
        sweeps(),
        ends(),
        starts(),
        removals(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn case(rule: Rule, roles: &[Role], shape: Shape, change: impl FnOnce(&mut Scenario)) -> Case {
    let mut scenario = Scenario {
        roles: roles.to_vec(),
        ..Scenario::new("a broken rule", shape)
    };
    change(&mut scenario);
    Case { rule, scenario }
}

const SWEPT: &[Role] = &[WORKER, WORKER, Role::Sweeper];
const ALONE: &[Role] = &[WORKER, Role::Sweeper, Role::Client];
const PAIR: &[Role] = &[WORKER, WORKER];

fn faults(faults: Faults) -> impl FnOnce(&mut Scenario) {
    move |scenario| scenario.faults = faults
}

fn commits() -> Vec<Case> {
    vec![
        case(
            Rule::CommitIsConditional,
            SWEPT,
            Shape::Single,
            faults(Faults {
                freezes: 1,
                ..NO_FAULTS
            }),
        ),
        case(
            Rule::NonceInDoubt,
            SWEPT,
            Shape::Single,
            faults(Faults {
                freezes: 1,
                lost: 1,
                ..NO_FAULTS
            }),
        ),
        case(
            Rule::OutputsStay,
            ALONE,
            Shape::Single,
            faults(Faults { lost: 1, ..NO_FAULTS }),
        ),
        case(
            Rule::EveryClaimIsAnAttempt,
            SWEPT,
            Shape::Single,
            faults(Faults {
                freezes: 1,
                ..NO_FAULTS
            }),
        ),
        case(
            Rule::ChildrenAfterCommit,
            ALONE,
            Shape::OneOrNone,
            faults(Faults { kills: 1, ..NO_FAULTS }),
        ),
        case(
            Rule::ChildIfAbsent,
            PAIR,
            Shape::OneOrNone,
            faults(Faults {
                expiries: 1,
                ..NO_FAULTS
            }),
        ),
        case(
            Rule::DoneAfterChildren,
            &[WORKER, Role::Finisher],
            Shape::OneOrNone,
            |_| {},
        ),
        case(
            Rule::FinishWantsDone,
            &[WORKER, Role::Finisher],
            Shape::OneOrNone,
            |_| {},
        ),
        case(
            Rule::ChildSortsAfterParent,
            &[WORKER, Role::Finisher],
            Shape::Grandchild,
            |_| {},
        ),
    ]
}

fn finishes() -> Vec<Case> {
    vec![
        case(
            Rule::FinishIsConditional,
            &[WORKER, Role::Finisher, Role::Finisher],
            Shape::Single,
            |_| {},
        ),
        case(
            Rule::FinalUnitInItsEpoch,
            &[WORKER, WORKER, Role::Finisher, Role::Client],
            Shape::SingleThatFails,
            |scenario| {
                scenario.requests = Requests {
                    retries: 1,
                    ..NO_REQUESTS
                };
                scenario.faults = Faults { copies: 1, ..NO_FAULTS };
            },
        ),
        case(
            Rule::JobFinishedBeforeFinalDone,
            ALONE,
            Shape::Single,
            faults(Faults { kills: 1, ..NO_FAULTS }),
        ),
        case(
            Rule::ManifestIfAbsent,
            &[WORKER, WORKER, Role::Finisher, Role::Client],
            Shape::SingleThatFails,
            |scenario| {
                scenario.requests = Requests {
                    retries: 1,
                    ..NO_REQUESTS
                };
                scenario.faults = Faults {
                    freezes: 1,
                    ..NO_FAULTS
                };
            },
        ),
        case(
            Rule::FailedFinalUnitIsNoEnd,
            &[WORKER, Role::Sweeper, Role::Client],
            Shape::Single,
            faults(Faults {
                final_failures: 1,
                ..NO_FAULTS
            }),
        ),
    ]
}

fn retries() -> Vec<Case> {
    let retry = |shape, rule, roles: &[Role], faults, retries| {
        case(rule, roles, shape, |scenario| {
            scenario.faults = faults;
            scenario.requests = Requests { retries, ..NO_REQUESTS };
        })
    };
    let seen = [WORKER, Role::Sweeper, Role::Client];
    let finished = [WORKER, Role::Finisher, Role::Client];
    vec![
        retry(
            Shape::SingleThatFails,
            Rule::RetryChangesJobFirst,
            &finished,
            NO_FAULTS,
            1,
        ),
        case(
            Rule::RetryComparesEpochs,
            &[WORKER, Role::Finisher, Role::Sweeper, Role::Client],
            Shape::SingleThatFails,
            |scenario| {
                scenario.requests = Requests {
                    retries: 1,
                    ..NO_REQUESTS
                };
                scenario.heals_in = 9;
            },
        ),
        case(
            Rule::FinishComparesEpochs,
            &finished,
            Shape::SingleThatFails,
            |scenario| {
                scenario.requests = Requests {
                    retries: 1,
                    ..NO_REQUESTS
                };
                scenario.retries_at_any_time = true;
            },
        ),
        case(Rule::SweepOpensOldFailures, &seen, Shape::SingleThatFails, |scenario| {
            scenario.retries_at_any_time = true;
            scenario.requests = Requests {
                retries: 1,
                ..NO_REQUESTS
            };
        }),
        case(Rule::RetryCountsAnew, &seen, Shape::SingleThatErrs, |scenario| {
            scenario.requests = Requests {
                retries: 1,
                ..NO_REQUESTS
            };
            scenario.patience = 2;
        }),
        retry(
            Shape::SingleThatFails,
            Rule::RetryNamesEpoch,
            &seen,
            Faults { lost: 1, ..NO_FAULTS },
            1,
        ),
    ]
}

fn claims() -> Vec<Case> {
    let impatient = |faults| {
        move |scenario: &mut Scenario| {
            scenario.faults = faults;
            scenario.patience = 2;
        }
    };
    vec![
        case(Rule::SweepOpensStaleOnly, SWEPT, Shape::Single, impatient(NO_FAULTS)),
        case(
            Rule::DeliveryTakesStaleOnly,
            &[WORKER, WORKER, WORKER],
            Shape::Single,
            impatient(Faults { copies: 2, ..NO_FAULTS }),
        ),
        case(Rule::PoisonFailsStaleOnly, PAIR, Shape::Single, |scenario| {
            scenario.patience = 1;
            scenario.faults = Faults {
                copies: 1,
                kills: 1,
                ..NO_FAULTS
            };
        }),
        case(Rule::PoisonIsConditional, SWEPT, Shape::Single, |scenario| {
            scenario.patience = 1;
            scenario.faults = Faults {
                freezes: 1,
                ..NO_FAULTS
            };
        }),
        case(
            Rule::NewerFormatIsPostponed,
            &[Role::Worker { is_old: true }, WORKER],
            Shape::Single,
            impatient(NO_FAULTS),
        ),
    ]
}

fn sweeps() -> Vec<Case> {
    vec![
        case(Rule::SweepOpensStaleClaims, ALONE, Shape::Single, |scenario| {
            scenario.faults = Faults { kills: 1, ..NO_FAULTS };
            scenario.patience = 1;
        }),
        case(Rule::SweepAnnouncesCommitted, ALONE, Shape::OneOrNone, |scenario| {
            scenario.faults = Faults { kills: 1, ..NO_FAULTS };
            scenario.patience = 1;
        }),
        case(Rule::SweepAnnouncesOldOpen, ALONE, Shape::Single, |scenario| {
            scenario.faults = Faults { kills: 1, ..NO_FAULTS };
            scenario.requests = Requests {
                starts: [1, 0],
                ..NO_REQUESTS
            };
        }),
        case(
            Rule::SweepFinishesStart,
            &[WORKER, Role::Sweeper, Role::Client],
            Shape::Single,
            |scenario| {
                scenario.start = Start::Nothing;
                scenario.faults = Faults { kills: 1, ..NO_FAULTS };
                scenario.requests = Requests {
                    starts: [1, 0],
                    ..NO_REQUESTS
                };
            },
        ),
        case(
            Rule::SweepFinishesRetry,
            &[Role::Sweeper, Role::Client],
            Shape::Single,
            |scenario| {
                scenario.is_about_slots = true;
                scenario.start = Start::Nothing;
                scenario.faults = Faults { kills: 1, ..NO_FAULTS };
                scenario.requests = Requests {
                    starts: [1, 0],
                    retries: 1,
                    ..NO_REQUESTS
                };
            },
        ),
        case(
            Rule::SweepPutsFinalUnit,
            ALONE,
            Shape::Single,
            faults(Faults { kills: 1, ..NO_FAULTS }),
        ),
        case(
            Rule::SweepCallsCancelled,
            &[WORKER, Role::Sweeper, Role::Client],
            Shape::Single,
            |scenario| {
                scenario.requests = Requests {
                    cancels: 1,
                    ..NO_REQUESTS
                };
            },
        ),
        case(Rule::SweepGoesOnDeleting, ALONE, Shape::Single, |scenario| {
            scenario.start = Start::Finished;
            scenario.requests = Requests {
                hides: 1,
                ..NO_REQUESTS
            };
        }),
    ]
}

fn ends() -> Vec<Case> {
    let cancelled = |scenario: &mut Scenario| {
        scenario.requests = Requests {
            cancels: 1,
            ..NO_REQUESTS
        }
    };
    vec![
        case(
            Rule::LiveCheck,
            &[WORKER, Role::Sweeper, Role::Client],
            Shape::Single,
            cancelled,
        ),
        case(
            Rule::CancelledAfterAllLooked,
            &[WORKER, Role::Sweeper, Role::Client],
            Shape::Single,
            cancelled,
        ),
    ]
}

fn starts() -> Vec<Case> {
    let slots = |rule, requests| {
        case(
            rule,
            &[Role::Sweeper, Role::Client, Role::Client],
            Shape::Single,
            |scenario| {
                scenario.is_about_slots = true;
                scenario.start = Start::Nothing;
                scenario.requests = requests;
            },
        )
    };
    let two = Requests {
        starts: [1, 1],
        ..NO_REQUESTS
    };
    let retried = Requests { retries: 1, ..two };
    vec![
        slots(Rule::JobBeforeSlot, two),
        slots(Rule::SlotIsConditional, two),
        slots(Rule::OwnSlotIsWritten, retried),
        slots(Rule::SlotBeforeRetry, retried),
    ]
}

fn removals() -> Vec<Case> {
    let removal = |rule, roles: &[Role], requests| {
        case(rule, roles, Shape::Single, |scenario| {
            scenario.start = Start::Finished;
            scenario.requests = requests;
        })
    };
    let again = Requests {
        hides: 1,
        starts: [1, 0],
        ..NO_REQUESTS
    };
    let two = [WORKER, Role::Sweeper, Role::Sweeper, Role::Client];
    vec![
        case(
            Rule::HideIsConditional,
            &[WORKER, Role::Finisher, Role::Client, Role::Client],
            Shape::SingleThatFails,
            |scenario| {
                scenario.requests = Requests {
                    hides: 1,
                    retries: 1,
                    ..NO_REQUESTS
                };
            },
        ),
        removal(Rule::DeleteNamesVersion, &two, again),
        removal(Rule::DeleteSparesYoung, &two, again),
        removal(Rule::DeleteJobLast, &two, again),
        case(
            Rule::UnitsBeforeJobWeekly,
            &[Role::Weekly, Role::Client],
            Shape::Single,
            |scenario| {
                scenario.start = Start::Nothing;
                scenario.requests = Requests {
                    starts: [1, 0],
                    ..NO_REQUESTS
                };
            },
        ),
        case(
            Rule::GarbageByAttempt,
            &[WORKER, Role::Sweeper, Role::Collector, Role::Client],
            Shape::SingleThatFails,
            |scenario| {
                scenario.requests = Requests {
                    retries: 1,
                    ..NO_REQUESTS
                };
            },
        ),
    ]
}
