use http::Method;

use crate::wire::{Call, Reply, Target};

const A: &str = "11111111-1111-1111-1111-111111111111";
const B: &str = "22222222-2222-2222-2222-222222222222";

fn lease<'t>(target: &'t Target, path: &str, action: &str) -> Call<'t> {
    target
        .blob(Method::PUT, path)
        .query("comp", "lease")
        .header("x-ms-lease-action", action)
}

async fn acquire(target: &Target, path: &str, seconds: &str, id: &str) -> Reply {
    lease(target, path, "acquire")
        .header("x-ms-lease-duration", seconds)
        .header("x-ms-proposed-lease-id", id)
        .send()
        .await
}

pub(super) async fn a_leased_blob_needs_its_lease(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let etag = target.put(&path, "text").await;
    let got = acquire(target, &path, "15", A).await.expect(201);
    assert_eq!((got.header("x-ms-lease-id"), got.header("etag")), (A, etag.as_str()));
    let head = target.blob(Method::HEAD, &path).send().await.expect(200);
    let names = ["x-ms-lease-state", "x-ms-lease-status", "x-ms-lease-duration"];
    assert_eq!(names.map(|name| head.header(name)), ["leased", "locked", "fixed"]);
    acquire(target, &path, "15", B)
        .await
        .refused(409, "LeaseAlreadyPresent");
    let put = || target.blob(Method::PUT, &path).put_blob("new");
    put().send().await.refused(412, "LeaseIdMissing");
    put()
        .header("x-ms-lease-id", B)
        .send()
        .await
        .refused(412, "LeaseIdMismatchWithBlobOperation");
    put().header("x-ms-lease-id", A).send().await.expect(201);
    for comp in ["metadata", "properties"] {
        target
            .blob(Method::PUT, &path)
            .query("comp", comp)
            .send()
            .await
            .refused(412, "LeaseIdMissing");
    }
    target
        .blob(Method::DELETE, &path)
        .send()
        .await
        .refused(412, "LeaseIdMissing");
    let block = target
        .blob(Method::PUT, &path)
        .query("comp", "block")
        .query("blockid", "AAAA")
        .body("x")
        .send()
        .await;
    block.refused(412, "LeaseIdMissing");
    let read = target.blob(Method::GET, &path);
    read.header("x-ms-lease-id", B)
        .send()
        .await
        .refused(412, "LeaseIdMismatchWithBlobOperation");
    target.get(&path).await.expect(200);
    lease(target, &path, "renew")
        .header("x-ms-lease-id", A)
        .send()
        .await
        .expect(200);
    lease(target, &path, "renew")
        .header("x-ms-lease-id", B)
        .send()
        .await
        .refused(409, "LeaseIdMismatchWithLeaseOperation");
    lease(target, &path, "release")
        .header("x-ms-lease-id", B)
        .send()
        .await
        .refused(409, "LeaseIdMismatchWithLeaseOperation");
    lease(target, &path, "release")
        .header("x-ms-lease-id", A)
        .send()
        .await
        .expect(200);
    put()
        .header("x-ms-lease-id", A)
        .send()
        .await
        .refused(412, "LeaseNotPresentWithBlobOperation");
    put().send().await.expect(201);
}

pub(super) async fn lease_ids_and_durations_are_checked(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    acquire(target, &path, "15", A).await.refused(404, "BlobNotFound");
    target.put(&path, "text").await;
    for seconds in ["14", "61", "0", "-2", "soon"] {
        acquire(target, &path, seconds, A)
            .await
            .wrong_input(target, "InvalidHeaderValue");
    }
    if !target.is_azurite {
        // Azurite takes any text.
        acquire(target, &path, "15", "not-a-guid")
            .await
            .refused(400, "InvalidHeaderValue");
        lease(target, &path, "dance")
            .send()
            .await
            .refused(400, "InvalidHeaderValue");
    }
    let own = lease(target, &path, "acquire")
        .header("x-ms-lease-duration", "-1")
        .send()
        .await
        .expect(201);
    assert_eq!(own.header("x-ms-lease-id").len(), 36);
    let again = acquire(target, &path, "-1", own.header("x-ms-lease-id"))
        .await
        .expect(201);
    assert_eq!(again.header("x-ms-lease-id"), own.header("x-ms-lease-id"));
    assert_eq!(target.get(&path).await.header("x-ms-lease-duration"), "infinite");
}

pub(super) async fn breaking_and_changing(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    target.put(&path, "text").await;
    lease(target, &path, "break")
        .send()
        .await
        .refused(409, "LeaseNotPresentWithLeaseOperation");
    acquire(target, &path, "60", A).await.expect(201);
    let change = |from: &'static str, to: &'static str| {
        lease(target, &path, "change")
            .header("x-ms-lease-id", from)
            .header("x-ms-proposed-lease-id", to)
            .send()
    };
    assert_eq!(change(A, B).await.expect(200).header("x-ms-lease-id"), B);
    change(A, A).await.refused(409, "LeaseIdMismatchWithLeaseOperation");
    let broken = lease(target, &path, "break")
        .header("x-ms-lease-break-period", "30")
        .send()
        .await
        .expect(202);
    let wait: u32 = broken.header("x-ms-lease-time").parse().unwrap();
    assert!((29..=30).contains(&wait), "{wait}");
    assert_eq!(target.get(&path).await.header("x-ms-lease-state"), "breaking");
    acquire(target, &path, "15", B)
        .await
        .refused(409, "LeaseIsBreakingAndCannotBeAcquired");
    acquire(target, &path, "15", A)
        .await
        .refused(409, "LeaseAlreadyPresent");
    lease(target, &path, "renew")
        .header("x-ms-lease-id", B)
        .send()
        .await
        .refused(409, "LeaseIsBrokenAndCannotBeRenewed");
    change(B, A).await.refused(409, "LeaseIsBreakingAndCannotBeChanged");
    target
        .blob(Method::PUT, &path)
        .put_blob("new")
        .send()
        .await
        .refused(412, "LeaseIdMissing");
    let now = lease(target, &path, "break")
        .header("x-ms-lease-break-period", "0")
        .send()
        .await
        .expect(202);
    assert_eq!(now.header("x-ms-lease-time"), "0");
    assert_eq!(target.get(&path).await.header("x-ms-lease-state"), "broken");
    target.blob(Method::PUT, &path).put_blob("new").send().await.expect(201);
}

pub(super) async fn container_leases_guard_deletion(target: &Target) {
    let name = target.container().await;
    let call = |method: Method, comp: &str| {
        let call = target.blob(method, &format!("/{name}")).query("restype", "container");
        if comp.is_empty() {
            call
        } else {
            call.query("comp", comp)
        }
    };
    let action = |action: &str| call(Method::PUT, "lease").header("x-ms-lease-action", action);
    let acquire = action("acquire")
        .header("x-ms-lease-duration", "-1")
        .header("x-ms-proposed-lease-id", A);
    acquire.send().await.expect(201);
    assert_eq!(call(Method::GET, "").send().await.header("x-ms-lease-state"), "leased");
    call(Method::DELETE, "").send().await.refused(412, "LeaseIdMissing");
    let wrong = call(Method::DELETE, "").header("x-ms-lease-id", B).send().await;
    wrong.refused(412, "LeaseIdMismatchWithContainerOperation");
    call(Method::PUT, "metadata").send().await.expect(200);
    action("release").header("x-ms-lease-id", A).send().await.expect(200);
    call(Method::DELETE, "").send().await.expect(202);
}
