use http::Method;
use storage_emulator::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY};

use crate::signing::{AccountSas, iso, rfc1123, service_sas};
use crate::wire::Target;

const IDENTITY: (&str, &str) = (DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY);

fn account(sas: AccountSas<'_>) -> Vec<(String, String)> {
    sas.sign(DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY)
}

pub(super) async fn wrong_keys_and_dates(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    let other_key = "AAAAvdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    let put = || target.blob(Method::PUT, &path).put_blob("x");
    let wrong = put().key(DEVELOPMENT_ACCOUNT, other_key).send().await;
    assert!(!wrong.text().contains(other_key));
    wrong.refused(403, target.or_azurite("AuthenticationFailed", "AuthorizationFailure"));
    let stranger = put().key("stranger", DEVELOPMENT_KEY).send().await;
    stranger.refused(403, target.or_azurite("AuthenticationFailed", "AuthorizationFailure"));
    if !target.is_azurite {
        // Azurite does not look at the date.
        for seconds in [-1000, 1000] {
            let reply = put().header("x-ms-date", &rfc1123(seconds)).send().await;
            reply.refused(403, "AuthenticationFailed");
        }
        put()
            .anonymous()
            .send()
            .await
            .refused(401, "NoAuthenticationInformation");
        put()
            .anonymous()
            .header("authorization", "Basic abc")
            .send()
            .await
            .refused(400, "InvalidAuthenticationInfo");
        put()
            .anonymous()
            .header("authorization", "SharedKey abc")
            .send()
            .await
            .refused(400, "InvalidAuthenticationInfo");
    }
    put().send().await.expect(201);
}

pub(super) async fn account_signatures(target: &Target) {
    let name = target.container().await;
    let path = format!("/{name}/blob");
    let sas = || account(AccountSas::default());
    target
        .blob(Method::PUT, &path)
        .put_blob("text")
        .sas(sas())
        .send()
        .await
        .expect(201);
    assert_eq!(
        target
            .blob(Method::GET, &path)
            .sas(sas())
            .send()
            .await
            .expect(200)
            .text(),
        "text"
    );
    let list = target
        .blob(Method::GET, &format!("/{name}"))
        .query("restype", "container")
        .query("comp", "list");
    list.sas(sas()).send().await.expect(200);
    let queue = target.new_queue().await;
    let messages = format!("/{queue}/messages");
    target
        .queue(Method::POST, &messages)
        .message("x")
        .sas(sas())
        .send()
        .await
        .expect(201);
    let got = target.queue(Method::GET, &messages).sas(sas()).send().await.expect(200);
    let message = format!("{messages}/{}", got.one("MessageId"));
    let delete = target
        .queue(Method::DELETE, &message)
        .query("popreceipt", &got.one("PopReceipt"));
    delete.sas(sas()).send().await.expect(204);
}

pub(super) async fn account_signatures_have_limits(target: &Target) {
    let path = format!("/{}/blob", target.container().await);
    target.put(&path, "text").await;
    let read = |sas| target.blob(Method::GET, &path).sas(sas).send();
    let expired = AccountSas {
        expiry: iso(-10),
        ..AccountSas::default()
    };
    read(account(expired))
        .await
        .refused(403, target.or_azurite("AuthenticationFailed", "AuthorizationFailure"));
    let future = AccountSas {
        start: iso(1000),
        ..AccountSas::default()
    };
    read(account(future))
        .await
        .refused(403, target.or_azurite("AuthenticationFailed", "AuthorizationFailure"));
    let queues = AccountSas {
        services: "q",
        ..AccountSas::default()
    };
    read(account(queues)).await.refused(403, "AuthorizationServiceMismatch");
    let services = AccountSas {
        types: "s",
        ..AccountSas::default()
    };
    read(account(services))
        .await
        .refused(403, "AuthorizationResourceTypeMismatch");
    let writes = AccountSas {
        permissions: "w",
        ..AccountSas::default()
    };
    read(account(writes))
        .await
        .refused(403, "AuthorizationPermissionMismatch");
    let secure = AccountSas {
        protocol: "https",
        ..AccountSas::default()
    };
    read(account(secure))
        .await
        .refused(403, "AuthorizationProtocolMismatch");
    let mut forged = account(AccountSas {
        permissions: "r",
        ..AccountSas::default()
    });
    forged.iter_mut().find(|(name, _)| name == "sp").unwrap().1 = "rw".into();
    read(forged)
        .await
        .refused(403, target.or_azurite("AuthenticationFailed", "AuthorizationFailure"));
    let create = AccountSas {
        permissions: "c",
        ..AccountSas::default()
    };
    let put = |path: &str, sas| target.blob(Method::PUT, path).put_blob("new").sas(sas).send();
    put(&format!("{path}-2"), account(create)).await.expect(201);
    let create = AccountSas {
        permissions: "c",
        ..AccountSas::default()
    };
    put(&path, account(create))
        .await
        .refused(403, "AuthorizationPermissionMismatch");
}

pub(super) async fn service_signatures_of_blobs(target: &Target) {
    let name = target.container().await;
    let path = format!("/{name}/a b");
    target.put(&path, "text").await;
    let inside = format!("{name}/a b");
    let sas = |permissions, extra: &[(&str, &str)]| service_sas(IDENTITY, "blob", "b", &inside, permissions, extra);
    let got = target
        .blob(Method::GET, &path)
        .sas(sas("r", &[("rsct", "text/css"), ("rscc", "no-store")]))
        .send()
        .await;
    let got = got.expect(200);
    assert_eq!(
        (got.header("content-type"), got.header("cache-control")),
        ("text/css", "no-store")
    );
    let put = target
        .blob(Method::PUT, &path)
        .put_blob("x")
        .sas(sas("r", &[]))
        .send()
        .await;
    put.refused(403, "AuthorizationPermissionMismatch");
    target.put(&format!("/{name}/other"), "x").await;
    let other = target
        .blob(Method::GET, &format!("/{name}/other"))
        .sas(sas("r", &[]))
        .send()
        .await;
    other.refused(403, target.or_azurite("AuthenticationFailed", "AuthorizationFailure"));
    let whole = |permissions| service_sas(IDENTITY, "blob", "c", &name, permissions, &[]);
    target
        .blob(Method::GET, &path)
        .sas(whole("rl"))
        .send()
        .await
        .expect(200);
    let list = || {
        target
            .blob(Method::GET, &format!("/{name}"))
            .query("restype", "container")
            .query("comp", "list")
    };
    list().sas(whole("rl")).send().await.expect(200);
    list()
        .sas(whole("r"))
        .send()
        .await
        .refused(403, "AuthorizationPermissionMismatch");
}

pub(super) async fn service_signatures_of_queues(target: &Target) {
    let queue = target.new_queue().await;
    let messages = format!("/{queue}/messages");
    let sas = |permissions| service_sas(IDENTITY, "queue", "", &queue, permissions, &[]);
    target
        .queue(Method::POST, &messages)
        .message("x")
        .sas(sas("a"))
        .send()
        .await
        .expect(201);
    let get = target.queue(Method::GET, &messages).sas(sas("a")).send().await;
    get.refused(403, "AuthorizationPermissionMismatch");
    target
        .queue(Method::GET, &messages)
        .query("peekonly", "true")
        .sas(sas("r"))
        .send()
        .await
        .expect(200);
    target
        .queue(Method::GET, &messages)
        .sas(sas("p"))
        .send()
        .await
        .expect(200);
    let other = format!("/{}/messages", target.new_queue().await);
    let other = target
        .queue(Method::POST, &other)
        .message("x")
        .sas(sas("a"))
        .send()
        .await;
    other.refused(403, "AuthenticationFailed");
}

pub(super) async fn anonymous_reads(target: &Target) {
    let name = target.container().await;
    let path = format!("/{name}/blob");
    target.put(&path, "text").await;
    let read = || target.blob(Method::GET, &path).anonymous();
    let list = || {
        target
            .blob(Method::GET, &format!("/{name}"))
            .query("restype", "container")
            .query("comp", "list")
            .anonymous()
    };
    let access = |level: &'static str| {
        let call = target
            .blob(Method::PUT, &format!("/{name}"))
            .query("restype", "container")
            .query("comp", "acl");
        call.header("x-ms-blob-public-access", level).send()
    };
    let missing = read().header("x-ms-version", "").send().await;
    let (status, code) = target.or_azurite((404, "ResourceNotFound"), (403, "AuthorizationFailure"));
    missing.refused(status, code);
    access("blob").await.expect(200);
    assert_eq!(read().send().await.expect(200).text(), "text");
    assert!(!matches!(list().send().await.status, 200));
    access("container").await.expect(200);
    assert_eq!(list().send().await.expect(200).all("Name"), ["blob"]);
    let write = target.blob(Method::PUT, &path).put_blob("x").anonymous().send().await;
    assert!(matches!(write.status, 401 | 403 | 404), "{}", write.status);
    access("").await.expect(200);
    assert_ne!(read().send().await.status, 200);
}

pub(super) async fn stored_policies(target: &Target) {
    let name = target.container().await;
    let path = format!("/{name}/blob");
    target.put(&path, "text").await;
    let policy = |permission: &str, expiry: String| {
        let body = format!(
            "<SignedIdentifiers><SignedIdentifier><Id>p1</Id><AccessPolicy><Expiry>{expiry}</Expiry>\
             <Permission>{permission}</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>"
        );
        let call = target
            .blob(Method::PUT, &format!("/{name}"))
            .query("restype", "container")
            .query("comp", "acl");
        call.body(body).send()
    };
    let read = |id: &str| {
        let sas = service_sas(IDENTITY, "blob", "c", &name, "", &[("si", id)]);
        target.blob(Method::GET, &path).sas(sas).send()
    };
    policy("r", iso(1000)).await.expect(200);
    read("p1").await.expect(200);
    read("p2")
        .await
        .refused(403, target.or_azurite("AuthenticationFailed", "AuthorizationFailure"));
    policy("w", iso(1000)).await.expect(200);
    read("p1").await.refused(403, "AuthorizationPermissionMismatch");
    policy("r", iso(-1000)).await.expect(200);
    read("p1")
        .await
        .refused(403, target.or_azurite("AuthenticationFailed", "AuthorizationFailure"));
}
