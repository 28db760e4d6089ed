use http::Method;

use crate::wire::{Call, Target};

async fn create(target: &Target) -> String {
    let path = format!("/{}/log", target.container().await);
    target
        .blob(Method::PUT, &path)
        .header("x-ms-blob-type", "AppendBlob")
        .send()
        .await
        .expect(201);
    path
}

fn append<'t>(target: &'t Target, path: &str, body: &str) -> Call<'t> {
    target
        .blob(Method::PUT, path)
        .query("comp", "appendblock")
        .body(body.to_owned())
}

pub(super) async fn appending(target: &Target) {
    let path = create(target).await;
    let first = append(target, &path, "one ").send().await.expect(201);
    assert_eq!(first.header("x-ms-blob-append-offset"), "0");
    let second = append(target, &path, "two").send().await.expect(201);
    assert_eq!(
        (
            second.header("x-ms-blob-append-offset"),
            second.header("x-ms-blob-committed-block-count")
        ),
        ("4", "2")
    );
    assert_ne!(first.header("etag"), second.header("etag"));
    let got = target.get(&path).await.expect(200);
    assert_eq!(
        (got.text().as_str(), got.header("x-ms-blob-type")),
        ("one two", "AppendBlob")
    );
    let mut expected = got.text();
    // Past the sizes where the emulator moves the tail to a file.
    for number in 0..12 {
        let line = format!("{number} ").repeat(5_000);
        append(target, &path, &line).send().await.expect(201);
        expected += &line;
    }
    assert!(target.get(&path).await.text() == expected);
}

pub(super) async fn append_conditions(target: &Target) {
    let path = create(target).await;
    append(target, &path, "12345")
        .header("x-ms-blob-condition-appendpos", "0")
        .send()
        .await
        .expect(201);
    let stale = append(target, &path, "x")
        .header("x-ms-blob-condition-appendpos", "0")
        .send()
        .await;
    stale.refused(412, "AppendPositionConditionNotMet");
    append(target, &path, "67")
        .header("x-ms-blob-condition-maxsize", "7")
        .send()
        .await
        .expect(201);
    let full = append(target, &path, "8")
        .header("x-ms-blob-condition-maxsize", "7")
        .send()
        .await;
    full.refused(412, "MaxBlobSizeConditionNotMet");
    append(target, &path, "x")
        .header("if-match", "\"0x1\"")
        .send()
        .await
        .refused(412, "ConditionNotMet");
    assert_eq!(target.get(&path).await.text(), "1234567");
}

pub(super) async fn append_only_to_append_blobs(target: &Target) {
    let path = create(target).await;
    append(target, &format!("{path}-none"), "x")
        .send()
        .await
        .refused(404, "BlobNotFound");
    let block = target
        .blob(Method::PUT, &path)
        .query("comp", "block")
        .query("blockid", "AAAA")
        .body("x")
        .send()
        .await;
    block.refused(409, "InvalidBlobType");
    target.put(&format!("{path}-block"), "x").await;
    append(target, &format!("{path}-block"), "x")
        .send()
        .await
        .refused(409, "InvalidBlobType");
    append(target, &path, "")
        .send()
        .await
        .expect(target.or_azurite(400, 400));
    // Creating it again empties it, unless the creation is conditional.
    append(target, &path, "text").send().await.expect(201);
    let create = || target.blob(Method::PUT, &path).header("x-ms-blob-type", "AppendBlob");
    create()
        .header("if-none-match", "*")
        .send()
        .await
        .refused(409, "BlobAlreadyExists");
    create().send().await.expect(201);
    assert_eq!(target.get(&path).await.text(), "");
}
