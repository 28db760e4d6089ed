use http::Method;

use crate::signing::rfc1123;
use crate::wire::Target;

pub(super) async fn reads_under_conditions(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let etag = target.put(&path, "text").await;
    for method in [Method::GET, Method::HEAD] {
        let read = |header: &'static str, value: &str| target.blob(method.clone(), &path).header(header, value).send();
        read("if-match", &etag).await.expect(200);
        read("if-match", "*").await.expect(200);
        read("if-match", "\"0x1\"").await.refused(412, "ConditionNotMet");
        read("if-none-match", "\"0x1\"").await.expect(200);
        let known = read("if-none-match", &etag).await;
        assert!(known.body.is_empty());
        known.refused(304, "ConditionNotMet");
    }
    let missing = |header: &'static str, value: &str| {
        target
            .blob(Method::GET, &format!("{path}-none"))
            .header(header, value)
            .send()
    };
    missing("if-match", &etag).await.refused(412, "ConditionNotMet");
    missing("if-none-match", &etag).await.refused(404, "BlobNotFound");
    target
        .blob(Method::GET, &path)
        .header("if-none-match", "*")
        .send()
        .await
        .refused(400, "UnsatisfiableCondition");
}

pub(super) async fn writes_under_conditions(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let first = target.put(&path, "one").await;
    let put = |header: &'static str, value: &str| {
        target
            .blob(Method::PUT, &path)
            .put_blob("two")
            .header(header, value)
            .send()
    };
    put("if-match", &first).await.expect(201);
    put("if-match", &first).await.refused(412, "ConditionNotMet");
    put("if-none-match", "*").await.refused(409, "BlobAlreadyExists");
    let second = target.get(&path).await.header("etag").to_owned();
    put("if-none-match", &second).await.refused(412, "ConditionNotMet");
    for comp in ["metadata", "properties"] {
        let call = || target.blob(Method::PUT, &path).query("comp", comp);
        call()
            .header("if-match", &first)
            .send()
            .await
            .refused(412, "ConditionNotMet");
        call().header("if-match", "*").send().await.expect(200);
    }
    let list = || {
        target
            .blob(Method::PUT, &path)
            .query("comp", "blocklist")
            .body("<BlockList></BlockList>")
    };
    list()
        .header("if-match", &first)
        .send()
        .await
        .refused(412, "ConditionNotMet");
    list()
        .header("if-none-match", "*")
        .send()
        .await
        .refused(409, "BlobAlreadyExists");
    let delete = || target.blob(Method::DELETE, &path);
    delete()
        .header("if-match", &first)
        .send()
        .await
        .refused(412, "ConditionNotMet");
    let now = target.get(&path).await.header("etag").to_owned();
    delete().header("if-match", &now).send().await.expect(202);
}

pub(super) async fn creation_under_conditions(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let put = |header: &'static str, value: &'static str| {
        target
            .blob(Method::PUT, &path)
            .put_blob("x")
            .header(header, value)
            .send()
    };
    put("if-match", "\"0x1\"").await.refused(412, "ConditionNotMet");
    put("if-match", "*").await.refused(412, "ConditionNotMet");
    target.get(&path).await.refused(404, "BlobNotFound");
    put("if-none-match", "*").await.expect(201);
    put("if-none-match", "*").await.refused(409, "BlobAlreadyExists");
}

pub(super) async fn dates_as_conditions(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    target.put(&path, "text").await;
    let modified = target.get(&path).await.header("last-modified").to_owned();
    let read = |header: &'static str, value: &str| target.blob(Method::GET, &path).header(header, value).send();
    let (before, after) = (rfc1123(-3600), rfc1123(3600));
    read("if-modified-since", &before).await.expect(200);
    read("if-modified-since", &modified)
        .await
        .refused(304, "ConditionNotMet");
    read("if-unmodified-since", &after).await.expect(200);
    read("if-unmodified-since", &modified).await.expect(200);
    read("if-unmodified-since", &before)
        .await
        .refused(412, "ConditionNotMet");
    let put = |header: &'static str, value: &str| {
        target
            .blob(Method::PUT, &path)
            .put_blob("new")
            .header(header, value)
            .send()
    };
    put("if-modified-since", &after).await.refused(412, "ConditionNotMet");
    put("if-unmodified-since", &before)
        .await
        .refused(412, "ConditionNotMet");
    put("if-unmodified-since", &after).await.expect(201);
}

pub(super) async fn conditions_together(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let etag = target.put(&path, "text").await;
    let (before, after) = (rfc1123(-3600), rfc1123(3600));
    // A read goes on if either sees news; a write listens to the ETag.
    let read = |tag: &str, date: &str| {
        let call = target
            .blob(Method::GET, &path)
            .header("if-none-match", tag)
            .header("if-modified-since", date);
        call.send()
    };
    read(&etag, &after).await.refused(304, "ConditionNotMet");
    read(&etag, &before).await.expect(200);
    read("\"0x1\"", &after).await.expect(200);
    let put = |tag: &str, name: &'static str, date: &str| {
        target
            .blob(Method::PUT, &path)
            .header("if-match", tag)
            .header(name, date)
            .put_blob("text")
            .send()
    };
    put("\"0x1\"", "if-unmodified-since", &after)
        .await
        .refused(412, "ConditionNotMet");
    put(&etag, "if-unmodified-since", &before).await.expect(201);
    put("*", "if-modified-since", &before)
        .await
        .refused(400, "MultipleConditionHeadersNotSupported");
}
