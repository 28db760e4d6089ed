//! The same requests tell the same story: in memory, in a folder that is closed and opened in between, and again.

use std::path::Path;

use determinism::{Clock, Rng};
use http::Method;
use proptest::prelude::*;
use storage_emulator::Emulator;

use crate::wire::{Reply, Target};

const NAMES: [&str; 3] = ["one", "two", "three"];
const IDS: [&str; 2] = ["AAAA", "BBBB"];

#[derive(Clone, Debug)]
enum Step {
    Put(usize, usize),
    Append(usize, usize),
    Block(usize, usize, usize),
    List(usize, Vec<usize>),
    Copy(usize, usize),
    Delete(usize),
    Empty,
    Send(usize),
    Receive,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    // Around the sizes where content moves from the journal to a file, and where an append blob's tail does.
    let size = prop_oneof![0..100_usize, 16_300..16_500_usize, 30_000..70_000_usize];
    prop_oneof![
        4 => (name.clone(), size.clone()).prop_map(|(name, size)| Step::Put(name, size)),
        4 => (name.clone(), size.clone()).prop_map(|(name, size)| Step::Append(name, size.max(1))),
        3 => (name.clone(), 0..IDS.len(), size.clone()).prop_map(|(name, id, size)| Step::Block(name, id, size.max(1))),
        3 => (name.clone(), proptest::collection::vec(0..IDS.len(), 0..4)).prop_map(|(name, ids)| Step::List(name, ids)),
        2 => (name.clone(), name.clone()).prop_map(|(from, to)| Step::Copy(from, to)),
        2 => name.prop_map(Step::Delete),
        1 => Just(Step::Empty),
        3 => size.prop_map(Step::Send),
        2 => Just(Step::Receive),
        2 => Just(Step::Reopen),
    ]
}

async fn perform(target: &Target, step: &Step, number: usize) -> Reply {
    let path = |name: usize| format!("/box/{}", NAMES[name]);
    let text = |size: usize| format!("{number} ").repeat(size / 2 + 1)[..size].to_owned();
    match step {
        Step::Put(name, size) => {
            target
                .blob(Method::PUT, &path(*name))
                .put_blob(&text(*size))
                .send()
                .await
        }
        Step::Append(name, size) => {
            let create = target
                .blob(Method::PUT, &path(*name))
                .header("x-ms-blob-type", "AppendBlob");
            create.header("if-none-match", "*").send().await;
            target
                .blob(Method::PUT, &path(*name))
                .query("comp", "appendblock")
                .body(text(*size))
                .send()
                .await
        }
        Step::Block(name, id, size) => {
            let call = target
                .blob(Method::PUT, &path(*name))
                .query("comp", "block")
                .query("blockid", IDS[*id]);
            call.body(text(*size)).send().await
        }
        Step::List(name, ids) => {
            let entries: String = ids.iter().map(|id| format!("<Latest>{}</Latest>", IDS[*id])).collect();
            let call = target.blob(Method::PUT, &path(*name)).query("comp", "blocklist");
            call.body(format!("<BlockList>{entries}</BlockList>")).send().await
        }
        Step::Copy(from, to) => {
            let source = target.blob(Method::GET, &path(*from)).into_request().uri().to_string();
            target
                .blob(Method::PUT, &path(*to))
                .header("x-ms-copy-source", &source)
                .send()
                .await
        }
        Step::Delete(name) => target.blob(Method::DELETE, &path(*name)).send().await,
        Step::Empty => {
            target
                .blob(Method::DELETE, "/box")
                .query("restype", "container")
                .send()
                .await;
            target
                .blob(Method::PUT, "/box")
                .query("restype", "container")
                .send()
                .await
        }
        Step::Send(size) => {
            target
                .queue(Method::POST, "/work/messages")
                .message(&text(*size))
                .send()
                .await
        }
        Step::Receive => target.queue(Method::GET, "/work/messages").send().await,
        Step::Reopen => target.get("/box/one").await,
    }
}

/// What a client sees, without the ids and dates that differ by design when an emulator is opened anew.
async fn view(target: &Target) -> Vec<(u16, String)> {
    let mut seen = Vec::new();
    for name in NAMES {
        let path = format!("/box/{name}");
        let got = target.get(&path).await;
        seen.push((
            got.status,
            if got.status == 200 {
                got.text()
            } else {
                got.code().to_owned()
            },
        ));
        let blocks = target
            .blob(Method::GET, &path)
            .query("comp", "blocklist")
            .query("blocklisttype", "all")
            .send()
            .await;
        seen.push((
            blocks.status,
            blocks.all("Name").join(",") + &blocks.all("Size").join(","),
        ));
    }
    let peek = target
        .queue(Method::GET, "/work/messages")
        .query("peekonly", "true")
        .query("numofmessages", "32");
    seen.push((200, peek.send().await.all("MessageText").join("|")));
    seen
}

fn emulator(folder: Option<&Path>) -> Target {
    let (clock, _) = Clock::manual("2026-11-21T10:00:00Z".parse().unwrap());
    let builder = Emulator::builder().clock(clock).rng(Rng::seeded(3));
    Target::of(
        folder
            .map_or(builder.clone(), |folder| builder.folder(folder))
            .build()
            .unwrap(),
    )
}

async fn prepare(target: &Target) {
    target
        .blob(Method::PUT, "/box")
        .query("restype", "container")
        .send()
        .await
        .expect(201);
    target.queue(Method::PUT, "/work").send().await.expect(201);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_folder_tells_what_memory_tells(steps in proptest::collection::vec(step(), 1..30)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let (memory, mut stored) = (emulator(None), emulator(Some(folder.path())));
            prepare(&memory).await;
            prepare(&stored).await;
            for (number, step) in steps.iter().enumerate() {
                let (first, second) = (perform(&memory, step, number).await, perform(&stored, step, number).await);
                prop_assert_eq!((first.status, first.code()), (second.status, second.code()), "{:?}", step);
                if let Step::Reopen = step {
                    drop(stored);
                    stored = emulator(Some(folder.path()));
                }
            }
            prop_assert_eq!(view(&memory).await, view(&stored).await);
            let before = std::fs::read_dir(folder.path().join("content")).unwrap().count();
            drop(stored);
            let stored = emulator(Some(folder.path()));
            prop_assert_eq!(view(&memory).await, view(&stored).await);
            // Opening removes files that nothing refers to: there were none.
            prop_assert_eq!(std::fs::read_dir(folder.path().join("content")).unwrap().count(), before);
            Ok(())
        })?;
    }

    #[test]
    fn the_same_seed_and_clock_give_the_same_answers(steps in proptest::collection::vec(step(), 1..15)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let (first, second) = (emulator(None), emulator(None));
            prepare(&first).await;
            prepare(&second).await;
            for (number, step) in steps.iter().enumerate() {
                let (first, second) = (perform(&first, step, number).await, perform(&second, step, number).await);
                prop_assert_eq!((first.status, first.headers, first.body), (second.status, second.headers, second.body));
            }
            Ok(())
        })?;
    }
}
