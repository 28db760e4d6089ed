//! Blob documents: versions, conditions, listings.

use bytes::Bytes;
use storage_access::{Access, BlobHeaders, Condition, Put, Read};

use crate::{emulator, storage};

fn stored(put: Put) -> storage_access::ETag {
    match put {
        Put::Stored(etag) => etag,
        Put::Conflict => panic!("a conflict"),
    }
}

#[tokio::test]
async fn what_is_missing_is_absent_and_no_error() {
    let (emulator, _) = emulator();
    let storage = storage(&emulator);
    let document = storage.container("box").document("none.json");
    assert_eq!(document.get().await.unwrap(), None, "no container");
    assert_eq!(document.properties().await.unwrap(), None);
    assert!(!document.delete(Condition::Always).await.unwrap());
    assert!(
        storage
            .container("box")
            .create_if_absent(Access::Private)
            .await
            .unwrap()
    );
    assert!(
        !storage
            .container("box")
            .create_if_absent(Access::Private)
            .await
            .unwrap()
    );
    assert_eq!(document.get().await.unwrap(), None, "no blob");
    let write = document
        .put(Bytes::new(), Condition::Always, BlobHeaders::default())
        .await;
    stored(write.unwrap());
    assert_eq!(
        document.get().await.unwrap().unwrap().bytes,
        Bytes::new(),
        "an empty blob is there"
    );
}

#[tokio::test]
async fn a_write_to_a_missing_container_names_operation_resource_and_code() {
    let (emulator, _) = emulator();
    let document = storage(&emulator).container("none").document("a/b.json");
    let error = document
        .put(Bytes::new(), Condition::Always, BlobHeaders::default())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "cannot write blob none/a/b.json");
    assert_eq!((error.status(), error.code()), (Some(404), Some("ContainerNotFound")));
    let cause = error.cause().to_string();
    assert!(
        cause.starts_with("the service answered 404 ContainerNotFound: "),
        "{cause}"
    );
}

#[tokio::test]
async fn a_write_happens_only_under_its_condition() {
    let (emulator, _) = emulator();
    let container = storage(&emulator).container("box");
    container.create_if_absent(Access::Private).await.unwrap();
    let document = container.document("état/a b+c%2F#?.json");
    let put = async |bytes: &'static str, condition| {
        document
            .put(Bytes::from_static(bytes.as_bytes()), condition, BlobHeaders::default())
            .await
            .unwrap()
    };
    let first = stored(put("one", Condition::IfAbsent).await);
    assert_eq!(put("two", Condition::IfAbsent).await, Put::Conflict);
    let second = stored(put("two", Condition::IfMatch(first.clone())).await);
    assert_eq!(put("three", Condition::IfMatch(first.clone())).await, Put::Conflict);
    let read = document.get().await.unwrap().unwrap();
    assert_eq!((read.bytes.as_ref(), &read.etag), (b"two".as_slice(), &second));

    assert_eq!(document.get_if_changed(&second).await.unwrap(), Read::Unchanged);
    assert_eq!(document.get_if_changed(&first).await.unwrap(), Read::Changed(read));
    assert!(!document.delete(Condition::IfMatch(first.clone())).await.unwrap());
    assert!(document.delete(Condition::IfMatch(second.clone())).await.unwrap());
    assert_eq!(document.get_if_changed(&second).await.unwrap(), Read::Absent);
    assert_eq!(
        put("four", Condition::IfMatch(second)).await,
        Put::Conflict,
        "the blob is gone"
    );
}

#[tokio::test]
async fn headers_and_metadata_come_back() {
    let (emulator, _) = emulator();
    let container = storage(&emulator).container("box");
    container.create_if_absent(Access::PublicBlobs).await.unwrap();
    let document = container.document("page.json");
    let headers = BlobHeaders {
        content_type: Some("application/json".to_owned()),
        cache_control: Some("max-age=5, s-maxage=5".to_owned()),
        metadata: vec![("generation".to_owned(), "12".to_owned())],
    };
    let etag = stored(
        document
            .put(Bytes::from_static(b"{}"), Condition::Always, headers)
            .await
            .unwrap(),
    );
    let properties = document.properties().await.unwrap().unwrap();
    assert_eq!((properties.etag, properties.size), (etag, 2));
    assert_eq!(properties.metadata, [("generation".to_owned(), "12".to_owned())]);

    let anonymous = http::Request::get("http://blob.emulator.test/devstoreaccount1/box/page.json");
    let answer = emulator.handle(anonymous.body(Bytes::new()).unwrap()).await;
    assert_eq!(answer.status(), 200, "the container is public");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["cache-control"], "max-age=5, s-maxage=5");
}

#[tokio::test]
async fn large_documents_travel_whole_and_over_the_limit_not_at_all() {
    let (emulator, _) = emulator();
    let container = storage(&emulator).container("box");
    container.create_if_absent(Access::Private).await.unwrap();
    let document = container.document("large");
    // Above the 4 MiB at which the client library would begin to write in parts.
    let bytes = Bytes::from(vec![7u8; 9 << 20]);
    let events = crate::watch(&emulator);
    stored(
        document
            .put(bytes.clone(), Condition::Always, BlobHeaders::default())
            .await
            .unwrap(),
    );
    assert_eq!(document.get().await.unwrap().unwrap().bytes, bytes);
    let operations: Vec<&str> = events
        .lock()
        .unwrap()
        .iter()
        .map(|event| event.operation.name())
        .collect();
    assert_eq!(operations, ["PutBlob", "GetBlob"], "one request each");
    let error = document.with_limit(1 << 20).get().await.unwrap_err();
    assert_eq!(
        error.cause().to_string(),
        "it has 9437184 bytes, more than the limit of 1048576"
    );
}

#[tokio::test]
async fn a_listing_comes_in_pages_and_its_versions_are_those_of_the_blobs() {
    let (emulator, _) = emulator();
    let container = storage(&emulator).container("box");
    container.create_if_absent(Access::Private).await.unwrap();
    for name in ["a/1", "a/2", "a/3", "b/1"] {
        let headers = BlobHeaders {
            metadata: vec![("kind".to_owned(), "test".to_owned())],
            ..Default::default()
        };
        let write = container
            .document(name)
            .put(Bytes::from_static(b"x"), Condition::Always, headers)
            .await;
        stored(write.unwrap());
    }
    let mut listing = container.list("a/", 2).unwrap();
    let mut pages = Vec::new();
    while let Some(page) = listing.next_page().await.unwrap() {
        pages.push(page);
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(listing.next_page().await.unwrap(), None, "it stays at its end");
    let first = &pages[0][0];
    assert_eq!((first.name.as_str(), first.size), ("a/1", 1));
    assert_eq!(first.metadata, [("kind".to_owned(), "test".to_owned())]);
    assert_eq!(
        first.etag.as_ref(),
        container
            .document("a/1")
            .get()
            .await
            .unwrap()
            .as_ref()
            .map(|read| &read.etag)
    );

    let missing = storage(&emulator)
        .container("none")
        .list("", 2)
        .unwrap()
        .next_page()
        .await
        .unwrap_err();
    assert_eq!(
        (missing.to_string().as_str(), missing.code()),
        ("cannot list blobs none/*", Some("ContainerNotFound"))
    );
}

#[tokio::test]
async fn names_that_name_nothing_are_refused() {
    let (emulator, _) = emulator();
    let error = storage(&emulator)
        .container("box")
        .document("..")
        .get()
        .await
        .unwrap_err();
    assert_eq!(error.cause().to_string(), "this is not a name for a blob");
}

#[tokio::test]
async fn without_any_right_only_public_blobs_are_read() {
    let (emulator, _) = emulator();
    let storage = storage(&emulator);
    let text = emulator.connection_string(&storage_emulator::Endpoints::in_process());
    let connection = storage_access::Connection::from_string("Store", &text)
        .unwrap()
        .anonymous();
    let visitor = storage_access::Storage::connect(&connection, crate::in_process(&emulator)).unwrap();
    for (name, access) in [("open", Access::PublicBlobs), ("closed", Access::Private)] {
        let container = storage.container(name);
        container.create_if_absent(access).await.unwrap();
        let document = container.document("a b.json");
        stored(
            document
                .put("{}".into(), Condition::Always, BlobHeaders::default())
                .await
                .unwrap(),
        );
    }
    let read = |name: &str| visitor.container(name).document("a b.json");
    assert_eq!(read("open").get().await.unwrap().unwrap().bytes, "{}");
    assert_eq!(read("closed").get().await.unwrap_err().status(), Some(401));
    let write = read("open")
        .put(Bytes::new(), Condition::Always, BlobHeaders::default())
        .await;
    assert!(write.is_err());
}
