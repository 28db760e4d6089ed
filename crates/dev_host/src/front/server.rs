//! Serves one app's front on its port, with the routes exactly as in Azure.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use host_rules::function::{Access, AuthLevel, authorize, given_key};
use host_rules::wire::{CallerAnswer, HttpCall, anonymous, with_key};

use super::{admin, landing};
use crate::app::{Function, Trigger};
use crate::host::{Host, RunningApp};
use crate::invoke::{Event, invoke};

/// Values of route parameters; an absent optional one is none.
type RouteValues = Vec<(String, Option<String>)>;

/// One app's front.
#[derive(Clone)]
pub(super) struct Front {
    pub(super) host: Arc<Host>,
    pub(super) app: Arc<RunningApp>,
    under_way: Arc<AtomicI64>,
}

/// 100 MB: the limit of a request to a function app.
const LARGEST_BODY: usize = 100 * 1024 * 1024;

/// Serves until the listener fails.
///
/// # Errors
/// The listener fails.
pub async fn serve(host: Arc<Host>, app: Arc<RunningApp>, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    let front = Front {
        host,
        app,
        under_way: Arc::default(),
    };
    axum::serve(listener, Router::new().fallback(answer).with_state(front)).await
}

async fn answer(State(front): State<Front>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let lower = path.to_ascii_lowercase();
    let mut response = if lower == "/admin" || lower.starts_with("/admin/") {
        admin::answer(&front, request).await
    } else {
        let (parts, body) = request.into_parts();
        match front.find(&parts.method, &path) {
            Some((function, values)) => front.call(&function, values, parts, body).await,
            None if path == "/" => landing::page(&front.app),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    };
    for (name, value) in &front.app.app.host.extensions.http.custom_headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

impl Front {
    /// The function for this request: below the route prefix, by method, the most exact route first.
    fn find(&self, method: &Method, path: &str) -> Option<(Function, RouteValues)> {
        let prefix = self.app.app.host.extensions.http.route_prefix().trim_matches('/');
        let below = match prefix {
            "" => path,
            prefix => below(path, prefix)?,
        };
        let mut found = Vec::new();
        for function in &self.app.app.functions {
            let Trigger::Http { route, methods, .. } = &function.trigger else {
                continue;
            };
            let method = method.as_str().to_ascii_uppercase();
            if !methods.is_empty() && !methods.contains(&method) {
                continue;
            }
            if let Some(values) = route.matches(below) {
                found.push((route.precedence(), function, values));
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found
            .into_iter()
            .next()
            .map(|(_, function, values)| (function.clone(), values))
    }

    async fn call(&self, function: &Function, values: RouteValues, parts: Parts, body: Body) -> Response {
        let Trigger::Http { level, .. } = &function.trigger else {
            return StatusCode::NOT_FOUND.into_response();
        };
        // A switched-off function shows itself to the master key only.
        if function.disabled && (self.host.keys.is_none() || self.access(AuthLevel::Admin, &parts).is_none()) {
            return StatusCode::NOT_FOUND.into_response();
        }
        let level = rule_level(*level);
        let Some(access) = self.access(level, &parts) else {
            return StatusCode::UNAUTHORIZED.into_response();
        };
        if self.app.handler.is_down() || *self.host.stop.borrow() {
            return not_running();
        }
        let Some(slot) = Slot::take(
            &self.under_way,
            self.app.app.host.extensions.http.max_outstanding_requests,
        ) else {
            return StatusCode::TOO_MANY_REQUESTS.into_response();
        };
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let mut call = HttpCall::new(
            parts.method.as_str(),
            parts.uri.path_and_query().map_or("/", |target| target.as_str()),
        );
        call.headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        call.body = body.to_vec();
        call.route_values = values;
        call.identities = identities(level, access);
        let (host, app, function) = (self.host.clone(), self.app.clone(), function.clone());
        // The slot is taken until the function has ended, also when the caller has hung up before.
        let running = tokio::spawn(async move {
            let conclusion = invoke(&host, &app, &function, Event::Http(call)).await;
            drop(slot);
            conclusion
        });
        let Ok(conclusion) = running.await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        if conclusion.handler_down {
            return not_running();
        }
        caller_response(conclusion.http.unwrap_or_else(|| CallerAnswer::empty(500)))
    }

    /// What the caller may do, if it is enough for `level`. Without enforced keys everybody may do everything, as under
    /// Core Tools.
    pub(super) fn access(&self, level: AuthLevel, parts: &Parts) -> Option<Access> {
        let Some(keys) = &self.host.keys else {
            return Some(Access::Admin);
        };
        let header = parts
            .headers
            .get("x-functions-key")
            .and_then(|value| value.to_str().ok());
        let query = parts.uri.query().unwrap_or_default();
        let code = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code");
        authorize(
            level,
            given_key(header, code.as_ref().map(|(_, code)| code.as_ref())),
            keys,
        )
    }
}

/// What Azure's front answers for a host that has stopped.
fn not_running() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "Function host is not running.").into_response()
}

/// The rest of `path` below `/prefix`, which ignores case.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let path = path.trim_start_matches('/');
    let (first, rest) = (path.get(..prefix.len())?, path.get(prefix.len()..)?);
    (first.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

fn rule_level(written: functions_protocol::function_json::AuthLevel) -> AuthLevel {
    match written {
        functions_protocol::function_json::AuthLevel::Anonymous => AuthLevel::Anonymous,
        functions_protocol::function_json::AuthLevel::Function => AuthLevel::Function,
        functions_protocol::function_json::AuthLevel::Admin => AuthLevel::Admin,
    }
}

/// An anonymous function sees no key.
fn identities(level: AuthLevel, access: Access) -> Vec<host_rules::dotnet::Value> {
    match (level, access) {
        (AuthLevel::Anonymous, _) | (_, Access::Anonymous) => vec![anonymous()],
        (_, Access::Function { key }) => vec![anonymous(), with_key("Function", &key)],
        (_, Access::Admin) => vec![anonymous(), with_key("Admin", "master")],
    }
}

fn caller_response(answer: CallerAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        // Length and transfer encoding are the server's business.
        if name.eq_ignore_ascii_case(header::CONTENT_LENGTH.as_str())
            || name.eq_ignore_ascii_case(header::TRANSFER_ENCODING.as_str())
        {
            continue;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// A request that counts against `maxOutstandingRequests`.
struct Slot(Arc<AtomicI64>);

impl Slot {
    fn take(under_way: &Arc<AtomicI64>, limit: Option<i32>) -> Option<Self> {
        let slot = Self(under_way.clone());
        let before = under_way.fetch_add(1, Ordering::Relaxed);
        match limit {
            Some(limit) if limit >= 0 && before >= i64::from(limit) => None,
            _ => Some(slot),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_a_whole_segment() {
        assert_eq!(below("/api/hi", "api"), Some("/hi"));
        assert_eq!(below("/API", "api"), Some(""));
        assert_eq!(below("/apix/hi", "api"), None);
        assert_eq!(below("/", "api"), None);
        assert_eq!(below("/v1/api/x", "v1/api"), Some("/x"));
    }

    #[test]
    fn requests_over_the_limit_are_refused_until_one_ends() {
        let under_way = Arc::new(AtomicI64::new(0));
        let first = Slot::take(&under_way, Some(1));
        assert!(first.is_some());
        assert!(Slot::take(&under_way, Some(1)).is_none());
        drop(first);
        assert!(Slot::take(&under_way, Some(1)).is_some());
        assert!(Slot::take(&under_way, Some(-1)).is_some());
    }
}
