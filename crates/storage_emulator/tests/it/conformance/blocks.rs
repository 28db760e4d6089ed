use http::Method;

use crate::wire::{Call, Target};

const A: &str = "AAAA";
const B: &str = "BBBB";

fn block<'t>(target: &'t Target, path: &str, id: &str, body: &str) -> Call<'t> {
    target
        .blob(Method::PUT, path)
        .query("comp", "block")
        .query("blockid", id)
        .body(body.to_owned())
}

fn commit<'t>(target: &'t Target, path: &str, list: &str) -> Call<'t> {
    let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{list}</BlockList>");
    target.blob(Method::PUT, path).query("comp", "blocklist").body(body)
}

pub(super) async fn blocks_become_a_blob(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let large = "x".repeat(100_000);
    block(target, &path, B, "second").send().await.expect(201);
    block(target, &path, A, &large).send().await.expect(201);
    let list = format!("<Latest>{A}</Latest><Uncommitted>{B}</Uncommitted><Latest>{B}</Latest>");
    let done = commit(target, &path, &list)
        .header("x-ms-blob-content-type", "text/plain")
        .send()
        .await
        .expect(201);
    let got = target.get(&path).await.expect(200);
    assert!(got.text() == format!("{large}secondsecond"));
    assert_eq!(
        (got.header("etag"), got.header("content-type")),
        (done.header("etag"), "text/plain")
    );
    let across = target
        .blob(Method::GET, &path)
        .header("range", "bytes=99999-100003")
        .send()
        .await
        .expect(206);
    assert_eq!(across.text(), "xseco");
}

pub(super) async fn block_lists_are_checked(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    block(target, &path, A, "a").send().await.expect(201);
    commit(target, &path, &format!("<Latest>{B}</Latest>"))
        .send()
        .await
        .refused(400, "InvalidBlockList");
    commit(target, &path, &format!("<Committed>{A}</Committed>"))
        .send()
        .await
        .refused(400, "InvalidBlockList");
    block(target, &path, "AAAAAAAA", "b")
        .send()
        .await
        .refused(400, "InvalidBlobOrBlock");
    block(target, &path, "not base64!", "b")
        .send()
        .await
        .refused(400, "InvalidQueryParameterValue");
    let broken = target
        .blob(Method::PUT, &path)
        .query("comp", "blocklist")
        .body("<BlockList><Latest>");
    let broken = broken.send().await;
    assert_eq!(broken.status, 400, "{}", broken.text());
}

pub(super) async fn blocks_wait_unseen_until_listed(target: &Target) {
    let name = target.container().await;
    let path = format!("/{name}/blob");
    block(target, &path, A, "one").send().await.expect(201);
    target.get(&path).await.refused(404, "BlobNotFound");
    let list = || {
        target
            .blob(Method::GET, &format!("/{name}"))
            .query("restype", "container")
            .query("comp", "list")
    };
    assert_eq!(list().send().await.expect(200).all("Name").len(), 0);
    assert_eq!(
        list()
            .query("include", "uncommittedblobs")
            .send()
            .await
            .expect(200)
            .all("Name"),
        ["blob"]
    );
    let waiting = target
        .blob(Method::GET, &path)
        .query("comp", "blocklist")
        .query("blocklisttype", "all");
    let waiting = waiting.send().await.expect(200);
    assert_eq!(
        (waiting.all("Name"), waiting.all("Size")),
        (vec![A.to_owned()], vec!["3".to_owned()])
    );
    target.put(&path, "whole").await;
    let list = format!("<Uncommitted>{A}</Uncommitted>");
    let stale = commit(target, &path, &list).send().await;
    if target.is_azurite {
        // It keeps blocks that a Put Blob should have discarded.
        stale.expect(201);
    } else {
        stale.refused(400, "InvalidBlockList");
        assert_eq!(target.get(&path).await.text(), "whole");
    }
}

pub(super) async fn committed_blocks_can_be_kept(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    block(target, &path, A, "one").send().await.expect(201);
    commit(target, &path, &format!("<Latest>{A}</Latest>"))
        .send()
        .await
        .expect(201);
    block(target, &path, B, "two").send().await.expect(201);
    let lists = target
        .blob(Method::GET, &path)
        .query("comp", "blocklist")
        .query("blocklisttype", "all");
    let lists = lists.send().await.expect(200).text();
    let (committed, waiting) = lists.split_once("<UncommittedBlocks>").unwrap();
    assert!(
        committed.contains(A) && !committed.contains(B) && waiting.contains(B),
        "{lists}"
    );
    commit(
        target,
        &path,
        &format!("<Uncommitted>{B}</Uncommitted><Committed>{A}</Committed>"),
    )
    .send()
    .await
    .expect(201);
    assert_eq!(target.get(&path).await.text(), "twoone");
}
