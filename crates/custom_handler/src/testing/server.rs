//! An app under test behind a socket.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::TestApp;
use crate::server::{BodyLimits, HttpServer, serve_until};

/// A server on a free port of 127.0.0.1, for tests of what only a socket shows. It stops when this is dropped.
pub struct TestServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<io::Result<()>>,
}

impl TestServer {
    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks the server to stop, as SIGTERM does, and waits until it has.
    ///
    /// # Errors
    /// What the server ended with.
    pub async fn stop(mut self) -> io::Result<()> {
        drop(self.stop.take());
        (&mut self.serving).await.map_err(io::Error::other)?
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if self.stop.is_some() {
            self.serving.abort();
        }
    }
}

impl<D: Send + Sync + 'static> TestApp<D> {
    /// Serves the app as in production, but on a free port, and as if the development host had started it: the header
    /// `x-dev-host-now` moves the clock.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn serve(self) -> io::Result<TestServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, asked) = oneshot::channel::<()>();
        let server = HttpServer {
            app: self.app,
            shared: Arc::clone(&self.shared),
            clock: self.clock,
            limits: BodyLimits::new(),
            in_dev_host: true,
        };
        let serving = tokio::spawn(serve_until(listener, server, async { drop(asked.await) }));
        Ok(TestServer {
            address,
            stop: Some(stop),
            serving,
        })
    }
}
