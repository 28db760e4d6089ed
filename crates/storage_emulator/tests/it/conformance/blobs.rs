use http::Method;

use crate::wire::Target;

pub(super) async fn blobs_come_back_as_they_went(target: &Target) {
    let name = target.container().await;
    for (blob, size) in [
        ("empty", 0),
        ("small", 5),
        ("inline", 16 << 10),
        ("file", (16 << 10) + 1),
        ("large", 3 << 20),
    ] {
        let body: String = (0..size).map(|at: u32| char::from(b'a' + (at % 23) as u8)).collect();
        let path = format!("/{name}/{blob}");
        let put = target
            .blob(Method::PUT, &path)
            .put_blob(&body)
            .header("content-type", "text/plain")
            .send()
            .await
            .expect(201);
        let got = target.get(&path).await.expect(200);
        assert!(got.body == body.as_bytes(), "{blob}");
        assert_eq!(got.header("etag"), put.header("etag"));
        assert_eq!(got.header("content-length"), size.to_string());
        assert_eq!(
            (got.header("content-type"), got.header("x-ms-blob-type")),
            ("text/plain", "BlockBlob")
        );
        let head = target.blob(Method::HEAD, &path).send().await.expect(200);
        assert_eq!(
            (head.header("content-length"), head.body.len()),
            (size.to_string().as_str(), 0)
        );
    }
    let deleted = format!("/{name}/small");
    target.blob(Method::DELETE, &deleted).send().await.expect(202);
    target.get(&deleted).await.refused(404, "BlobNotFound");
    target
        .blob(Method::DELETE, &deleted)
        .send()
        .await
        .refused(404, "BlobNotFound");
    let head = target.blob(Method::HEAD, &deleted).send().await;
    head.refused(404, "BlobNotFound");
    let missing = target.blob(Method::PUT, &deleted).body("x").send().await;
    missing.wrong_input(target, "MissingRequiredHeader");
}

pub(super) async fn names_may_hold_anything(target: &Target) {
    let name = target.container().await;
    for blob in [
        "a/b/c.json",
        "with space",
        "plus+and&more",
        "ümläut/日本",
        "percent%20",
        "quo'te\"",
        "a=b;c,d",
    ] {
        let path = format!("/{name}/{blob}");
        target.put(&path, blob).await;
        assert_eq!(target.get(&path).await.expect(200).text(), blob);
    }
    let list = target
        .blob(Method::GET, &format!("/{name}"))
        .query("restype", "container")
        .query("comp", "list");
    let names = list.send().await.expect(200).all("Name");
    assert_eq!(names.len(), 7);
    assert!(names.contains(&"plus+and&amp;more".to_owned()), "{names:?}");
}

pub(super) async fn ranges(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    target.put(&path, "0123456789").await;
    let range =
        |header: &'static str, value: &'static str| target.blob(Method::GET, &path).header(header, value).send();
    let part = range("range", "bytes=2-4").await.expect(206);
    assert_eq!(
        (part.text().as_str(), part.header("content-range")),
        ("234", "bytes 2-4/10")
    );
    assert_eq!(part.header("content-length"), "3");
    assert_eq!(range("x-ms-range", "bytes=7-").await.expect(206).text(), "789");
    assert_eq!(
        range("range", "bytes=8-99").await.expect(206).header("content-range"),
        "bytes 8-9/10"
    );
    range("range", "bytes=11-12").await.refused(416, "InvalidRange");
    if !target.is_azurite {
        // Azurite answers an empty 206 for a range that begins right at the end.
        let past = range("range", "bytes=10-12").await;
        assert_eq!(past.header("content-range"), "bytes */10");
        past.refused(416, "InvalidRange");
    }
    let empty = format!("{path}-empty");
    target.put(&empty, "").await;
    target
        .blob(Method::GET, &empty)
        .header("range", "bytes=0-9")
        .send()
        .await
        .refused(416, "InvalidRange");
}

pub(super) async fn properties_and_metadata(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let put = target
        .blob(Method::PUT, &path)
        .put_blob("{}")
        .header("x-ms-blob-content-type", "application/json")
        .header("x-ms-blob-cache-control", "no-store")
        .header("x-ms-blob-content-encoding", "identity")
        .header("x-ms-blob-content-language", "en")
        .header("x-ms-blob-content-disposition", "inline")
        .header("x-ms-meta-owner", "me");
    put.send().await.expect(201);
    let got = target.get(&path).await.expect(200);
    let headers = [
        "content-type",
        "cache-control",
        "content-encoding",
        "content-language",
        "content-disposition",
    ];
    assert_eq!(
        headers.map(|name| got.header(name)),
        ["application/json", "no-store", "identity", "en", "inline"]
    );
    assert_eq!(got.header("x-ms-meta-owner"), "me");
    let set = target
        .blob(Method::PUT, &path)
        .query("comp", "properties")
        .header("x-ms-blob-content-type", "text/css");
    set.send().await.expect(200);
    let changed = target.blob(Method::HEAD, &path).send().await.expect(200);
    assert_eq!(headers.map(|name| changed.header(name)), ["text/css", "", "", "", ""]);
    assert_eq!(changed.header("x-ms-meta-owner"), "me");
    target
        .blob(Method::PUT, &path)
        .query("comp", "metadata")
        .header("x-ms-meta-team", "us")
        .send()
        .await
        .expect(200);
    let metadata = target
        .blob(Method::GET, &path)
        .query("comp", "metadata")
        .send()
        .await
        .expect(200);
    assert_eq!(
        (metadata.header("x-ms-meta-owner"), metadata.header("x-ms-meta-team")),
        ("", "us")
    );
    let none = target
        .blob(Method::PUT, &format!("{path}-none"))
        .query("comp", "metadata")
        .send()
        .await;
    none.refused(404, "BlobNotFound");
}

pub(super) async fn hashes_are_checked(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let put = |md5: &'static str| {
        target
            .blob(Method::PUT, &path)
            .put_blob("hello")
            .header("content-md5", md5)
            .send()
    };
    assert_eq!(
        put("XUFAKrxLKna5cZ2REBfFkg==").await.expect(201).header("content-md5"),
        "XUFAKrxLKna5cZ2REBfFkg=="
    );
    put("1B2M2Y8AsgTpgAmY7PhCfg==").await.refused(400, "Md5Mismatch");
    put("short").await.refused(400, "InvalidMd5");
    assert_eq!(
        target.get(&path).await.expect(200).header("content-md5"),
        "XUFAKrxLKna5cZ2REBfFkg=="
    );
    let part = target.blob(Method::GET, &path).header("x-ms-range", "bytes=0-0");
    let part = part
        .header("x-ms-range-get-content-md5", "true")
        .send()
        .await
        .expect(206);
    assert_eq!(part.header("content-md5"), "JRDDkBHFvnBBgkI+OmlekQ==");
}

pub(super) async fn etags_change_with_every_write(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let mut seen = vec![target.put(&path, "same").await, target.put(&path, "same").await];
    for comp in ["metadata", "properties"] {
        seen.push(
            target
                .blob(Method::PUT, &path)
                .query("comp", comp)
                .send()
                .await
                .expect(200)
                .header("etag")
                .to_owned(),
        );
    }
    assert_eq!(seen.last().unwrap(), target.get(&path).await.header("etag"));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
}

pub(super) async fn copies(target: &Target) {
    let name = target.container().await;
    let (from, to) = (format!("/{name}/from"), format!("/{name}/a to"));
    let body = "copied ".repeat(10_000);
    target
        .blob(Method::PUT, &from)
        .put_blob(&body)
        .header("x-ms-meta-a", "1")
        .send()
        .await
        .expect(201);
    let source = target.blob(Method::GET, &from).into_request().uri().to_string();
    let copy = |source: &str| target.blob(Method::PUT, &to).header("x-ms-copy-source", source).send();
    let copied = copy(&source).await.expect(202);
    assert_eq!(copied.header("x-ms-copy-status"), "success");
    target.blob(Method::DELETE, &from).send().await.expect(202);
    let got = target.get(&to).await.expect(200);
    assert_eq!(
        (
            got.text() == body,
            got.header("x-ms-meta-a"),
            got.header("x-ms-copy-status")
        ),
        (true, "1", "success")
    );
    let missing = copy(&source).await;
    missing.refused(404, target.or_azurite("CannotVerifyCopySource", "BlobNotFound"));
}

pub(super) async fn unknown_operations_are_refused_by_name(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    target.put(&path, "x").await;
    if !target.is_azurite {
        // Azurite has snapshots; this emulator says that it has none.
        target
            .blob(Method::PUT, &path)
            .query("comp", "snapshot")
            .send()
            .await
            .refused(501, "NotImplemented");
        let page = target
            .blob(Method::PUT, &path)
            .header("x-ms-blob-type", "PageBlob")
            .send()
            .await;
        page.refused(501, "NotImplemented");
    }
    target
        .blob(Method::PUT, &path)
        .header("x-ms-blob-type", "CakeBlob")
        .send()
        .await
        .wrong_input(target, "InvalidHeaderValue");
}

pub(super) async fn every_answer_carries_the_services_headers(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let call = || {
        target
            .blob(Method::GET, &path)
            .header("x-ms-client-request-id", "invocation-7")
    };
    for reply in [call().send().await, call().anonymous().send().await] {
        // Azurite leaves the id out of refusals.
        assert_eq!(
            reply.header("x-ms-client-request-id"),
            target.or_azurite("invocation-7", "")
        );
        assert_eq!(reply.header("x-ms-request-id").len(), 36);
        assert!(reply.header("date").ends_with("GMT"));
    }
    let reply = call().send().await.refused(404, "BlobNotFound");
    assert_eq!(
        (reply.header("x-ms-version"), reply.header("content-type")),
        (target.or_azurite("2021-12-02", ""), "application/xml")
    );
    assert!(reply.one("Message").starts_with("The specified blob does not exist."));
    call()
        .header("x-ms-version", "yesterday")
        .send()
        .await
        .refused(400, "InvalidHeaderValue");
}
