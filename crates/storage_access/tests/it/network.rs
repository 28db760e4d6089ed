//! The same clients over sockets.

use bytes::Bytes;
use storage_access::{Access, BlobHeaders, Cause, Condition, Connection, Put, Retry, SendOptions, Storage, Transport};
use storage_emulator::{Emulator, Endpoints, Fault, FaultRule, Listeners, Operation, RequestFilter};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Serves on free ports until the test ends; gives the connection string.
async fn serve(emulator: &Emulator) -> String {
    let (blob, queue) = (bind().await, bind().await);
    let endpoints = Endpoints::http(blob.local_addr().unwrap(), queue.local_addr().unwrap());
    let server = emulator.clone();
    tokio::spawn(async move { server.serve(Listeners::new(blob, queue)).await });
    emulator.connection_string(&endpoints)
}

async fn bind() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
}

async fn round_trip(storage: &Storage) {
    let container = storage.container("box");
    container.create_if_absent(Access::Private).await.unwrap();
    let document = container.document("dir/a b.json");
    let bytes = Bytes::from(vec![b'x'; 5 << 20]);
    let put = document
        .put(
            bytes.clone(),
            Condition::IfAbsent,
            BlobHeaders::content_type("text/plain"),
        )
        .await
        .unwrap();
    assert!(matches!(put, Put::Stored(_)));
    assert_eq!(document.get().await.unwrap().unwrap().bytes, bytes);
    let queue = storage.queue("work");
    queue.create_if_absent().await.unwrap();
    queue.send(b"hello", SendOptions::default()).await.unwrap();
    let message = queue
        .receive(1, std::time::Duration::from_secs(60))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(message.body.as_deref(), Ok(b"hello".as_slice()));
    queue.delete(&message.id, &message.pop_receipt).await.unwrap();
}

#[tokio::test]
async fn an_account_key_signs_what_the_service_checks() {
    let emulator = crate::builder().build().unwrap();
    let text = serve(&emulator).await;
    let connection = Connection::from_string("Store", &text).unwrap();
    round_trip(&Storage::connect(&connection, Transport::http()).unwrap()).await;

    let wrong = text.replace("AccountKey=E", "AccountKey=F");
    let connection = Connection::from_string("Store", &wrong).unwrap();
    let storage = Storage::connect(&connection, Transport::http()).unwrap();
    let error = storage.container("box").document("a").get().await.unwrap_err();
    assert_eq!(
        (error.status(), error.code()),
        (Some(403), Some("AuthenticationFailed"))
    );
    assert!(!format!("{error:?}").contains("Eby8vdM02"), "{error:?}");
}

#[tokio::test]
async fn a_shared_access_signature_opens_both_services() {
    let emulator = crate::builder().build().unwrap();
    let text = serve(&emulator).await;
    let value = |key: &str| {
        let found = text
            .split(';')
            .find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
        found.unwrap().to_owned()
    };
    let (name, key) = (value("AccountName"), value("AccountKey"));
    let signed = format!("{name}\nrwdlacup\nbq\nsco\n\n2099-01-01T00:00:00Z\n\nhttps,http\n2022-11-02\n\n");
    let signature = azure_core::hmac::hmac_sha256(&signed, &azure_core::credentials::Secret::new(key)).unwrap();
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("sv", "2022-11-02"),
            ("ss", "bq"),
            ("srt", "sco"),
            ("sp", "rwdlacup"),
            ("se", "2099-01-01T00:00:00Z"),
            ("spr", "https,http"),
            ("sig", &signature),
        ])
        .finish();
    let text = format!(
        "BlobEndpoint={};QueueEndpoint={};SharedAccessSignature={query}",
        value("BlobEndpoint"),
        value("QueueEndpoint")
    );
    let connection = Connection::from_string("Store", &text).unwrap();
    round_trip(&Storage::connect(&connection, Transport::http()).unwrap()).await;
}

#[tokio::test]
async fn reset_connections_and_lost_answers_are_outlasted() {
    let emulator = crate::builder().build().unwrap();
    let connection = Connection::from_string("Store", &serve(&emulator).await).unwrap();
    let storage = Storage::connect(&connection, Transport::http()).unwrap();
    let any = RequestFilter::operations(&[Operation::PutBlob, Operation::GetBlob, Operation::GetMessages]);
    emulator
        .faults()
        .add(FaultRule::new(any.clone(), Fault::Reset).times(2));
    emulator
        .faults()
        .add(FaultRule::new(RequestFilter::operations(&[Operation::CreateQueue]), Fault::LoseAnswer).times(1));
    round_trip(&storage).await;
}

#[tokio::test]
async fn nobody_there_is_no_answer_and_the_signature_stays_hidden() {
    let port = bind().await.local_addr().unwrap().port();
    let text = format!("BlobEndpoint=http://127.0.0.1:{port}/acc;SharedAccessSignature=sv=1&sig=hunter2");
    let connection = Connection::from_string("Store", &text).unwrap();
    let storage = Storage::connect(&connection, Transport::http().with_retry(Retry::NEVER)).unwrap();
    let error = storage.container("box").document("a").get().await.unwrap_err();
    assert!(matches!(error.cause(), Cause::NoAnswer { .. }), "{error:?}");
    assert!(error.is_transient());
    let everything = format!("{error:?} {error} {} {storage:?}", error.cause());
    assert!(!everything.contains("hunter2"), "{everything}");
}

#[tokio::test]
async fn a_document_whose_answer_breaks_off_is_read_again() {
    let listener = bind().await;
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        for content in ["half", "all of it!"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let answer = format!(
                "HTTP/1.1 206 Partial Content\r\nETag: \"0x1\"\r\nContent-Length: 10\r\n\
                 Content-Range: bytes 0-9/10\r\nConnection: close\r\n\r\n{content}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let text = format!("BlobEndpoint=http://{address}/acc;SharedAccessSignature=sv=1&sig=x");
    let connection = Connection::from_string("Store", &text).unwrap();
    let storage = Storage::connect(&connection, Transport::http()).unwrap();
    let document = storage.container("box").document("a").get().await.unwrap().unwrap();
    assert_eq!(document.bytes.as_ref(), b"all of it!");
    server.await.unwrap();
}
