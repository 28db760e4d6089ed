//! A handler that is down: nothing is taken from its queues until it is started again.

use crate::bench::Bench;
use crate::http::{exchange, get, post_form};
use crate::inside::{Inside, World};

fn feed(host: &Inside, body: &str) -> u16 {
    exchange(&host.front, "POST", "/api/feed", &[("Host", "localhost")], body).status
}

/// Which messages are in the queue and can be received, and how many there are in all.
fn messages(world: &World, host: &Inside, queue: &str) -> (Vec<String>, u64) {
    let queue = host.storage().queue(queue);
    let count = world.wait(queue.approximate_count()).unwrap();
    let peeked = world.wait(queue.peek(32)).unwrap();
    let texts = peeked
        .into_iter()
        .map(|message| String::from_utf8(message.body.unwrap().to_vec()).unwrap());
    (texts.collect(), count)
}

#[test]
fn a_handler_that_lacks_a_setting_leaves_its_queue_alone() {
    let bench = Bench::new();
    let settings = r#"{"Values":{"TickSchedule":"* * * * * *"}}"#;
    std::fs::write(bench.app().join("local.settings.json"), settings).unwrap();
    let world = World::new();
    let mut host = world.start(&bench, &["--memory"]);
    host.wait_for("code 64");
    host.wait_for("work does not listen to queue work until the handler is started again");
    host.wait_for("timer tick does not fire until the handler is started again");
    world.wait(async {
        let queue = host.storage().queue("work");
        queue.create_if_absent().await.unwrap();
        queue.send(b"waits", Default::default()).await.unwrap();
    });
    assert_eq!(feed(&host, "x"), 503);
    // The app is asked in vain: nothing listens, so no time that passes changes the queue.
    world.clock.shift(std::time::Duration::from_secs(3_600));
    let finished = get(&host.dashboard, "/invocations").body;
    assert!(!finished.contains("work_app/work"), "{finished}");
    assert_eq!(messages(&world, &host, "work"), (vec!["waits".to_owned()], 1));
}

#[test]
fn three_crashes_leave_the_queue_as_it_is_and_a_restart_goes_on() {
    let bench = Bench::new();
    bench.edit("host.json", |host| {
        host["extensions"]["queues"]["maxDequeueCount"] = serde_json::json!(5);
        host["extensions"]["queues"]["batchSize"] = serde_json::json!(4);
    });
    let world = World::new();
    let mut host = world.start(&bench, &["--memory"]);
    let all = ["crash", "one", "three", "two"].map(str::to_owned);
    std::fs::write(bench.file("blocked"), "").unwrap();
    assert_eq!(feed(&host, "crash\none\ntwo\nthree"), 200);
    host.wait_for("gave up on this app");
    host.wait_for("work does not listen to queue work until the handler is started again");
    let (mut left, count) = messages(&world, &host, "work");
    left.sort();
    assert_eq!((left.as_slice(), count), (all.as_slice(), 4));
    assert_eq!(feed(&host, "x"), 503);
    assert!(!host.has_said("Moving message"));

    std::fs::write(bench.file("mended"), "").unwrap();
    assert_eq!(
        post_form(&host.dashboard, "/actions/restart", &[("app", "work_app")]).status,
        303
    );
    host.wait(4, "work succeeded");
    assert_eq!(bench.done(), all);
}
