//! One request and its answer over one connection.

use std::error::Error as _;
use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use determinism::Clock;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, HOST, LOCATION, USER_AGENT};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use url::Url;

use crate::connect::Stream;
use crate::failure::{Failure, Phase};
use crate::fetch::Wanted;
use crate::settings::ClientSettings;

/// The head of an answer, and the body as far as it is wanted. Bodies of redirects are not read.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A limit on a step, and on all of them: the time left is never more than either.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    clock: Clock,
    ends: Duration,
    total: Duration,
}

impl Budget {
    pub(crate) fn new(clock: &Clock, total: Duration) -> Self {
        Self {
            clock: clock.clone(),
            ends: clock.monotonic() + total,
            total,
        }
    }

    /// The step's value, or a time-out that names the limit which ran out.
    pub(crate) async fn limit<F: Future>(&self, phase: Phase, step: Duration, future: F) -> Result<F::Output, Failure> {
        let left = self.ends.saturating_sub(self.clock.monotonic());
        let limit = if left < step { self.total } else { step };
        self.clock
            .timeout(left.min(step), future)
            .await
            .map_err(|_| Failure::TimedOut { phase, limit })
    }

    /// Like [`Budget::limit`] without a limit of its own.
    pub(crate) async fn rest<F: Future>(&self, phase: Phase, future: F) -> Result<F::Output, Failure> {
        self.limit(phase, self.total, future).await
    }
}

/// Sends a GET and reads the answer. `first_byte` is told as soon as the head is there.
pub(crate) async fn exchange(
    stream: Box<dyn Stream>,
    url: &Url,
    wanted: Wanted,
    settings: &ClientSettings,
    budget: &Budget,
    first_byte: &mut Option<Duration>,
) -> Result<Exchanged, Failure> {
    let request = request(url, settings)?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(settings.largest_head.max(8192))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failure(&error, Phase::FirstByte))?;
    let exchange = async {
        let started = budget.clock.monotonic();
        let response = budget
            .limit(
                Phase::FirstByte,
                settings.times.first_byte,
                sender.send_request(request),
            )
            .await?;
        let response = response.map_err(|error| failure(&error, Phase::FirstByte))?;
        *first_byte = Some(budget.clock.monotonic().saturating_sub(started));
        read(response, wanted, budget).await
    };
    let (mut exchange, mut connection) = (pin!(exchange), pin!(connection));
    // The connection makes no progress unless it is polled; its end is told to the exchange by hyper.
    tokio::select! {
        biased;
        exchanged = &mut exchange => exchanged,
        _ = &mut connection => exchange.await,
    }
}

fn request(url: &Url, settings: &ClientSettings) -> Result<Request<Empty<Bytes>>, Failure> {
    let host = url.host_str().unwrap_or_default();
    let host = url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    Request::get(path)
        .header(HOST, host)
        .header(USER_AGENT, &settings.user_agent)
        .header(ACCEPT, "*/*")
        // What is stored is what is looked at.
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|error| Failure::Protocol(format!("the address makes no request: {error}")))
}

async fn read(response: Response<Incoming>, wanted: Wanted, budget: &Budget) -> Result<Exchanged, Failure> {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    let body = if is_redirect(status, &head.headers) {
        Bytes::new()
    } else {
        if let Some(encoding) = head
            .headers
            .get(CONTENT_ENCODING)
            .filter(|encoding| *encoding != "identity")
        {
            return Err(Failure::Protocol(format!(
                "the body is encoded ({encoding:?}), which was not asked for"
            )));
        }
        budget.rest(Phase::Body, read_body(body, wanted)).await??
    };
    Ok(Exchanged {
        status,
        headers: head.headers,
        body,
    })
}

pub(crate) fn is_redirect(status: u16, headers: &HeaderMap) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308) && headers.contains_key(LOCATION)
}

async fn read_body(mut body: Incoming, wanted: Wanted) -> Result<Bytes, Failure> {
    let announced = body.size_hint().exact();
    let mut read = BytesMut::new();
    let (Wanted::Whole(most) | Wanted::Beginning(most)) = wanted;
    if matches!(wanted, Wanted::Whole(_)) && announced.is_some_and(|announced| announced > most as u64) {
        return Err(Failure::BodyTooLarge(most));
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| body_failure(&error, announced, read.len()))?;
        let Some(data) = frame.data_ref() else { continue };
        let room = most - read.len();
        read.extend_from_slice(&data[..data.len().min(room)]);
        match wanted {
            Wanted::Whole(_) if data.len() > room => return Err(Failure::BodyTooLarge(most)),
            Wanted::Beginning(_) if data.len() >= room => break,
            _ => {}
        }
    }
    Ok(read.freeze())
}

fn body_failure(error: &hyper::Error, announced: Option<u64>, received: usize) -> Failure {
    match failure(error, Phase::Body) {
        // A close in the body is told apart from a reset: the server thinks that it has said everything.
        Failure::Reset(_) if io_kind(error) != Some(io::ErrorKind::ConnectionReset) => Failure::BodyShort {
            announced,
            received: received as u64,
        },
        failure => failure,
    }
}

fn failure(error: &hyper::Error, phase: Phase) -> Failure {
    match io_kind(error) {
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof,
        ) => Failure::Reset(phase),
        _ if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => Failure::Reset(phase),
        _ => Failure::Protocol(error.source().map_or_else(|| error.to_string(), ToString::to_string)),
    }
}

/// The kind of the input or output error underneath, where there is one.
fn io_kind(error: &hyper::Error) -> Option<io::ErrorKind> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        source = error.source();
    }
    None
}
