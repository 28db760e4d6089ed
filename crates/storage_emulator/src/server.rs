//! The two services behind listeners.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::answer::Body;
use crate::call::{Arrival, ProcessLabel, Service};
use crate::emulator::{Disconnected, Emulator};

/// A client that has sent half a request head for so long is cut off.
const HEAD_TIME_OUT: Duration = Duration::from_secs(30);

/// Where the services listen, and how.
#[derive(Debug)]
pub struct Listeners {
    blob: TcpListener,
    queue: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    label: Option<ProcessLabel>,
}

impl Listeners {
    /// Plain HTTP on these two.
    pub fn new(blob: TcpListener, queue: TcpListener) -> Self {
        Self {
            blob,
            queue,
            tls: None,
            label: None,
        }
    }

    /// HTTPS instead, with this certificate; bearer tokens need it.
    pub fn tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Everything that arrives here comes from this process: give each app listeners of its own to tell them apart.
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(ProcessLabel(label.to_owned()));
        self
    }
}

impl Emulator {
    /// Serves both services until the future is dropped; connections end with it. One emulator may serve on several
    /// pairs of listeners at once.
    pub async fn serve(&self, listeners: Listeners) -> Infallible {
        let Listeners {
            blob,
            queue,
            tls,
            label,
        } = listeners;
        let acceptor = tls.map(TlsAcceptor::from);
        let (never, _) = tokio::join!(
            self.accept(blob, Service::Blob, acceptor.clone(), label.clone()),
            self.accept(queue, Service::Queue, acceptor, label),
        );
        never
    }

    async fn accept(
        &self,
        listener: TcpListener,
        service: Service,
        tls: Option<TlsAcceptor>,
        label: Option<ProcessLabel>,
    ) -> Infallible {
        // Dropped with this future, and then it aborts the connections.
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, mostly; wait for connections to end instead of spinning.
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "cannot accept a storage connection"
                    );
                    if connections.join_next().await.is_none() {
                        tokio::task::yield_now().await;
                    }
                    continue;
                }
            };
            // Without this, small answers would wait for the client's acknowledgements.
            let _ = stream.set_nodelay(true);
            let reset = Arc::new(AtomicBool::new(false));
            let stream = ResettableStream {
                stream,
                reset: Arc::clone(&reset),
            };
            let arrival = Arrival {
                service,
                secure: tls.is_some(),
                peer: Some(peer.ip()),
            };
            let connection = Connection {
                emulator: self.clone(),
                arrival,
                label: label.clone(),
                reset,
            };
            match tls.clone() {
                None => connections.spawn(connection.serve(stream)),
                Some(acceptor) => connections.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection.serve(stream).await;
                    }
                }),
            };
        }
    }
}

struct Connection {
    emulator: Emulator,
    arrival: Arrival,
    label: Option<ProcessLabel>,
    reset: Arc<AtomicBool>,
}

impl Connection {
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request| self.answer(request));
        // Errors are those of the peer or of a fault that cuts the connection; both sides know.
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_OUT)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Streamed>, Disconnected> {
        let (head, body) = request.into_parts();
        let limit = self.emulator.0.largest_body;
        let body = match Limited::new(body, limit).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Ok(too_large()),
            Err(_) => return Err(Disconnected),
        };
        let mut request = Request::from_parts(head, body);
        request.extensions_mut().insert(self.arrival);
        if let Some(label) = &self.label {
            request.extensions_mut().insert(label.clone());
        }
        match self.emulator.answer(request).await {
            Ok(response) => Ok(response.map(Streamed)),
            Err(Disconnected) => {
                self.reset.store(true, Ordering::Relaxed);
                Err(Disconnected)
            }
        }
    }
}

/// The rest of the body is still on its way, so the connection closes after this.
fn too_large() -> Response<Streamed> {
    let mut response = Response::new(Streamed(Body::default()));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    let headers = response.headers_mut();
    headers.insert("x-ms-error-code", http::HeaderValue::from_static("RequestBodyTooLarge"));
    headers.insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
    response
}

/// A body that reads its files as the client takes it.
struct Streamed(Body);

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.next().map(|part| part.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len())
    }
}

/// A connection that can be made to end with a reset instead of an orderly close.
struct ResettableStream {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for ResettableStream {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for ResettableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ResettableStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A shutdown would send an orderly end before the reset.
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
