//! TCP connections and TLS handshakes.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use determinism::Clock;
use rustls::ClientConfig;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::certificate::{CertificateFacts, RecordingVerifier, fault};
use crate::failure::{Failure, Phase, TlsFault};
use crate::trust::{ExtraRoots, verifier};

/// Bytes both ways: TCP, or TLS over it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Makes the connection to `address`.
pub(crate) async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| connect_failure(&error))?;
    // The request is one small write; waiting for more would only delay it.
    stream.set_nodelay(true).map_err(|error| connect_failure(&error))?;
    Ok(stream)
}

fn connect_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Failure::Reset(Phase::Connect),
        // The system's own time-out came before ours.
        io::ErrorKind::TimedOut => Failure::TimedOut {
            phase: Phase::Connect,
            limit: Duration::ZERO,
        },
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported => {
            Failure::NoRoute
        }
        // EAFNOSUPPORT on Linux, where the kernel has no IPv6 at all, has no kind of its own.
        _ if error.raw_os_error() == Some(97) => Failure::NoRoute,
        _ => Failure::Unreachable(error.to_string()),
    }
}

/// TLS for all connections of a client. The system's trust roots are read at the first handshake, not at start.
#[derive(Debug)]
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    extra_roots: ExtraRoots,
    verifier: OnceLock<Result<Arc<WebPkiServerVerifier>, String>>,
}

impl Tls {
    pub(crate) fn new(extra_roots: ExtraRoots) -> Self {
        Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            extra_roots,
            verifier: OnceLock::new(),
        }
    }

    /// Makes the handshake. The certificate is told also when it is refused.
    pub(crate) async fn handshake(
        &self,
        stream: TcpStream,
        host: &str,
        clock: &Clock,
    ) -> (Result<Box<dyn Stream>, Failure>, Option<CertificateFacts>) {
        let verifier = match self
            .verifier
            .get_or_init(|| verifier(&self.provider, &self.extra_roots))
        {
            Ok(verifier) => Arc::new(RecordingVerifier::new(Arc::clone(verifier))),
            Err(reason) => return (Err(other(reason)), None),
        };
        let Ok(name) = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()) else {
            return (Err(other("the host is no name that a certificate can have")), None);
        };
        let connector = match self.config(Arc::clone(&verifier), clock) {
            Ok(config) => TlsConnector::from(Arc::new(config)),
            Err(error) => return (Err(other(error)), None),
        };
        let stream = connector.connect(name, stream).await;
        let stream = stream
            .map(|stream| Box::new(stream) as Box<dyn Stream>)
            .map_err(|error| handshake_failure(&error));
        (stream, verifier.seen())
    }

    fn config(&self, verifier: Arc<RecordingVerifier>, clock: &Clock) -> Result<ClientConfig, rustls::Error> {
        let mut config =
            ClientConfig::builder_with_details(Arc::clone(&self.provider), Arc::new(CertificateTime(clock.clone())))
                .with_safe_default_protocol_versions()?
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth();
        // Each look is a full one: a resumed session shows no certificate.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

fn other(reason: impl ToString) -> Failure {
    Failure::Tls(TlsFault::Other(reason.to_string()))
}

fn handshake_failure(error: &io::Error) -> Failure {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (cause, error.kind()) {
        (Some(error), _) => Failure::Tls(fault(error)),
        (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            Failure::Reset(Phase::Handshake)
        }
        (None, _) => other(error),
    }
}

/// The time at which certificates are judged.
#[derive(Debug)]
struct CertificateTime(Clock);

impl TimeProvider for CertificateTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_route_is_told_from_a_silent_mirror() {
        let failure = |kind: io::ErrorKind| connect_failure(&kind.into());
        assert_eq!(failure(io::ErrorKind::NetworkUnreachable), Failure::NoRoute);
        assert_eq!(connect_failure(&io::Error::from_raw_os_error(97)), Failure::NoRoute);
        assert_eq!(failure(io::ErrorKind::ConnectionRefused), Failure::Refused);
        assert!(matches!(
            failure(io::ErrorKind::HostUnreachable),
            Failure::Unreachable(_)
        ));
    }
}
