use http::Method;

use crate::wire::{Call, Target, unique};

fn list<'t>(target: &'t Target, container: &str) -> Call<'t> {
    target
        .blob(Method::GET, &format!("/{container}"))
        .query("restype", "container")
        .query("comp", "list")
}

pub(super) async fn prefix_and_delimiter(target: &Target) {
    let name = target.container().await;
    for blob in ["a", "b/1", "b/2/x", "b/2/y", "b/3", "c/1", "d"] {
        target.put(&format!("/{name}/{blob}"), "").await;
    }
    let top = list(target, &name).query("delimiter", "/").send().await.expect(200);
    let prefixes = |text: String| -> Vec<String> {
        text.split("<BlobPrefix><Name>")
            .skip(1)
            .map(|part| part.split('<').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(prefixes(top.text()), ["b/", "c/"]);
    assert_eq!(top.all("Blob").len(), 2);
    let below = list(target, &name)
        .query("delimiter", "/")
        .query("prefix", "b/")
        .send()
        .await
        .expect(200);
    assert_eq!(prefixes(below.text()), ["b/2/"]);
    assert_eq!(below.all("Blob").len(), 2);
    let flat = list(target, &name).query("prefix", "b/").send().await.expect(200);
    assert_eq!(flat.all("Name"), ["b/1", "b/2/x", "b/2/y", "b/3"]);
    assert_eq!(
        list(target, &name)
            .query("prefix", "zzz")
            .send()
            .await
            .expect(200)
            .all("Name")
            .len(),
        0
    );
}

pub(super) async fn pages(target: &Target) {
    let name = target.container().await;
    let all: Vec<String> = (0..7).map(|number| format!("blob-{number}")).collect();
    for blob in &all {
        target.put(&format!("/{name}/{blob}"), "").await;
    }
    let mut seen = Vec::new();
    let mut marker = String::new();
    let mut pages = 0;
    loop {
        let mut call = list(target, &name).query("maxresults", "3");
        if !marker.is_empty() {
            call = call.query("marker", &marker);
        }
        let page = call.send().await.expect(200);
        assert!(page.all("Name").len() <= 3);
        seen.extend(page.all("Name"));
        pages += 1;
        marker = page.all("NextMarker").pop().unwrap_or_default();
        if marker.is_empty() {
            break;
        }
    }
    assert_eq!((seen, pages), (all, 3));
}

pub(super) async fn what_to_include(target: &Target) {
    let name = target.container().await;
    let path = format!("/{name}/blob");
    let put = target
        .blob(Method::PUT, &path)
        .put_blob("12345")
        .header("x-ms-meta-colour", "red");
    let etag = put.send().await.expect(201).header("etag").to_owned();
    let plain = list(target, &name).send().await.expect(200);
    assert_eq!(
        (plain.one("Content-Length"), plain.one("BlobType")),
        ("5".into(), "BlockBlob".into())
    );
    assert_eq!(
        format!("\"{}\"", plain.one("Etag")),
        etag,
        "the list leaves out the quotes"
    );
    assert_eq!(
        (plain.one("LeaseState"), plain.all("colour").len()),
        ("available".into(), 0)
    );
    let more = list(target, &name)
        .query("include", "metadata,copy")
        .send()
        .await
        .expect(200);
    assert_eq!(more.one("colour"), "red");
}

pub(super) async fn lists_of_containers_and_queues(target: &Target) {
    let prefix = unique("list");
    for number in 0..3 {
        let container = target
            .blob(Method::PUT, &format!("/{prefix}-{number}"))
            .query("restype", "container");
        container.header("x-ms-meta-number", "n").send().await.expect(201);
        let queue = target.queue(Method::PUT, &format!("/{prefix}-{number}"));
        queue.header("x-ms-meta-number", "n").send().await.expect(201);
    }
    for service in [storage_emulator::Service::Blob, storage_emulator::Service::Queue] {
        let list = || {
            target
                .call(service, Method::GET, "/")
                .query("comp", "list")
                .query("prefix", &prefix)
        };
        let first = list()
            .query("maxresults", "2")
            .query("include", "metadata")
            .send()
            .await
            .expect(200);
        assert_eq!(first.all("Name"), [format!("{prefix}-0"), format!("{prefix}-1")]);
        assert_eq!(first.all("number"), ["n", "n"]);
        let second = list()
            .query("marker", &first.one("NextMarker"))
            .send()
            .await
            .expect(200);
        assert_eq!(
            (second.all("Name"), second.all("number").len()),
            (vec![format!("{prefix}-2")], 0)
        );
    }
}

pub(super) async fn wrong_list_parameters(target: &Target) {
    let name = target.container().await;
    let zero = list(target, &name).query("maxresults", "0").send().await;
    zero.wrong_input(target, "OutOfRangeQueryParameterValue");
    if !target.is_azurite {
        list(target, &name)
            .query("maxresults", "many")
            .send()
            .await
            .refused(400, "InvalidQueryParameterValue");
        list(target, &name)
            .query("marker", "!?")
            .send()
            .await
            .refused(400, "InvalidMarker");
    }
    list(target, &name)
        .query("maxresults", "100000")
        .send()
        .await
        .expect(200);
}
