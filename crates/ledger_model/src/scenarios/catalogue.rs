//! The searches of the test command, and larger ones.

use super::{Faults, Requests, Role, Scenario, Shape, Start};

pub(super) const WORKER: Role = Role::Worker { is_old: false };
pub(super) const OLD_WORKER: Role = Role::Worker { is_old: true };

pub(super) const NO_FAULTS: Faults = Faults {
    kills: 0,
    lost: 0,
    late: 0,
    copies: 0,
    expiries: 0,
    freezes: 0,
    errors: 0,
    final_failures: 0,
    drops: 0,
};

pub(super) const NO_REQUESTS: Requests = Requests {
    starts: [0, 0],
    retries: 0,
    cancels: 0,
    hides: 0,
    unanswered: None,
};

const ALONE: &[Role] = &[WORKER, Role::Sweeper, Role::Client];
const TWO: &[Role] = &[WORKER, WORKER, Role::Sweeper, Role::Client];
const RETRY: Requests = Requests {
    retries: 1,
    ..NO_REQUESTS
};
const CANCEL: Requests = Requests {
    cancels: 1,
    ..NO_REQUESTS
};

fn scenario(name: &'static str, roles: &[Role], shape: Shape, faults: Faults, requests: Requests) -> Scenario {
    Scenario {
        roles: roles.to_vec(),
        faults,
        requests,
        ..Scenario::new(name, shape)
    }
}

/// Searches that end, all together, within the test command.
pub fn small() -> Vec<Scenario> {
    let kill = Faults { kills: 1, ..NO_FAULTS };
    let freeze = Faults {
        freezes: 1,
        ..NO_FAULTS
    };
    let lost = Faults {
        lost: 1,
        late: 1,
        ..NO_FAULTS
    };
    let start = Requests {
        starts: [2, 0],
        ..NO_REQUESTS
    };
    vec![
        scenario("one unit, a kill", TWO, Shape::Single, kill, NO_REQUESTS),
        scenario("one unit, a freeze", TWO, Shape::Single, freeze, NO_REQUESTS),
        scenario("one unit, lost answers", ALONE, Shape::Single, lost, NO_REQUESTS),
        scenario(
            "one unit, a doubled message",
            TWO,
            Shape::Single,
            Faults { copies: 1, ..NO_FAULTS },
            NO_REQUESTS,
        ),
        scenario("a split, no fault", TWO, Shape::TwoOrOne, NO_FAULTS, NO_REQUESTS),
        scenario("plans that differ, a kill", ALONE, Shape::OneOrNone, kill, NO_REQUESTS),
        scenario(
            "plans that differ, a freeze",
            ALONE,
            Shape::OneOrNone,
            freeze,
            NO_REQUESTS,
        ),
        scenario(
            "grandchildren",
            &[WORKER, Role::Finisher],
            Shape::Grandchild,
            NO_FAULTS,
            NO_REQUESTS,
        ),
        scenario(
            "errors",
            ALONE,
            Shape::Single,
            Faults { errors: 2, ..NO_FAULTS },
            NO_REQUESTS,
        ),
        scenario(
            "a final unit that fails",
            ALONE,
            Shape::Single,
            Faults {
                final_failures: 2,
                ..NO_FAULTS
            },
            RETRY,
        ),
        scenario("cancelled, a kill", ALONE, Shape::Single, kill, CANCEL),
        scenario("cancelled, a freeze", ALONE, Shape::Single, freeze, CANCEL),
        scenario(
            "a failed unit, a retry, a kill",
            ALONE,
            Shape::SingleThatFails,
            kill,
            RETRY,
        ),
        Scenario {
            retries_at_any_time: true,
            ..scenario(
                "a failed unit, a retry at any time",
                ALONE,
                Shape::SingleThatFails,
                NO_FAULTS,
                RETRY,
            )
        },
        scenario("a failed child, a retry", ALONE, Shape::SecondFails, NO_FAULTS, RETRY),
        scenario(
            "a failed unit, two retries",
            ALONE,
            Shape::SingleThatFails,
            NO_FAULTS,
            Requests {
                retries: 2,
                ..NO_REQUESTS
            },
        ),
        Scenario {
            start: Start::Nothing,
            ..scenario("two starts, a kill", ALONE, Shape::Single, kill, start)
        },
        Scenario {
            patience: 1,
            ..scenario("no patience, a kill", TWO, Shape::Single, kill, NO_REQUESTS)
        },
        scenario(
            "an old binary",
            &[WORKER, OLD_WORKER, Role::Sweeper, Role::Client],
            Shape::Single,
            NO_FAULTS,
            NO_REQUESTS,
        ),
        slots(
            "two jobs of one slot",
            Requests {
                starts: [1, 1],
                ..NO_REQUESTS
            },
        ),
        removal(
            "a removal and a new start",
            &[WORKER, Role::Sweeper, Role::Sweeper, Role::Client],
        ),
    ]
}

fn slots(name: &'static str, requests: Requests) -> Scenario {
    Scenario {
        is_about_slots: true,
        start: Start::Nothing,
        ..scenario(
            name,
            &[Role::Sweeper, Role::Client, Role::Client],
            Shape::Single,
            NO_FAULTS,
            requests,
        )
    }
}

fn removal(name: &'static str, roles: &[Role]) -> Scenario {
    let requests = Requests {
        hides: 1,
        starts: [1, 0],
        ..NO_REQUESTS
    };
    Scenario {
        start: Start::Finished,
        ..scenario(name, roles, Shape::Single, NO_FAULTS, requests)
    }
}

/// Worlds that a large search sees at most: about 6 GB of memory.
const MOST_WORLDS: usize = 15_000_000;

/// Searches for `cargo xtask model`: two faults at once, two workers and two sweepers, longer jobs.
pub fn large() -> Vec<Scenario> {
    let bounded = |scenario| Scenario {
        most: MOST_WORLDS,
        ..scenario
    };
    unbounded().into_iter().map(bounded).collect()
}

fn unbounded() -> Vec<Scenario> {
    let two = |first: Faults| Faults { kills: 1, ..first };
    let sweepers = [WORKER, WORKER, Role::Sweeper, Role::Sweeper, Role::Client];
    let early = Faults {
        copies: 1,
        expiries: 1,
        ..NO_FAULTS
    };
    let lost = Faults {
        lost: 1,
        late: 1,
        ..NO_FAULTS
    };
    let freeze = Faults {
        freezes: 1,
        ..NO_FAULTS
    };
    let twice = Requests {
        retries: 2,
        ..NO_REQUESTS
    };
    let both = Requests {
        retries: 1,
        cancels: 1,
        ..NO_REQUESTS
    };
    vec![
        scenario(
            "one unit, doubled and early messages",
            TWO,
            Shape::Single,
            early,
            NO_REQUESTS,
        ),
        scenario(
            "one unit, two sweepers, a kill",
            &sweepers,
            Shape::Single,
            two(NO_FAULTS),
            NO_REQUESTS,
        ),
        scenario(
            "one unit, two kills",
            TWO,
            Shape::Single,
            Faults { kills: 2, ..NO_FAULTS },
            NO_REQUESTS,
        ),
        scenario(
            "one unit, a freeze and a kill",
            TWO,
            Shape::Single,
            two(freeze),
            NO_REQUESTS,
        ),
        scenario(
            "one unit, lost answers and a kill",
            TWO,
            Shape::Single,
            two(lost),
            NO_REQUESTS,
        ),
        scenario(
            "plans that differ, two workers, a kill",
            TWO,
            Shape::OneOrNone,
            two(NO_FAULTS),
            NO_REQUESTS,
        ),
        scenario(
            "plans that differ, two workers, a freeze",
            TWO,
            Shape::OneOrNone,
            freeze,
            NO_REQUESTS,
        ),
        scenario(
            "plans that differ, lost answers",
            TWO,
            Shape::OneOrNone,
            lost,
            NO_REQUESTS,
        ),
        scenario(
            "two children or one, a kill",
            ALONE,
            Shape::TwoOrOne,
            two(NO_FAULTS),
            NO_REQUESTS,
        ),
        scenario(
            "grandchildren, a sweeper",
            ALONE,
            Shape::Grandchild,
            NO_FAULTS,
            NO_REQUESTS,
        ),
        scenario(
            "a failed child, two retries",
            ALONE,
            Shape::SecondFails,
            NO_FAULTS,
            twice,
        ),
        scenario(
            "a failed child, a retry, a freeze",
            TWO,
            Shape::SecondFails,
            freeze,
            RETRY,
        ),
        scenario(
            "a failed unit, a retry, a freeze",
            TWO,
            Shape::SingleThatFails,
            freeze,
            RETRY,
        ),
        scenario(
            "a failed unit, a retry and a cancellation, a kill",
            ALONE,
            Shape::SingleThatFails,
            two(NO_FAULTS),
            both,
        ),
        scenario(
            "a failed unit, two retries, lost answers",
            ALONE,
            Shape::SingleThatFails,
            lost,
            twice,
        ),
        scenario(
            "cancelled, a split, a kill",
            TWO,
            Shape::OneOrNone,
            two(NO_FAULTS),
            CANCEL,
        ),
        scenario(
            "dropped poison",
            TWO,
            Shape::Single,
            Faults {
                kills: 2,
                drops: 1,
                ..NO_FAULTS
            },
            NO_REQUESTS,
        ),
        slots(
            "two jobs of one slot, a retry",
            Requests {
                starts: [1, 1],
                retries: 1,
                ..NO_REQUESTS
            },
        ),
    ]
}
