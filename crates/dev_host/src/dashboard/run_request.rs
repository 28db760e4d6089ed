//! `cargo dev run` against a running development host.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::by_hand::{self, Finished};
use crate::host::Host;

/// What to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRequest {
    /// The app.
    pub app: String,
    /// The function.
    pub function: String,
    /// The payload; none for the app's example.
    pub input: Option<String>,
}

/// How it went.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunAnswer {
    /// It ran.
    Finished(Finished),
    /// It could not be run.
    Refused(String),
}

pub(super) async fn answer(State(host): State<Arc<Host>>, Json(request): Json<RunRequest>) -> Response {
    match by_hand::run(&host, &request.app, &request.function, request.input).await {
        Ok(finished) => Json(RunAnswer::Finished(finished)).into_response(),
        Err(problem) => (StatusCode::NOT_FOUND, Json(RunAnswer::Refused(problem.to_string()))).into_response(),
    }
}
