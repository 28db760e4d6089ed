//! The services behind sockets: TLS and tokens, resets, limits, labels.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use storage_emulator::{BearerTokens, Emulator, Fault, FaultPlan, FaultRule, Listeners, RequestFilter};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::ring};

use crate::wire::Target;

async fn listeners() -> (Listeners, std::net::SocketAddr) {
    let blob = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let queue = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = blob.local_addr().unwrap();
    (Listeners::new(blob, queue), address)
}

fn certificate() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = CertificateDer::from(own.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let server = server
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    (
        Arc::new(server),
        Arc::new(client.with_root_certificates(roots).with_no_client_auth()),
    )
}

fn token(audience: &str, expiry: i64) -> String {
    let payload = URL_SAFE_NO_PAD.encode(format!(r#"{{"aud":"{audience}","exp":{expiry}}}"#));
    format!("e30.{payload}.c2ln")
}

async fn status(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, token: &str) -> String {
    let request = format!(
        "GET /devstoreaccount1?comp=list HTTP/1.1\r\nHost: localhost\r\nx-ms-version: 2021-12-02\r\n\
         Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Some clients end TLS without saying goodbye; what came before counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn tokens_are_taken_over_tls_only_and_must_be_for_storage() {
    let (server, client) = certificate();
    let tokens = BearerTokens::none().with_storage_claims().with_token("opaque");
    let emulator = Emulator::builder().bearer_tokens(tokens).build().unwrap();
    let (plain, plain_address) = listeners().await;
    let (secure, secure_address) = listeners().await;
    let running = emulator.clone();
    let serving = tokio::spawn(async move { tokio::join!(running.serve(plain), running.serve(secure.tls(server))).0 });
    let connect = || async {
        let stream = TcpStream::connect(secure_address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::clone(&client))
            .connect(name, stream)
            .await
            .unwrap()
    };
    let far = 4_000_000_000;
    assert_eq!(
        status(connect().await, &token("https://storage.azure.com/", far)).await,
        "HTTP/1.1 200 OK"
    );
    assert_eq!(
        status(
            connect().await,
            &token("https://devstoreaccount1.blob.core.windows.net", far)
        )
        .await,
        "HTTP/1.1 200 OK"
    );
    assert_eq!(status(connect().await, "opaque").await, "HTTP/1.1 200 OK");
    for refused in [
        token("https://vault.azure.net", far),
        token("https://storage.azure.com", 1_000),
        "other".to_owned(),
    ] {
        assert_eq!(status(connect().await, &refused).await, "HTTP/1.1 403 Forbidden");
    }
    let plain = TcpStream::connect(plain_address).await.unwrap();
    assert_eq!(status(plain, "opaque").await, "HTTP/1.1 403 Forbidden");
    serving.abort();
}

#[tokio::test]
async fn a_reset_is_a_reset_on_the_wire() {
    let plan = FaultPlan::none();
    plan.add(FaultRule::new(RequestFilter::default(), Fault::Reset));
    let emulator = Emulator::builder().faults(plan).build().unwrap();
    let (listeners, address) = listeners().await;
    let serving = tokio::spawn(async move { emulator.serve(listeners).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /devstoreaccount1?comp=list HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    serving.abort();
}

#[tokio::test]
async fn a_label_tells_whose_listener_a_request_came_through() {
    let emulator = Emulator::builder().build().unwrap();
    let seen: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let sink = Arc::clone(&seen);
    emulator.observe(move |event| sink.lock().unwrap().push(event.process.clone()));
    let (listeners, address) = listeners().await;
    let serving = tokio::spawn(async move { emulator.serve(listeners.label("scan_mirrors")).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /devstoreaccount1?comp=list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [Some("scan_mirrors".to_owned())]);
    serving.abort();
}

#[tokio::test]
async fn too_large_bodies_are_refused_before_they_are_read() {
    let target = Target::served(Emulator::builder().largest_body(1_000)).await;
    let path = format!("/{}/blob", target.container().await);
    target.put(&path, &"x".repeat(1_000)).await;
    let large = target
        .blob(http::Method::PUT, &path)
        .put_blob(&"x".repeat(1_001))
        .send()
        .await;
    assert_eq!((large.status, large.code()), (413, "RequestBodyTooLarge"));
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_the_socket_harms_nobody() {
    let emulator = Emulator::builder().build().unwrap();
    let (listeners, address) = listeners().await;
    let serving = tokio::spawn(async move { emulator.serve(listeners).await });
    tokio::task::spawn_blocking(move || {
        for garbage in [
            &b"\x16\x03\x01\x00\xff"[..],
            b"GET\r\n\r\n",
            b"PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            &[0; 64],
        ] {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(garbage).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream
            .write_all(b"GET /devstoreaccount1?comp=list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    })
    .await
    .unwrap();
    serving.abort();
}
