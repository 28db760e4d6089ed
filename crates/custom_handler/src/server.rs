//! The HTTP server that the host talks to.

mod body_limits;
mod deadline;
mod routes;

use std::future::{Future, IntoFuture};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

pub(crate) use body_limits::{BodyLimits, HeldBody, LARGEST_BODY, SMALL_BODY};
pub(crate) use deadline::{default_timeout, time_allowed};
pub(crate) use routes::HttpServer;

/// How long invocations may go on after the process was asked to stop. Nothing depends on it: the host kills, and then
/// delivers again.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until `stop` is ready; then lets running invocations end, but not for long.
pub(crate) async fn serve_until<D>(
    listener: TcpListener,
    server: HttpServer<D>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()>
where
    D: Send + Sync + 'static,
{
    let (clock, process) = (server.clock.clone(), Arc::clone(&server.shared.process));
    let asked = {
        let process = Arc::clone(&process);
        async move {
            stop.await;
            process.stopping.raise();
        }
    };
    // An answer is written at once: waiting to fill a packet would add 40 ms to it.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let serving = axum::serve(listener, routes::router(server))
        .with_graceful_shutdown(asked)
        .into_future();
    tokio::select! {
        ended = serving => ended,
        () = async { process.stopping.raised().await; clock.sleep(GRACE).await } => Ok(()),
    }
}
