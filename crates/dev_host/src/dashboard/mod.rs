//! The dashboard on 127.0.0.1: server-rendered pages, one event stream, a few buttons.

mod actions;
mod assets;
mod events;
mod guard;
mod page;
mod pages;
mod run_request;
mod text;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

pub use guard::local_caller;
pub use page::{Tab, Times};
pub use run_request::{RunAnswer, RunRequest};

use crate::host::Host;
use crate::start::StartError;
use crate::supervisor::bind_from;

/// Starts the dashboard on `first` or the next free port and gives its address.
///
/// # Errors
/// No port is free.
pub async fn start(host: &Arc<Host>, first: u16) -> Result<String, StartError> {
    let port = |source| StartError::Port { first, source };
    let listener = tokio::net::TcpListener::from_std(bind_from(first).map_err(port)?).map_err(port)?;
    let address = format!("http://{}", listener.local_addr().map_err(port)?);
    let router = router(host.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

fn router(host: Arc<Host>) -> Router {
    Router::new()
        .route("/", get(pages::overview))
        .route("/invocations", get(pages::invocations))
        .route("/invocations/{id}", get(pages::invocation))
        .route("/queues", get(pages::queues))
        .route("/queues/{app}/{connection}/{queue}", get(pages::queue))
        .route("/poison", get(pages::poison))
        .route("/timers", get(pages::timers))
        .route("/functions/{app}/{function}", get(pages::function))
        .route("/events", get(events::stream))
        .route("/assets/{name}", get(assets::asset))
        .route("/actions/run", post(actions::run))
        .route("/actions/restart", post(actions::restart))
        .route("/actions/replay", post(actions::replay))
        .route("/actions/replay-all", post(actions::replay_all))
        .route("/actions/drop", post(actions::drop_message))
        .route("/api/run", post(run_request::answer))
        .layer(from_fn(guard::guard))
        .with_state(host)
}
