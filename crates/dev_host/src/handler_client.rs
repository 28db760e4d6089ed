//! HTTP to a handler, on the wire as the real host speaks it.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use determinism::Clock;
use futures::stream;
use http::{Method, Request, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Limited, StreamBody};
use hyper::body::Frame;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

/// The version that this host claims: the newest one whose behaviour was captured.
pub const HOST_VERSION: &str = "4.1037.0.0";

/// A client for handlers on 127.0.0.1. Clones share connections.
#[derive(Clone, Debug)]
pub struct HandlerClient {
    client: Client<HttpConnector, BoxBody<Bytes, Infallible>>,
    clock: Clock,
}

/// What a handler answered.
#[derive(Clone, Debug)]
pub struct HandlerAnswer {
    /// Status.
    pub status: StatusCode,
    /// `Content-Type`, when there is one.
    pub content_type: Option<String>,
    /// `Content-Encoding`, when there is one.
    pub content_encoding: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The connection failed or broke.
    #[error("the handler did not answer (connection failed or dropped)")]
    Connection(#[source] hyper_util::client::legacy::Error),
    /// The answer broke off or is larger than the limit.
    #[error("the handler's answer broke off or exceeds {limit} bytes")]
    Body {
        /// The limit in bytes.
        limit: usize,
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Too many redirects, or one to somewhere else.
    #[error("the handler redirected to {0:?}; a handler must not redirect")]
    Redirect(String),
    /// Time ran out.
    #[error("the handler did not answer within {0:?}")]
    TimedOut(Duration),
    /// The request cannot be made.
    #[error("the function's name cannot be part of a URL")]
    Request(#[source] http::Error),
}

const LARGEST_ANSWER: usize = 128 * 1024 * 1024;
/// .NET's limit.
const MOST_REDIRECTS: usize = 50;

impl HandlerClient {
    /// A client that measures its limits by `clock`.
    pub fn new(clock: Clock) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            clock,
        }
    }

    /// Sends one invocation and waits for the answer, at most for `limit`.
    ///
    /// # Errors
    /// No usable answer came.
    pub async fn invoke(
        &self,
        port: u16,
        function: &str,
        invocation: &str,
        body: Bytes,
        limit: Option<Duration>,
    ) -> Result<HandlerAnswer, CallError> {
        let call = self.follow(port, format!("/{function}"), invocation, body);
        match limit {
            None => call.await,
            Some(limit) => self
                .clock
                .timeout(limit, call)
                .await
                .map_err(|_| CallError::TimedOut(limit))?,
        }
    }

    /// `GET /`, the host's readiness probe: true when the handler accepts a connection. Any answer counts, even a
    /// broken one; only a failure to connect means "not yet".
    pub async fn is_listening(port: u16) -> bool {
        let Ok(stream) = tokio::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port)).await else {
            return false;
        };
        let io = hyper_util::rt::TokioIo::new(stream);
        if let Ok((mut sender, connection)) = hyper::client::conn::http1::handshake(io).await {
            let connection = tokio::spawn(connection);
            let request = Request::get("/")
                .header(header::HOST, format!("127.0.0.1:{port}"))
                .body(Empty::<Bytes>::new());
            if let Ok(request) = request {
                // The status does not matter, nor whether the answer is well formed.
                let _ = sender.send_request(request).await;
            }
            connection.abort();
        }
        true
    }

    async fn follow(&self, port: u16, path: String, id: &str, body: Bytes) -> Result<HandlerAnswer, CallError> {
        let mut method = Method::POST;
        let mut path = path;
        for _ in 0..=MOST_REDIRECTS {
            let request = request(port, &method, &path, id, &body).map_err(CallError::Request)?;
            let response = self.client.request(request).await.map_err(CallError::Connection)?;
            let status = response.status();
            let Some(target) = redirect(status, response.headers(), port)? else {
                return answer(response).await;
            };
            // As the .NET client: these three turn a POST into a GET, 307 and 308 repeat it.
            if matches!(status.as_u16(), 301..=303) {
                method = Method::GET;
            }
            path = target;
        }
        Err(CallError::Redirect(path))
    }
}

/// Headers in the host's order; the body is chunked, never with a length.
fn request(
    port: u16,
    method: &Method,
    path: &str,
    invocation: &str,
    body: &Bytes,
) -> Result<Request<BoxBody<Bytes, Infallible>>, http::Error> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1:{port}{path}"))
        .header("X-Azure-Functions-HostVersion", HOST_VERSION)
        .header("X-Azure-Functions-InvocationId", invocation)
        .header(header::USER_AGENT, format!("Azure-Functions-Host/{HOST_VERSION}"));
    if method == Method::GET {
        return request.body(Empty::new().boxed());
    }
    let frames = StreamBody::new(stream::iter([Ok(Frame::data(body.clone()))]));
    request
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(frames.boxed())
}

fn redirect(status: StatusCode, headers: &http::HeaderMap, port: u16) -> Result<Option<String>, CallError> {
    if !matches!(status.as_u16(), 301..=303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    let base = url::Url::parse(&format!("http://127.0.0.1:{port}/")).ok();
    match base.as_ref().and_then(|base| base.join(location).ok()) {
        Some(target) if base.is_some_and(|base| base.origin() == target.origin()) => Ok(Some(
            target[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
        )),
        _ => Err(CallError::Redirect(location.to_owned())),
    }
}

async fn answer(response: http::Response<hyper::body::Incoming>) -> Result<HandlerAnswer, CallError> {
    let text = |name| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let (status, content_type) = (response.status(), text(header::CONTENT_TYPE));
    let content_encoding = text(header::CONTENT_ENCODING);
    let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await;
    let body = body
        .map_err(|source| CallError::Body {
            limit: LARGEST_ANSWER,
            source,
        })?
        .to_bytes();
    Ok(HandlerAnswer {
        status,
        content_type,
        content_encoding,
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::HeaderMap;
    use axum::routing::{get, post};

    async fn serve(router: Router) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        port
    }

    fn client() -> HandlerClient {
        HandlerClient::new(Clock::system())
    }

    #[tokio::test]
    async fn the_request_has_the_hosts_headers_and_a_chunked_body() {
        let port = serve(Router::new().route(
            "/f",
            post(async |headers: HeaderMap, body: String| {
                let of = |name: &str| {
                    headers
                        .get(name)
                        .map_or("-", |value| value.to_str().unwrap())
                        .to_owned()
                };
                [
                    of("x-azure-functions-invocationid"),
                    of("transfer-encoding"),
                    of("content-length"),
                    of("content-type"),
                    body,
                ]
                .join("|")
            }),
        ))
        .await;
        let answer = client()
            .invoke(port, "f", "id-1", Bytes::from_static(b"{}"), None)
            .await
            .unwrap();
        assert_eq!(answer.body, "id-1|chunked|-|application/json; charset=utf-8|{}");
    }

    #[tokio::test]
    async fn redirects_are_followed_as_dotnet_follows_them() {
        let port = serve(
            Router::new()
                .route(
                    "/again",
                    post(async || (StatusCode::TEMPORARY_REDIRECT, [("location", "/end?x=1")])),
                )
                .route("/see", post(async || (StatusCode::SEE_OTHER, [("location", "end")])))
                .route(
                    "/away",
                    post(async || (StatusCode::FOUND, [("location", "http://example.org/")])),
                )
                .route(
                    "/end",
                    get(async || "get").post(async |body: String| format!("post {body}")),
                ),
        )
        .await;
        let call = async |function| {
            client()
                .invoke(port, function, "i", Bytes::from_static(b"x"), None)
                .await
        };
        assert_eq!(call("again").await.unwrap().body, "post x");
        assert_eq!(call("see").await.unwrap().body, "get");
        assert!(matches!(call("away").await, Err(CallError::Redirect(to)) if to == "http://example.org/"));
    }

    #[tokio::test]
    async fn a_silent_handler_times_out_and_an_absent_one_is_not_listening() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        let client = HandlerClient::new(clock);
        let limit = Duration::from_secs(5);
        let (outcome, ()) = tokio::join!(client.invoke(port, "f", "i", Bytes::new(), Some(limit)), async {
            tokio::task::yield_now().await;
            hands.advance(limit);
        });
        assert!(matches!(outcome, Err(CallError::TimedOut(_))));
        drop(listener);
        assert!(!HandlerClient::is_listening(port).await);
    }
}
