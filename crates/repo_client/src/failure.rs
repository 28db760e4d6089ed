//! The ways in which a request fails.

use std::time::Duration;

use jiff::Timestamp;

/// Why there was no complete answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The name could not be resolved.
    #[error(transparent)]
    Name(#[from] NameFailure),
    /// The name has no address of the family that was asked for.
    #[error("the name has no address of this family")]
    NoAddress,
    /// This machine has no route for the family.
    #[error("this machine has no route for the family")]
    NoRoute,
    /// The connection was refused.
    #[error("the connection was refused")]
    Refused,
    /// No connection for another reason, in the system's words.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// A step did not end in time.
    #[error("{phase} did not end within {limit:?}")]
    TimedOut {
        /// Which.
        phase: Phase,
        /// The limit that ran out: the step's own, or the one for the whole exchange.
        limit: Duration,
    },
    /// The peer reset or closed the connection in this step.
    #[error("the peer broke off during {0}")]
    Reset(Phase),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Tls(TlsFault),
    /// The answer is not HTTP, or breaks its rules, in the reader's words.
    #[error("the answer is no proper HTTP: {0}")]
    Protocol(String),
    /// The body ended too early.
    #[error("the body ended after {received} bytes")]
    BodyShort {
        /// What the head announced, in bytes, where it did.
        announced: Option<u64>,
        /// What came, in bytes.
        received: u64,
    },
    /// The body is larger than this limit in bytes.
    #[error("the body is larger than {0} bytes")]
    BodyTooLarge(usize),
    /// More redirects than the limit, or one that leads back.
    #[error("the redirects do not come to an end")]
    RedirectLoop,
    /// A redirect that is not followed, and why.
    #[error("the redirect is not followed: {0}")]
    RedirectRefused(&'static str),
    /// The host had asked to be left alone until then, so nothing was sent.
    #[error("the host asked to be left alone until {0}")]
    HeldBack(Timestamp),
}

/// Why a name could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFailure {
    /// It does not exist, or has no address.
    #[error("the name does not exist or has no address")]
    NotFound,
    /// The resolver failed, with its words.
    #[error("the name could not be resolved: {0}")]
    Failed(String),
    /// The resolver did not answer in time.
    #[error("the name was not resolved within {0:?}")]
    TimedOut(Duration),
}

/// A step of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Making the TCP connection.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// From the request to the head of the answer.
    FirstByte,
    /// Reading the body.
    Body,
}

/// Why a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// A certificate of the chain has expired.
    #[error("a certificate has expired")]
    Expired,
    /// A certificate of the chain is not valid yet.
    #[error("a certificate is not valid yet")]
    NotYetValid,
    /// No trusted issuer, or a signature that does not hold.
    #[error("the certificate is not trusted")]
    Untrusted,
    /// The certificate is for other names.
    #[error("the certificate is for other names")]
    WrongName,
    /// Anything else, in the library's words.
    #[error("{0}")]
    Other(String),
}

impl std::fmt::Display for Phase {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "the connection",
            Self::Handshake => "the TLS handshake",
            Self::FirstByte => "the wait for the answer",
            Self::Body => "the body",
        })
    }
}
