use http::Method;

use crate::wire::{Target, unique};

pub(super) async fn containers_are_created_once(target: &Target) {
    let path = format!("/{}", unique("box"));
    let create = || target.blob(Method::PUT, &path).query("restype", "container");
    let created = create().send().await.expect(201);
    assert!(created.header("etag").starts_with("\"0x"));
    assert!(created.header("last-modified").ends_with("GMT"));
    create().send().await.refused(409, "ContainerAlreadyExists");
}

pub(super) async fn container_names_are_checked(target: &Target) {
    for name in ["Capital", "two--hyphens", "-first", "last-", "under_score"] {
        let reply = target
            .blob(Method::PUT, &format!("/{name}"))
            .query("restype", "container")
            .send()
            .await;
        reply.refused(400, "InvalidResourceName");
    }
    for name in ["ab", &"a".repeat(64)] {
        let reply = target
            .blob(Method::PUT, &format!("/{name}"))
            .query("restype", "container")
            .send()
            .await;
        reply.refused(400, target.or_azurite("OutOfRangeInput", "OutOfRangeInput"));
    }
}

pub(super) async fn metadata_of_containers(target: &Target) {
    let path = format!("/{}", unique("box"));
    let call = |method| target.blob(method, &path).query("restype", "container");
    call(Method::PUT)
        .header("x-ms-meta-colour", "green")
        .send()
        .await
        .expect(201);
    let first = call(Method::GET).send().await.expect(200);
    assert_eq!(first.header("x-ms-meta-colour"), "green");
    assert_eq!(
        (first.header("x-ms-lease-state"), first.header("x-ms-lease-status")),
        ("available", "unlocked")
    );
    call(Method::PUT)
        .query("comp", "metadata")
        .header("x-ms-meta-size", "big")
        .send()
        .await
        .expect(200);
    let second = call(Method::HEAD).query("comp", "metadata").send().await.expect(200);
    assert_eq!(
        (second.header("x-ms-meta-colour"), second.header("x-ms-meta-size")),
        ("", "big")
    );
    assert_ne!(first.header("etag"), second.header("etag"));
    let wrong = call(Method::PUT)
        .query("comp", "metadata")
        .header("x-ms-meta-1st", "x")
        .send()
        .await;
    wrong.refused(400, "InvalidMetadata");
}

pub(super) async fn deleted_containers_are_gone(target: &Target) {
    let name = target.container().await;
    target.put(&format!("/{name}/blob"), "text").await;
    let call = |method| target.blob(method, &format!("/{name}")).query("restype", "container");
    call(Method::DELETE).send().await.expect(202);
    call(Method::GET).send().await.refused(404, "ContainerNotFound");
    target
        .get(&format!("/{name}/blob"))
        .await
        .refused(404, "ContainerNotFound");
    call(Method::DELETE).send().await.refused(404, "ContainerNotFound");
    call(Method::PUT).send().await.expect(201);
    target.get(&format!("/{name}/blob")).await.refused(404, "BlobNotFound");
}

pub(super) async fn missing_containers(target: &Target) {
    let path = format!("/{}", unique("none"));
    let call = |method| target.blob(method, &path).query("restype", "container");
    call(Method::GET).send().await.refused(404, "ContainerNotFound");
    call(Method::GET)
        .query("comp", "list")
        .send()
        .await
        .refused(404, "ContainerNotFound");
    call(Method::PUT)
        .query("comp", "metadata")
        .send()
        .await
        .refused(404, "ContainerNotFound");
    let head = call(Method::HEAD).send().await;
    assert!(head.body.is_empty());
    head.refused(404, "ContainerNotFound");
    let put = target
        .blob(Method::PUT, &format!("{path}/blob"))
        .put_blob("x")
        .send()
        .await;
    put.refused(404, "ContainerNotFound");
}

pub(super) async fn public_access_and_policies(target: &Target) {
    let name = target.container().await;
    let acl = |method| {
        target
            .blob(method, &format!("/{name}"))
            .query("restype", "container")
            .query("comp", "acl")
    };
    let policies = "<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers><SignedIdentifier><Id>reader</Id>\
        <AccessPolicy><Start>2026-01-01T00:00:00.0000000Z</Start><Expiry>2099-01-01T00:00:00.0000000Z</Expiry>\
        <Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>";
    acl(Method::PUT)
        .header("x-ms-blob-public-access", "blob")
        .body(policies)
        .send()
        .await
        .expect(200);
    let stored = acl(Method::GET).send().await.expect(200);
    assert_eq!(stored.header("x-ms-blob-public-access"), "blob");
    assert_eq!(
        (stored.one("Id"), stored.one("Permission")),
        ("reader".into(), "r".into())
    );
    acl(Method::PUT).send().await.expect(200);
    let cleared = acl(Method::GET).send().await.expect(200);
    assert_eq!(
        (cleared.header("x-ms-blob-public-access"), cleared.all("Id").len()),
        ("", 0)
    );
    let everybody = acl(Method::PUT)
        .header("x-ms-blob-public-access", "everybody")
        .send()
        .await;
    if !target.is_azurite {
        // Azurite takes any word.
        everybody.refused(400, "InvalidHeaderValue");
    }
}
