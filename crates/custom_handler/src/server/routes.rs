//! Routes: the readiness probe and one path per function.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use determinism::Clock;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;

use super::body_limits::{BodyLimits, HeldBody};
use crate::app::FunctionApp;
use crate::call::{Call, Shared};
use crate::failure::log_retry;
use crate::logs;
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
    // Functions are looked up here and not by the router, which would copy each request's path and headers for it.
    Router::new()
        .route("/", any(|| async { "ready" }))
        .fallback(invoke::<D>)
        .with_state(Arc::new(server))
}

async fn invoke<D: Send + Sync + 'static>(State(server): State<Arc<HttpServer<D>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let name = head.uri.path().trim_matches('/');
    let Some(function) = server.app.functions.get(name) else {
        return unknown(&server, name);
    };
    if head.method != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, "functions are called by POST\n").into_response();
    }
    let mut call = server.call(function.declaration.name, &head.headers);
    let held = match server
        .limits
        .read(body, function.declaration.body_cap, server.wait())
        .await
    {
        Ok(held) => held,
        Err(error) => {
            let _entered = logs::enter(&call.invocation);
            return respond((function.refuse)(error.status_for_callers(), &log_retry(&error)));
        }
    };
    call.body = held;
    let mut invocation = (function.call)(call);
    // Many handlers never wait: those are done without the price of a task.
    if let Poll::Ready(reply) = futures::poll!(&mut invocation) {
        return respond(reply);
    }
    // Any other gets a task of its own: the connection may end at any time, and must not drop a handler half-way.
    match tokio::spawn(invocation).await {
        Ok(reply) => respond(reply),
        Err(ended) => respond(Reply::failure(&format!("the invocation ended early: {ended}"))),
    }
}

impl<D: Send + Sync + 'static> HttpServer<D> {
    fn call(&self, function: &'static str, headers: &HeaderMap) -> Call<D> {
        let id = headers
            .get(INVOCATION_ID)
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        let id = id.unwrap_or_else(|| self.shared.process.rng.uuid());
        Call::new(&self.shared, function, id, self.clock_of(headers), HeldBody::default())
    }

    /// How long a request may wait for memory: as long as its handler might run.
    fn wait(&self) -> Option<(&Clock, Duration)> {
        self.shared.process.time_allowed.map(|limit| (&self.clock, limit))
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
    (StatusCode::NOT_FOUND, text).into_response()
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
