//! The admin endpoints of the host that make sense on a laptop.

use axum::Json;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use host_rules::function::AuthLevel;
use serde_json::{Value, json};

use super::server::Front;
use crate::app::{Function, Trigger};
use crate::dashboard::local_caller;
use crate::handler_client::HOST_VERSION;
use crate::invoke::{Event, invoke};
use crate::supervisor::HandlerState;

const LARGEST_INPUT: usize = 1024 * 1024;

pub(super) async fn answer(front: &Front, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_ascii_lowercase();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).skip(1).collect();
    // The ping needs no key.
    if segments == ["host", "ping"] && matches!(parts.method, Method::GET | Method::POST) {
        return StatusCode::OK.into_response();
    }
    if front.access(AuthLevel::Admin, &parts).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    // A page that a browser shows can send requests here, and running a function is remote execution. A key would keep it
    // out; without keys its origin and the name it was reached by do.
    if front.host.keys.is_none()
        && let Err(problem) = local_caller(&parts.headers)
    {
        return (StatusCode::FORBIDDEN, problem).into_response();
    }
    match (&parts.method, segments.as_slice()) {
        (&Method::GET, ["host", "status"]) => Json(status(front)).into_response(),
        (&Method::GET, ["functions"]) => {
            let functions = &front.app.app.functions;
            Json(
                functions
                    .iter()
                    .map(|function| metadata(front, function))
                    .collect::<Vec<_>>(),
            )
            .into_response()
        }
        (&Method::GET, ["functions", name]) => match front.app.app.function(name) {
            Some(function) => Json(metadata(front, function)).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        (&Method::GET, ["functions", name, "status"]) => function_status(front, name),
        (&Method::POST, ["functions", name]) => {
            let Some(function) = front.app.app.function(name).cloned() else {
                return StatusCode::NOT_FOUND.into_response();
            };
            if !matches!(
                front.app.handler.state(),
                HandlerState::Ready { .. } | HandlerState::Starting
            ) {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            let Some(input) = axum::body::to_bytes(body, LARGEST_INPUT)
                .await
                .ok()
                .and_then(|body| input(&body))
            else {
                return StatusCode::BAD_REQUEST.into_response();
            };
            let (host, app) = (front.host.clone(), front.app.clone());
            // The host answers at once; the run's errors are in the logs only.
            tokio::spawn(async move {
                let event = Event::by_hand(&function, input);
                invoke(&host, &app, &function, event).await;
            });
            StatusCode::ACCEPTED.into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The text under `input`; null or absent is empty, a body that is no object is refused.
fn input(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    match document.as_object()?.get("input") {
        Some(Value::String(text)) => Some(text.clone()),
        None | Some(Value::Null) => Some(String::new()),
        Some(other) => Some(other.to_string()),
    }
}

fn status(front: &Front) -> Value {
    let (state, errors) = match front.app.handler.state() {
        HandlerState::Down { reason } => ("Error", vec![front.host.redactor.redact(&reason).into_owned()]),
        HandlerState::Starting => ("Starting", Vec::new()),
        _ => ("Running", Vec::new()),
    };
    let uptime = u64::try_from(front.host.clock.monotonic().as_millis()).unwrap_or(u64::MAX);
    let mut status = json!({
        "id": front.app.app.host_id(),
        "state": state,
        "version": HOST_VERSION,
        "versionDetails": format!("{HOST_VERSION} dev_host"),
        "platformVersion": "",
        "instanceId": "",
        "computerName": "",
        "processUptime": uptime,
        "functionAppContentEditingState": "NotAllowed",
    });
    if !errors.is_empty() {
        status["errors"] = json!(errors);
    }
    status
}

fn metadata(front: &Front, function: &Function) -> Value {
    let address = front.app.address();
    let prefix = front.app.app.host.extensions.http.route_prefix();
    let invoke_url = match &function.trigger {
        Trigger::Http { template, .. } => {
            let parts = [address.as_str(), prefix, template.as_str()];
            Value::from(
                parts
                    .iter()
                    .filter(|part| !part.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join("/"),
            )
        }
        _ => Value::Null,
    };
    json!({
        "name": function.name,
        "href": format!("{address}/admin/functions/{}", function.name),
        "invoke_url_template": invoke_url,
        "language": "custom",
        "config": serde_json::from_str::<Value>(&function.document).unwrap_or(Value::Null),
        "test_data": "",
        "isDisabled": function.disabled,
        "isDirect": false,
        "isProxy": false,
    })
}

fn function_status(front: &Front, name: &str) -> Response {
    if front.app.app.function(name).is_some() {
        return Json(json!({ "errors": null })).into_response();
    }
    match front
        .app
        .app
        .problems
        .iter()
        .find(|problem| problem.function.eq_ignore_ascii_case(name))
    {
        Some(problem) => Json(json!({ "errors": [problem.reason] })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::input;

    #[test]
    fn the_input_is_text_or_json_text() {
        assert_eq!(input(br#"{"input":"hi"}"#).unwrap(), "hi");
        assert_eq!(input(br#"{"input":{"a":1}}"#).unwrap(), r#"{"a":1}"#);
        assert_eq!(input(b"{}").unwrap(), "");
        for body in ["null", "", "[]", "\"x\""] {
            assert_eq!(input(body.as_bytes()), None, "{body}");
        }
    }
}
