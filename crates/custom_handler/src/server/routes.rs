//! Routes: the readiness probe and one path per function.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use determinism::Clock;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use super::body_limits::{BodyError, BodyLimits};
use crate::app::FunctionApp;
use crate::call::{Call, Shared};
use crate::reply::Reply;

/// Names one delivery.
const INVOCATION_ID: &str = "x-azure-functions-invocationid";
/// The development host's time. Honoured only in a process that it started: elsewhere a header must not move time.
const HOST_NOW: &str = "x-dev-host-now";

/// An app that serves.
pub(crate) struct HttpServer<D> {
    pub(crate) app: FunctionApp<D>,
    pub(crate) shared: Arc<Shared<D>>,
    pub(crate) clock: Clock,
    pub(crate) limits: BodyLimits,
    /// The process was started by the development host.
    pub(crate) in_dev_host: bool,
}

/// The routes of an app. Any request that is not an invocation gets an answer too: never an empty one.
pub(crate) fn router<D: Send + Sync + 'static>(server: HttpServer<D>) -> Router {
    Router::new()
        .route("/", get(|| async { "ready" }))
        .route("/{function}", post(invoke::<D>))
        .fallback(|| async { (StatusCode::NOT_FOUND, "functions are called by POST /<function>\n") })
        .method_not_allowed_fallback(|| async { (StatusCode::METHOD_NOT_ALLOWED, "functions are called by POST\n") })
        .with_state(Arc::new(server))
}

async fn invoke<D: Send + Sync + 'static>(
    State(server): State<Arc<HttpServer<D>>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !server.app.functions.contains_key(name.as_str()) {
        return unknown(&server, &name);
    }
    // In a task of its own: the connection may end at any time, and a handler must not be dropped half-way.
    let invocation = tokio::spawn(async move { server.invoke(&name, &headers, body).await });
    match invocation.await {
        Ok(reply) => respond(reply),
        Err(ended) => respond(Reply::failure(&format!("the invocation ended early: {ended}"))),
    }
}

impl<D: Send + Sync + 'static> HttpServer<D> {
    async fn invoke(&self, name: &str, headers: &HeaderMap, body: Body) -> Reply {
        let Some(function) = self.app.functions.get(name) else {
            return Reply::failure("no such function");
        };
        let id = headers
            .get(INVOCATION_ID)
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        let reading = self.limits.read(body, function.declaration.body_cap);
        let read = match self.shared.time_allowed {
            None => Ok(reading.await),
            Some(limit) => self.clock.timeout(limit, reading).await,
        };
        let held = match read {
            Ok(Ok(held)) => held,
            Ok(Err(error)) => {
                let status = if matches!(error, BodyError::TooLarge { .. }) {
                    413
                } else {
                    400
                };
                let reason = crate::failure::log_retry(&error);
                return (function.refuse)(status, &reason);
            }
            Err(elapsed) => {
                tracing::error!(function = name, "no memory for the request body: {elapsed}");
                return (function.refuse)(503, &elapsed.to_string());
            }
        };
        let call = Call {
            shared: Arc::clone(&self.shared),
            function: function.declaration.name,
            id: id.unwrap_or_else(|| self.shared.rng.uuid()),
            clock: self.clock_of(headers),
            body: held.bytes.clone(),
        };
        let reply = (function.call)(call).await;
        drop(held);
        reply
    }

    /// The handler's clock: the server's, or under the development host one that shows the host's time.
    fn clock_of(&self, headers: &HeaderMap) -> Clock {
        let host_now = headers.get(HOST_NOW).filter(|_| self.in_dev_host);
        let host_now: Option<Timestamp> = host_now.and_then(|now| now.to_str().ok()?.parse().ok());
        let ahead = host_now.and_then(|now| Duration::try_from(now.duration_since(self.clock.now())).ok());
        ahead.map_or_else(|| self.clock.clone(), |offset| self.clock.shifted(offset))
    }
}

fn unknown<D: Send + Sync + 'static>(server: &HttpServer<D>, name: &str) -> Response {
    let known: Vec<&str> = server.app.function_names().collect();
    let text = format!(
        "{} has no function {name:?}; it has: {}\n",
        server.app.name(),
        known.join(", ")
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn respond(reply: Reply) -> Response {
    let content_type = if reply.is_success() {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
