//! What the SDK is measured against: an axum handler that does the same three parses as `echo.rs` and answers the same
//! JSON, with none of the SDK's care (limits, panics, deadlines, logs, poison).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The host's document.
#[derive(Deserialize)]
struct Invocation<'a> {
    #[serde(rename = "Data", borrow)]
    data: BTreeMap<&'a str, &'a RawValue>,
}

/// The message, as in `echo.rs`.
#[derive(Deserialize, Serialize)]
struct Greeting {
    id: u64,
    text: String,
}

/// The host's form of an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    outputs: Outputs,
}

#[derive(Serialize)]
struct Outputs {
    out: [String; 1],
}

async fn echo(body: Bytes) -> Response {
    match answer(&body) {
        Some(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn answer(body: &[u8]) -> Option<Vec<u8>> {
    let invocation: Invocation<'_> = serde_json::from_slice(body).ok()?;
    let encoded: String = serde_json::from_str(invocation.data.get("message")?.get()).ok()?;
    let text: String = serde_json::from_str(&encoded).ok()?;
    let greeting: Greeting = serde_json::from_str(&text).ok()?;
    let out = [serde_json::to_string(&greeting).ok()?];
    serde_json::to_vec(&Answer {
        outputs: Outputs { out },
    })
    .ok()
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a program of its own, without the SDK's settings"
    )]
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT")
        .ok()
        .and_then(|port| port.parse().ok())
        .unwrap_or(0);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let app = Router::new()
        .route("/", get(|| async { "" }))
        .route("/echo", post(echo));
    axum::serve(listener, app).await
}
