//! Inputs and outputs, on the built-in storage and on an account elsewhere.

use crate::bench::Bench;
use crate::http::{exchange, get};
use crate::inside::{Inside, World};

fn copy(host: &Inside<'_>, name: &str, body: &str) -> (u16, String) {
    let path = format!("/api/copy/{name}");
    let answer = exchange(&host.front, "POST", &path, &[("Host", &host.front)], body);
    (answer.status, answer.body)
}

#[test]
fn blobs_are_read_before_a_run_and_written_after_it() {
    let (bench, world) = (Bench::new(), World::new());
    let seeds = bench.app().join("dev/blobs/box");
    std::fs::create_dir_all(&seeds).unwrap();
    std::fs::write(seeds.join("a b.txt"), "one, ").unwrap();
    let host = world.start(&bench, &["--no-timers"]);
    assert_eq!(copy(&host, "a%20b", "two"), (200, "found".to_owned()));
    assert_eq!(copy(&host, "none", "three"), (200, "missing".to_owned()));
    let list = get(&host.dashboard, "/invocations?function=copy").body;
    let pages: String = list
        .split("\"/invocations/")
        .skip(1)
        .map(|part| {
            get(
                &host.dashboard,
                &format!("/invocations/{}", part.split('"').next().unwrap()),
            )
            .body
        })
        .collect();
    for written in ["copies/a b.txt", "one, two", "copies/none.txt", "three"] {
        assert!(pages.contains(written), "{written}: {pages}");
    }
}

#[test]
fn an_account_elsewhere_is_used_for_blobs_and_queues_and_gets_no_first_contents() {
    let (bench, world) = (Bench::new(), World::new());
    let seeds = bench.app().join("dev/blobs/box");
    std::fs::create_dir_all(&seeds).unwrap();
    std::fs::write(seeds.join("seed.txt"), "a seed").unwrap();
    let account = world.account();
    let storage = account.storage();
    let mut host = world.start(&bench, &["--no-timers", "--storage", &account.connection_string]);
    assert_eq!(copy(&host, "seed", "new"), (200, "missing".to_owned()));
    let copied = storage.container("copies").document("seed.txt");
    assert_eq!(world.wait(copied.get()).unwrap().unwrap().bytes, "new");

    world.wait(async {
        let queue = storage.queue("work");
        queue.create_if_absent().await.unwrap();
        queue.send(b"from elsewhere", Default::default()).await.unwrap();
    });
    host.wait_for("work succeeded");
    assert_eq!(bench.done(), ["from elsewhere"]);
    let results = world.wait(storage.queue("results").peek(1)).unwrap();
    assert_eq!(results[0].body.as_deref().unwrap(), b"done from elsewhere");
}
