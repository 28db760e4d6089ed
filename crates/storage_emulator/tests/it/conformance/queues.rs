use http::Method;

use crate::wire::{Target, unique};

pub(super) async fn queues_are_created_once(target: &Target) {
    let path = format!("/{}", unique("queue"));
    let create = |value: &'static str| target.queue(Method::PUT, &path).header("x-ms-meta-owner", value).send();
    create("me").await.expect(201);
    create("me").await.expect(204);
    create("you").await.refused(409, "QueueAlreadyExists");
    target.queue(Method::DELETE, &path).send().await.expect(204);
    target
        .queue(Method::DELETE, &path)
        .send()
        .await
        .refused(404, "QueueNotFound");
}

pub(super) async fn queue_names_are_checked(target: &Target) {
    for name in ["Capital", "two--hyphens", "-first", "last-", "under_score"] {
        target
            .queue(Method::PUT, &format!("/{name}"))
            .send()
            .await
            .refused(400, "InvalidResourceName");
    }
    target
        .queue(Method::PUT, "/ab")
        .send()
        .await
        .refused(400, "OutOfRangeInput");
}

pub(super) async fn queue_metadata_and_count(target: &Target) {
    let path = format!("/{}", target.new_queue().await);
    let metadata = |method| target.queue(method, &path).query("comp", "metadata");
    metadata(Method::PUT)
        .header("x-ms-meta-owner", "me")
        .send()
        .await
        .expect(204);
    let got = metadata(Method::GET).send().await.expect(200);
    assert_eq!(
        (
            got.header("x-ms-meta-owner"),
            got.header("x-ms-approximate-messages-count")
        ),
        ("me", "0")
    );
    for _ in 0..3 {
        target
            .queue(Method::POST, &format!("{path}/messages"))
            .message("x")
            .send()
            .await
            .expect(201);
    }
    target
        .queue(Method::GET, &format!("{path}/messages"))
        .send()
        .await
        .expect(200);
    let count = metadata(Method::GET).send().await.expect(200);
    assert_eq!(
        count.header("x-ms-approximate-messages-count"),
        "3",
        "hidden messages count"
    );
    let acl = |method| target.queue(method, &path).query("comp", "acl");
    let policy = "<SignedIdentifiers><SignedIdentifier><Id>p</Id><AccessPolicy><Permission>r</Permission></AccessPolicy>\
        </SignedIdentifier></SignedIdentifiers>";
    acl(Method::PUT).body(policy).send().await.expect(204);
    assert_eq!(acl(Method::GET).send().await.expect(200).one("Id"), "p");
}

pub(super) async fn missing_queues(target: &Target) {
    let path = format!("/{}", unique("none"));
    let messages = format!("{path}/messages");
    target
        .queue(Method::POST, &messages)
        .message("x")
        .send()
        .await
        .refused(404, "QueueNotFound");
    target
        .queue(Method::GET, &messages)
        .send()
        .await
        .refused(404, "QueueNotFound");
    target
        .queue(Method::GET, &messages)
        .query("peekonly", "true")
        .send()
        .await
        .refused(404, "QueueNotFound");
    target
        .queue(Method::DELETE, &messages)
        .send()
        .await
        .refused(404, "QueueNotFound");
    target
        .queue(Method::GET, &path)
        .query("comp", "metadata")
        .send()
        .await
        .refused(404, "QueueNotFound");
}
