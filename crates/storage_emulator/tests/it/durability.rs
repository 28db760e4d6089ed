//! A folder survives its process, however that ends.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use determinism::Clock;
use http::Method;
use storage_emulator::{Emulator, FolderError};

use crate::wire::{Call, Target};

fn open(folder: &Path) -> Target {
    Target::of(Emulator::builder().folder(folder).build().unwrap())
}

fn content_files(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("content")).unwrap().count()
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (small, large) = ("text".to_owned(), "large ".repeat(10_000));
    let etag;
    {
        let target = open(folder.path());
        let create = target
            .blob(Method::PUT, "/box")
            .query("restype", "container")
            .header("x-ms-blob-public-access", "blob");
        create.send().await.expect(201);
        target.put("/box/small", &small).await;
        etag = target.put("/box/large", &large).await;
        let block = target
            .blob(Method::PUT, "/box/large")
            .query("comp", "block")
            .query("blockid", "AAAA");
        block.body(large.clone()).send().await.expect(201);
        target
            .blob(Method::PUT, "/box/log")
            .header("x-ms-blob-type", "AppendBlob")
            .send()
            .await
            .expect(201);
        for _ in 0..3 {
            let append = target
                .blob(Method::PUT, "/box/log")
                .query("comp", "appendblock")
                .body("x".repeat(40_000));
            append.send().await.expect(201);
        }
        target.queue(Method::PUT, "/work").send().await.expect(201);
        for text in ["one", "two"] {
            target
                .queue(Method::POST, "/work/messages")
                .message(text)
                .send()
                .await
                .expect(201);
        }
        let one = target
            .queue(Method::GET, "/work/messages")
            .query("visibilitytimeout", "600")
            .send()
            .await;
        assert_eq!(one.one("MessageText"), "one");
    }
    let target = open(folder.path());
    assert_eq!(
        target
            .blob(Method::GET, "/box/small")
            .anonymous()
            .send()
            .await
            .expect(200)
            .text(),
        small
    );
    let got = target.get("/box/large").await.expect(200);
    assert!(got.text() == large && got.header("etag") == etag);
    assert_eq!(target.get("/box/log").await.body.len(), 120_000);
    let commit = target.blob(Method::PUT, "/box/large").query("comp", "blocklist");
    commit
        .body("<BlockList><Latest>AAAA</Latest></BlockList>")
        .send()
        .await
        .expect(201);
    assert!(target.get("/box/large").await.text() == large);
    assert_eq!(
        target
            .queue(Method::GET, "/work/messages")
            .send()
            .await
            .one("MessageText"),
        "two"
    );
}

#[tokio::test]
async fn the_folder_does_not_grow_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let target = open(folder.path());
    target
        .blob(Method::PUT, "/box")
        .query("restype", "container")
        .send()
        .await
        .expect(201);
    let body = "x".repeat(15_000);
    let large = "x".repeat(20_000);
    for _ in 0..1_000 {
        target.put("/box/small", &body).await;
    }
    for _ in 0..20 {
        target.put("/box/large", &large).await;
    }
    let length = std::fs::metadata(folder.path().join("journal.jsonl")).unwrap().len();
    assert!(length < 9 << 20, "{length} bytes of journal for one blob");
    assert_eq!(content_files(folder.path()), 1);
    target
        .blob(Method::DELETE, "/box")
        .query("restype", "container")
        .send()
        .await
        .expect(202);
    assert_eq!(content_files(folder.path()), 0);
}

#[tokio::test]
async fn blocks_that_nobody_listed_are_gone_after_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, hands) = Clock::manual("2026-11-21T10:00:00Z".parse().unwrap());
    let open = || {
        Target::of(
            Emulator::builder()
                .clock(clock.clone())
                .folder(folder.path())
                .build()
                .unwrap(),
        )
    };
    {
        let target = open();
        target
            .blob(Method::PUT, "/box")
            .query("restype", "container")
            .send()
            .await
            .expect(201);
        let block = target
            .blob(Method::PUT, "/box/blob")
            .query("comp", "block")
            .query("blockid", "AAAA");
        block.body("z".repeat(50_000)).send().await.expect(201);
    }
    async fn status(target: &Target) -> u16 {
        let list = target
            .blob(Method::GET, "/box/blob")
            .query("comp", "blocklist")
            .query("blocklisttype", "all");
        list.send().await.status
    }
    hands.advance(Duration::from_secs(6 * 24 * 3600));
    {
        let target = open();
        assert_eq!((status(&target).await, content_files(folder.path())), (200, 1));
    }
    hands.advance(Duration::from_secs(2 * 24 * 3600));
    let target = open();
    assert_eq!((status(&target).await, content_files(folder.path())), (404, 0));
}

#[tokio::test]
async fn files_are_removed_only_when_no_blob_shares_them() {
    let folder = tempfile::tempdir().unwrap();
    let target = open(folder.path());
    target
        .blob(Method::PUT, "/box")
        .query("restype", "container")
        .send()
        .await
        .expect(201);
    let body = "y".repeat(50_000);
    target.put("/box/one", &body).await;
    let source = target.blob(Method::GET, "/box/one").into_request().uri().to_string();
    target
        .blob(Method::PUT, "/box/two")
        .header("x-ms-copy-source", &source)
        .send()
        .await
        .expect(202);
    target.blob(Method::DELETE, "/box/one").send().await.expect(202);
    assert!(target.get("/box/two").await.text() == body);
    let refused = target
        .blob(Method::PUT, "/box/two")
        .put_blob(&body)
        .header("if-none-match", "*")
        .send()
        .await;
    refused.refused(409, "BlobAlreadyExists");
    assert_eq!(content_files(folder.path()), 1, "a refused write leaves nothing behind");
}

#[tokio::test]
async fn a_torn_last_line_is_dropped_and_a_damaged_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).queue(Method::PUT, "/work").send().await.expect(201);
    let journal = folder.path().join("journal.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{whole}{{\"queue\":{{\"acc")).unwrap();
    {
        let target = open(folder.path());
        target.queue(Method::PUT, "/work").send().await.expect(204);
        target.queue(Method::PUT, "/more").send().await.expect(201);
    }
    open(folder.path()).queue(Method::PUT, "/more").send().await.expect(204);
    std::fs::write(&journal, format!("{{\"format\":1}}\nnonsense\n{whole}")).unwrap();
    let error = Emulator::builder().folder(folder.path()).build().unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
    std::fs::write(&journal, "{\"format\":99}\n").unwrap();
    assert!(
        Emulator::builder()
            .folder(folder.path())
            .build()
            .unwrap_err()
            .to_string()
            .contains("format 99")
    );
}

#[test]
fn a_folder_has_one_emulator() {
    let folder = tempfile::tempdir().unwrap();
    let first = Emulator::builder().folder(folder.path()).build().unwrap();
    let second = Emulator::builder().folder(folder.path()).build().unwrap_err();
    let storage_emulator::BuildError::Folder(FolderError::InUse { .. }) = second else {
        panic!("{second}")
    };
    drop(first);
    Emulator::builder().folder(folder.path()).build().unwrap();
}

/// The program in a process of its own, killed when dropped.
struct Program {
    child: Child,
    blob: String,
    queue: String,
}

impl Program {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_storage_emulator"))
            .args(["--blob-port", "0", "--queue-port", "0", "--folder"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |name: &str| {
            let line = lines.next().unwrap().unwrap();
            format!("{}/devstoreaccount1", line.strip_prefix(name).unwrap().trim())
        };
        let (blob, queue) = (address("Blob service"), address("Queue service"));
        Self { child, blob, queue }
    }

    fn target(&self) -> Target {
        Target::at(self.blob.clone(), self.queue.clone())
    }

    /// SIGKILL on Unix.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn acknowledged(call: Call<'_>) -> bool {
    call.try_send().await.is_some_and(|reply| reply.status == 201)
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_in_the_middle_of_the_load() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let target = Arc::new(program.target());
    target
        .blob(Method::PUT, "/box")
        .query("restype", "container")
        .send()
        .await
        .expect(201);
    target.queue(Method::PUT, "/work").send().await.expect(201);
    let (stop, kept) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(Mutex::new(Vec::<String>::new())),
    );
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (target, stop, kept) = (Arc::clone(&target), Arc::clone(&stop), Arc::clone(&kept));
        writers.spawn(async move {
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let name = format!("w{writer}-{number}");
                let body = format!("{name} ").repeat(if number % 3 == 0 { 4_000 } else { 4 });
                let stored = acknowledged(target.blob(Method::PUT, &format!("/box/{name}")).put_blob(&body)).await
                    && acknowledged(target.queue(Method::POST, "/work/messages").message(&name)).await;
                if !stored {
                    return;
                }
                kept.lock().unwrap().push(name);
            }
        });
    }
    while kept.lock().unwrap().len() < 300 {
        tokio::task::yield_now().await;
    }
    program.kill();
    stop.store(true, Ordering::Relaxed);
    writers.join_all().await;
    let kept = std::mem::take(&mut *kept.lock().unwrap());

    let program = Program::start(folder.path());
    let target = program.target();
    for name in &kept {
        let got = target.get(&format!("/box/{name}")).await.expect(200).text();
        assert!(got.starts_with(&format!("{name} ")) && got.ends_with(&format!("{name} ")));
    }
    let mut messages = Vec::new();
    loop {
        let page = target
            .queue(Method::GET, "/work/messages")
            .query("numofmessages", "32")
            .send()
            .await
            .expect(200);
        if page.all("MessageText").is_empty() {
            break;
        }
        messages.extend(page.all("MessageText"));
    }
    for name in &kept {
        assert_eq!(messages.iter().filter(|text| *text == name).count(), 1, "{name}");
    }
    program.kill();
}
