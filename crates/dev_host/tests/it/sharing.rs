//! Two development hosts on one storage account.

use std::time::Duration;

use crate::bench::Bench;
use crate::inside::World;

const MINUTE: Duration = Duration::from_secs(60);

/// A workspace whose timer runs every second under a host id of its own choice.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.settings(&[
        ("TickSchedule", "* * * * * *"),
        ("AzureFunctionsWebHost__hostid", "shared"),
    ]);
    bench
}

#[test]
fn one_of_two_development_hosts_on_one_account_fires_the_timer_and_the_other_takes_over() {
    let world = World::new();
    let account = world.account();
    let storage = ["--storage", account.connection_string.as_str()];
    let (here, there) = (bench(), bench());
    let mut first = world.start(&here, &storage);
    first.wait_for("tick succeeded");
    let mut second = world.start(&there, &storage);
    second.wait_for("timer tick: another host holds its lock and fires it");
    assert!(second.has_said("tick timer another host fires it"));
    first.wait(3, "tick succeeded");
    drop(first);
    assert!(!second.has_said("tick succeeded"));
    // It asks once a minute.
    world.clock.shift(MINUTE);
    second.wait_for("tick succeeded");
}

#[test]
fn a_timer_whose_lock_is_lost_does_not_fire() {
    let world = World::new();
    let account = world.account();
    let bench = bench();
    let mut host = world.start(&bench, &["--storage", &account.connection_string]);
    host.wait_for("tick succeeded");
    let holder = std::fs::read_to_string(bench.file("target/dev/holder")).unwrap();
    let lock = account.storage().container("azure-webjobs-hosts");
    let lock = lock.document("locks/shared/Host.Functions.tick.Listener");
    let other = "22222222-2222-4222-8222-222222222222";
    world.wait(async {
        let mine = lock.lease(&holder, MINUTE).await.unwrap().unwrap();
        assert!(mine.release().await.unwrap());
        assert!(lock.lease(other, MINUTE).await.unwrap().is_some());
    });
    world.clock.shift(MINUTE / 2);
    host.wait_for("the lock of timer tick is lost");
    host.wait_for("timer tick: another host holds its lock");
}
