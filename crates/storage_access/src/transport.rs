//! How requests reach the services: over the network, or to an emulator in the same process.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use bytes::Bytes;
use determinism::{Clock, Rng};
use futures::TryStreamExt;
use futures::future::BoxFuture;

use crate::Retry;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two pieces of an answer. The services answer within seconds or not at all.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// One try from its first byte to its last, so that a server which drips cannot hold a function for ever.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Azure's load balancers forget idle connections after four minutes; a forgotten one costs a failed try.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// A way to the services, with its limits. Clones share one pool of connections.
#[derive(Clone, Debug)]
pub struct Transport {
    pub(crate) client: Arc<dyn HttpClient>,
    pub(crate) retry: Retry,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
}

/// The connection broke before an answer came; whether the request was applied is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection broke before an answer came")]
pub struct ConnectionLost;

impl Transport {
    /// HTTP and HTTPS with pooled connections: 5 s to connect, 30 s for each piece of an answer, 120 s for one try.
    ///
    /// TLS is rustls with ring and the system's trust roots (`SSL_CERT_FILE` is honoured); it is set up by the first
    /// request, so that a start costs nothing.
    pub fn http() -> Self {
        Self::new(Arc::new(Network(OnceLock::new())))
    }

    /// Requests go to `service`, usually an emulator's handler, and never leave the process. With one thread and a
    /// seeded emulator a run repeats exactly. `Err` stands for a broken connection.
    pub fn in_process<F, A>(service: F) -> Self
    where
        F: Fn(http::Request<Bytes>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<http::Response<Bytes>, ConnectionLost>> + Send + 'static,
    {
        Self::new(Arc::new(InProcess(Box::new(move |request| Box::pin(service(request))))))
    }

    fn new(client: Arc<dyn HttpClient>) -> Self {
        Self {
            client,
            retry: Retry::default(),
            clock: Clock::system(),
            rng: Rng::from_entropy(),
        }
    }

    /// Other limits of trying again.
    pub fn with_retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// Waits between tries on `clock`, spread by `rng`.
    pub fn with_clock(self, clock: Clock, rng: Rng) -> Self {
        Self { clock, rng, ..self }
    }
}

/// The network client. Its errors never name an address, which may carry a signature.
#[derive(Debug)]
struct Network(OnceLock<Result<reqwest::Client, String>>);

impl Network {
    fn client(&self) -> azure_core::Result<&reqwest::Client> {
        let client = self.0.get_or_init(|| {
            // Fails only when the process has chosen a provider already, which is then used.
            let _ = rustls::crypto::ring::default_provider().install_default();
            reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .timeout(REQUEST_TIMEOUT)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(|error| error_text(&error))
        });
        client.as_ref().map_err(|problem| {
            azure_core::Error::with_message(ErrorKind::Other, format!("cannot set up the HTTP client: {problem}"))
        })
    }
}

#[async_trait]
impl HttpClient for Network {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let outgoing = outgoing(request)?;
        let outgoing = reqwest::Request::try_from(outgoing)
            .map_err(|error| azure_core::Error::with_message(ErrorKind::Other, error_text(&error.without_url())))?;
        let answer = self.client()?.execute(outgoing).await.map_err(|error| {
            let kind = if error.is_connect() {
                ErrorKind::Connection
            } else {
                ErrorKind::Io
            };
            azure_core::Error::with_message(kind, error_text(&error.without_url()))
        })?;
        let (status, headers) = (answer.status().as_u16().into(), incoming_headers(answer.headers()));
        let body = answer
            .bytes_stream()
            .map_err(|error| azure_core::Error::with_message(ErrorKind::Io, error_text(&error.without_url())));
        Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
    }
}

type Service =
    dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, Result<http::Response<Bytes>, ConnectionLost>> + Send + Sync;

struct InProcess(Box<Service>);

impl fmt::Debug for InProcess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InProcess")
    }
}

#[async_trait]
impl HttpClient for InProcess {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = (self.0)(outgoing(request)?)
            .await
            .map_err(|lost| azure_core::Error::new(ErrorKind::Io, lost))?;
        let (parts, body) = answer.into_parts();
        Ok(AsyncRawResponse::from_bytes(
            parts.status.as_u16().into(),
            incoming_headers(&parts.headers),
            body,
        ))
    }
}

fn outgoing(request: &Request) -> azure_core::Result<http::Request<Bytes>> {
    let body = match request.body() {
        Body::Bytes(bytes) => bytes.clone(),
        Body::SeekableStream(_) => {
            return Err(azure_core::Error::with_message(
                ErrorKind::Other,
                "this client sends no streams",
            ));
        }
    };
    let mut outgoing = http::Request::builder()
        .method(request.method().as_str())
        .uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        outgoing = outgoing.header(name.as_str(), value.as_str());
    }
    // The error's text names the offending part's kind only, so no header value gets into it.
    outgoing
        .body(body)
        .map_err(|error| azure_core::Error::with_message(ErrorKind::Other, error.to_string()))
}

fn incoming_headers(headers: &http::HeaderMap) -> Headers {
    let mut incoming = Headers::new();
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            incoming.insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    incoming
}

/// The whole chain in one line: the client library keeps only the message.
fn error_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
