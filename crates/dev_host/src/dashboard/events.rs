//! The one event stream: names of what changed, never content.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use tokio::sync::broadcast::error::RecvError;

use crate::host::Host;

/// `text/event-stream` with one topic a message; `all` after a listener fell behind.
pub(super) async fn stream(State(host): State<Arc<Host>>) -> Response {
    let listening = host.topics.listen();
    let events = stream::unfold((listening, true), |(mut listening, first)| async move {
        if first {
            // Headers reach the browser with the first bytes.
            return Some((Ok::<_, Infallible>(": connected\n\n".to_owned()), (listening, false)));
        }
        let text = match listening.recv().await {
            Ok(topic) => format!("data: {}\n\n", topic.name()),
            Err(RecvError::Lagged(_)) => "data: all\n\n".to_owned(),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(text), (listening, false)))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}
