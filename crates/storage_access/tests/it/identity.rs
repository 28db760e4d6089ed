//! Identity-based settings against a fake identity endpoint and the emulator's TLS listener.
//!
//! The credential library reads its endpoint from the environment, which a test must not change under other threads, so
//! the client runs in a process of its own: this same program, with one test chosen by name.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::get;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use storage_access::{Access, Connection, Storage, Transport};
use storage_emulator::{BearerTokens, Emulator, Listeners};
use tokio::net::TcpListener;

const BLOB: &str = "STORAGE_ACCESS_TEST_BLOB";

/// The part that runs in a process of its own; does nothing in an ordinary run of the tests.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "settings are this process's environment here")]
async fn client_process() {
    let setting = |name: &str| std::env::var(name).ok();
    if setting(BLOB).is_none() {
        return;
    }
    let connection = Connection::from_settings("Store", &setting).unwrap();
    let storage = Storage::connect(&connection, Transport::http()).unwrap();
    assert!(
        storage
            .container("made-by-identity")
            .create_if_absent(Access::Private)
            .await
            .unwrap()
    );
    storage.queue("made-by-identity").create_if_absent().await.unwrap();
}

#[tokio::test]
async fn a_managed_identity_s_token_opens_the_services() {
    let emulator = crate::builder()
        .bearer_tokens(BearerTokens::none().with_token("the-token"))
        .build()
        .unwrap();
    let (folder, blob, queue) = serve_tls(&emulator).await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let identity = serve_identity(Arc::clone(&asked)).await;

    let account = storage_emulator::DEVELOPMENT_ACCOUNT;
    let output = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "identity::client_process", "--nocapture"])
        .env(BLOB, "1")
        .env("SSL_CERT_FILE", folder.path().join("ca.pem"))
        .env("IDENTITY_ENDPOINT", format!("http://{identity}/msi/token"))
        .env("IDENTITY_HEADER", "the-header")
        .env("Store__blobServiceUri", format!("https://localhost:{blob}/{account}"))
        .env("Store__queueServiceUri", format!("https://localhost:{queue}/{account}"))
        .env("Store__credential", "managedidentity")
        .env("Store__clientId", "the-client")
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert!(!text.contains("the-token"), "{text}");

    let asked = asked.lock().unwrap().clone();
    assert!(!asked.is_empty());
    for (header, query) in &asked {
        assert_eq!(header, "the-header");
        assert!(query.contains("client_id=the-client"), "{query}");
        assert!(query.contains("resource=https%3A%2F%2Fstorage.azure.com"), "{query}");
    }
    let storage = crate::storage(&emulator);
    assert!(
        !storage
            .container("made-by-identity")
            .create_if_absent(Access::Private)
            .await
            .unwrap()
    );
    assert_eq!(storage.queue("made-by-identity").approximate_count().await.unwrap(), 0);
}

/// The emulator behind TLS for `localhost`; gives the folder of the certificate and the two ports.
async fn serve_tls(emulator: &Emulator) -> (tempfile::TempDir, u16, u16) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), generated.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(generated.signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![generated.cert.der().clone()], key)
        .unwrap();
    let blob = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let queue = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let ports = (blob.local_addr().unwrap().port(), queue.local_addr().unwrap().port());
    let server = emulator.clone();
    tokio::spawn(async move { server.serve(Listeners::new(blob, queue).tls(Arc::new(config))).await });
    (folder, ports.0, ports.1)
}

/// The endpoint of App Service: a token for whoever knows the header.
async fn serve_identity(asked: Arc<Mutex<Vec<(String, String)>>>) -> std::net::SocketAddr {
    let token = move |headers: HeaderMap, uri: Uri| async move {
        let header = headers
            .get("x-identity-header")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        asked
            .lock()
            .unwrap()
            .push((header.to_owned(), uri.query().unwrap_or_default().to_owned()));
        if header != "the-header" {
            return (StatusCode::UNAUTHORIZED, String::new());
        }
        let answer = serde_json::json!({
            "access_token": "the-token",
            "expires_on": "4070908800",
            "resource": "https://storage.azure.com",
            "token_type": "Bearer",
        });
        (StatusCode::OK, answer.to_string())
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/msi/token", get(token));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
