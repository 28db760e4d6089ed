//! Messages that fail, and their way back.

use storage_emulator::{Fault, FaultRule, Operation, RequestFilter};

use crate::bench::{Bench, DevHost};
use crate::http::{exchange, get, post_form};
use crate::inside::World;

fn feed(host: &DevHost, body: &str) {
    let answer = exchange(&host.front, "POST", "/api/feed", &[("Host", &host.front)], body);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The ids on the poison page, in order.
fn poisoned(host: &DevHost) -> Vec<String> {
    let page = get(&host.dashboard, "/poison").body;
    page.split("id=\"replay-")
        .skip(1)
        .filter(|part| !part.starts_with("all"))
        .map(|part| part.split('"').next().unwrap().to_owned())
        .collect()
}

fn replay(host: &DevHost, message: &str) -> u16 {
    let fields = [
        ("app", "work_app"),
        ("connection", "AzureWebJobsStorage"),
        ("queue", "work-poison"),
        ("message", message),
    ];
    post_form(&host.dashboard, "/actions/replay", &fields).status
}

#[test]
fn a_message_that_always_fails_is_put_aside_with_its_reason_and_comes_back_by_replay() {
    let bench = Bench::new();
    let mut host = bench.start(&[]);
    feed(&host, "bad <b>one</b>");
    host.wait(3, "cannot work on bad");
    host.wait_for("Moving message to queue 'work-poison'");
    let ids = loop {
        let ids = poisoned(&host);
        if !ids.is_empty() {
            break ids;
        }
    };
    let page = get(&host.dashboard, "/poison").body;
    assert!(
        page.contains("cannot work on bad &lt;b&gt;one&lt;/b&gt;"),
        "the reason, escaped: {page}"
    );
    assert!(!page.contains("<b>one"), "{page}");

    std::fs::write(bench.file("mended"), "").unwrap();
    assert_eq!(replay(&host, &ids[0]), 303);
    host.wait_for("work succeeded");
    assert_eq!(bench.done(), ["bad <b>one</b>"]);
    assert_eq!(poisoned(&host), [""; 0]);
    assert_eq!(replay(&host, &ids[0]), 409, "it is gone");
}

#[test]
fn a_failed_message_stays_away_for_its_visibility_timeout_across_a_restart() {
    let bench = Bench::new();
    // Longer than a lease: its release must not be taken for a renewal.
    bench.edit("host.json", |host| {
        host["extensions"]["queues"]["visibilityTimeout"] = serde_json::json!("00:15:00");
    });
    let mut host = bench.start(&[]);
    feed(&host, "bad day");
    host.wait_for("work failed");
    assert!(host.stop());
    let mut host = bench.start(&[]);
    feed(&host, "good day");
    host.wait_for("work succeeded");
    assert!(!host.has_said("bad day") && !host.has_said("freed"));
}

#[test]
fn the_journal_holds_no_secret_of_a_failure() {
    let bench = Bench::new();
    bench.settings(&[("ApiToken", "t0ken-in-a-reason")]);
    let mut host = bench.start(&[]);
    feed(&host, "bad t0ken-in-a-reason");
    host.wait_for("Moving message to queue 'work-poison'");
    while poisoned(&host).is_empty() {}
    assert!(!host.has_said("t0ken-in-a-reason"));
    assert!(host.stop());
    let mut journal = String::new();
    for entry in std::fs::read_dir(bench.file("target/dev/journal")).unwrap() {
        journal.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert!(journal.contains(r#""kind":"poisoned""#), "{journal}");
    assert!(!journal.contains("t0ken-in-a-reason"), "{journal}");
}

#[test]
fn an_unusable_message_is_taken_out_of_its_envelope_by_replay() {
    let bench = Bench::new();
    let mut host = bench.start(&[]);
    feed(&host, "unusable thing");
    host.wait_for("1 message to work-poison");
    let page = get(&host.dashboard, "/poison").body;
    assert!(
        page.contains("nobody can use this") && page.contains("unusable thing"),
        "{page}"
    );
    std::fs::write(bench.file("mended"), "").unwrap();
    assert_eq!(replay(&host, &poisoned(&host)[0]), 303);
    host.wait_for("1 message to results");
    assert_eq!(bench.done(), ["unusable thing"]);
}

#[test]
fn replay_all_takes_every_page_and_goes_on_after_a_failure_and_tells_it() {
    let (bench, world) = (Bench::new(), World::new());
    // One try each: the way into the poison queue is not the subject.
    bench.edit("host.json", |host| {
        host["extensions"]["queues"]["maxDequeueCount"] = 1.into();
    });
    let account = world.account();
    let mut host = world.start(&bench, &["--no-timers", "--storage", &account.connection_string]);
    let messages: Vec<String> = (0..40).map(|n| format!("bad {n:02}")).collect();
    let front = host.front.clone();
    let fed = exchange(&front, "POST", "/api/feed", &[("Host", &front)], &messages.join("\n"));
    assert_eq!(fed.status, 200, "{}", fed.body);
    host.wait(messages.len(), "Moving message to queue 'work-poison'");
    let poison = account.storage().queue("work-poison");
    while world.wait(poison.approximate_count()).unwrap() < messages.len() as u64 {}

    std::fs::write(bench.file("mended"), "").unwrap();
    let no_answer = FaultRule::new(
        RequestFilter::operations(&[Operation::PutMessage]),
        Fault::InternalError,
    );
    // All four tries of the first message.
    account.faults.add(no_answer.times(4));
    let dashboard = host.dashboard.clone();
    let replay_all = || {
        let fields = [
            ("app", "work_app"),
            ("connection", "AzureWebJobsStorage"),
            ("queue", "work-poison"),
        ];
        post_form(&dashboard, "/actions/replay-all", &fields)
    };
    let answer = replay_all();
    assert_eq!(answer.status, 409);
    assert!(
        answer
            .body
            .contains("39 messages were put back. 1 were not and are still in work-poison"),
        "{}",
        answer.body
    );
    host.wait(39, "work succeeded");
    assert_eq!(replay_all().status, 303, "the one that is left was not hidden");
    host.wait(40, "work succeeded");
    assert_eq!(bench.done(), messages);
    assert_eq!(world.wait(poison.approximate_count()).unwrap(), 0);
}
