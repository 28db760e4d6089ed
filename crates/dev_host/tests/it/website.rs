//! The website, and public blobs on its origin whatever the storage.

use storage_access::{Access, BlobHeaders, Condition, Put, Storage};

use crate::bench::Bench;
use crate::http::{exchange, get};
use crate::inside::{Inside, World};

const CONFIGURATION: &str = r#"{"statusUrl":"public/status.json"}"#;

async fn fill(storage: &Storage) {
    for (name, access) in [("public", Access::PublicBlobs), ("private", Access::Private)] {
        let container = storage.container(name);
        container.create_if_absent(access).await.unwrap();
        let blob = container.document("status.json");
        let put = blob.put(r#"{"mirrors":[]}"#.into(), Condition::Always, BlobHeaders::default());
        assert!(matches!(put.await.unwrap(), Put::Stored(_)));
    }
}

/// What a browser that shows the page asks for, and what it must not get.
fn look(host: &Inside<'_>) {
    let site = host.website.as_deref().unwrap();
    let page = |path| {
        let answer = get(site, path);
        (answer.status, answer.body)
    };
    assert_eq!(page("/"), (200, "the page".to_owned()));
    assert_eq!(
        page("/config.json"),
        (200, CONFIGURATION.to_owned()),
        "as it stands on disk"
    );
    let data = get(site, "/public/status.json");
    assert_eq!((data.status, data.body.as_str()), (200, r#"{"mirrors":[]}"#));
    assert!(data.head.contains("content-type: application/json"), "{}", data.head);
    for missing in [
        "/private/status.json",
        "/public/none.json",
        "/none/status.json",
        "/public/",
        "/public/..",
        "/public/%2e%2e/private/status.json",
        "/../config.json",
        "/none",
    ] {
        assert_eq!(page(missing).0, 404, "{missing}");
    }
    assert_eq!(page("/none").1, "no such page");
    let post = exchange(site, "POST", "/public/status.json", &[("Host", site)], "{}");
    assert_eq!(post.status, 405);
}

#[test]
fn the_site_and_public_blobs_of_the_built_in_storage_have_one_origin() {
    let (bench, world) = (Bench::new(), World::new());
    bench.website();
    let mut host = world.start(&bench, &["--memory", "--no-timers"]);
    world.wait(fill(&host.storage()));
    look(&host);
    host.wait_for("website: http://localhost:");
}

#[test]
fn the_site_and_public_blobs_of_an_account_elsewhere_have_one_origin() {
    let (bench, world) = (Bench::new(), World::new());
    bench.website();
    let account = world.account();
    world.wait(fill(&account.storage()));
    let host = world.start(&bench, &["--no-timers", "--storage", &account.connection_string]);
    look(&host);
}

#[test]
fn a_storage_that_does_not_answer_is_no_missing_page() {
    let (bench, world) = (Bench::new(), World::new());
    bench.website();
    // A port on which nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nowhere = format!(
        "AccountName=devstoreaccount1;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;\
         QueueEndpoint=http://127.0.0.1:{port}/devstoreaccount1"
    );
    let host = world.start(&bench, &["--no-timers", "--storage", &nowhere]);
    let answer = get(host.website.as_deref().unwrap(), "/public/status.json");
    assert_eq!(answer.status, 502);
    assert!(
        answer.body.contains("cannot read blob public/status.json"),
        "{}",
        answer.body
    );
}
