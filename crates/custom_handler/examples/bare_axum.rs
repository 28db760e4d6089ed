//! The same work as the example `echo`, written by hand on axum: the measure of what the SDK adds.
//!
//! It does the same three parses (request, encoded text, message) and gives the same answer, without deadline, limits,
//! panic barrier, log or poison rule. Only for comparison.

use std::collections::HashMap;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Serialize, Deserialize)]
struct Message {
    id: u64,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    #[serde(borrow)]
    data: HashMap<&'a str, String>,
    #[serde(borrow)]
    metadata: HashMap<&'a str, &'a RawValue>,
}

async fn echo(body: Bytes) -> Response {
    match answer(&body) {
        Ok(answer) => (
            [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            answer,
        )
            .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn answer(body: &[u8]) -> Result<String, serde_json::Error> {
    let request: Request<'_> = serde_json::from_slice(body)?;
    let _dequeue_count = request.metadata.get("DequeueCount");
    let text: String = serde_json::from_str(request.data.get("message").map_or("null", String::as_str))?;
    let message: Message = serde_json::from_str(&text)?;
    let result = serde_json::to_string(&message)?;
    serde_json::to_string(&serde_json::json!({ "Outputs": { "result": [result] } }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[expect(clippy::disallowed_methods, reason = "an example's main reads its own settings")]
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT")?;
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(
        listener,
        Router::new()
            .route("/", get(|| async { "ready" }))
            .route("/echo", post(echo)),
    )
    .await?;
    Ok(())
}
