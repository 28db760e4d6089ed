//! What one check of a mirror saw: facts only, no judgement.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;

use super::{Family, Target, TargetKind};
use crate::listing::has_link;
use crate::release::{Release, ReleaseError};
use crate::repomd::{Repomd, RepomdError};

/// Everything that one check saw.
#[derive(Clone, Debug)]
pub struct Observation {
    /// When the check began.
    pub observed_at: Timestamp,
    /// Why the mirror's name could not be resolved, where it could not.
    pub name_failure: Option<NameFailure>,
    /// What was seen over each address family; empty where the name could not be resolved.
    pub families: Vec<FamilyObservation>,
    /// What is known of the place that the mirror copies; none where the request names no authority.
    pub authority: Option<Authority>,
}

/// What was seen over one address family.
#[derive(Clone, Debug)]
pub struct FamilyObservation {
    /// Which.
    pub family: Family,
    /// What happened.
    pub outcome: FamilyOutcome,
    /// Files that there was no time for, also those that were cut off.
    pub not_looked_at: Vec<Target>,
}

/// Whether a family could be tried at all.
#[derive(Clone, Debug)]
pub enum FamilyOutcome {
    /// The name has no address of this family.
    NoAddress,
    /// The scanner's own network has no route for this family.
    NoRoute,
    /// Files were asked for, as far as there was time. After a failure of the connection the rest is not asked for.
    Asked(Vec<Fetched>),
}

/// What came of asking for one file.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The file.
    pub target: Target,
    /// What was seen.
    pub seen: Seen,
}

/// What was seen of one exchange, complete or not.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The address that was talked to, or that the last attempt failed on.
    pub address: Option<IpAddr>,
    /// Addresses of the same name that did not take the connection before that one was tried.
    pub broken_addresses: Vec<IpAddr>,
    /// How long each step took, as far as it came.
    pub latency: Latency,
    /// The certificate that the server showed, also where it was not accepted.
    pub tls: Option<TlsSeen>,
    /// Whether a redirect led from https to http.
    pub downgraded: bool,
    /// The answer, or why there was none.
    pub reply: Result<Reply, AttemptFailure>,
}

// The client has a structure of the same shape, and so have others below. It serves any use and does not know this
// domain; the domain is pure and must not know a client. The app translates between the two.
/// How long the steps of an exchange took; none for steps that were not reached or not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Resolving the name.
    pub dns: Option<Duration>,
    /// Making the TCP connection.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the request to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// All of it, redirects included.
    pub total: Duration,
}

/// What the server's own certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSeen {
    /// The end of its validity.
    pub not_after: Timestamp,
    /// Who issued it, as text for people.
    pub issuer: String,
}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The server's clock, from its `Date` header; none where a cache answered.
    pub server_date: Option<Timestamp>,
    /// The size of the body as far as it was read, in bytes.
    pub bytes: usize,
    /// What the body was.
    pub content: Content,
}

/// A body, as the file that it should have been.
#[derive(Clone, Debug)]
pub enum Content {
    /// Not looked at, because the status already says that there is nothing.
    Unread,
    /// A front page.
    FrontPage {
        /// Whether it has a link.
        has_link: bool,
    },
    /// An `InRelease`.
    Release(Result<Release, ReleaseError>),
    /// A `repomd.xml`.
    Repomd(Result<Repomd, RepomdError>),
}

/// Why a name could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameFailure {
    /// The name does not exist or has no address.
    NotFound,
    /// The resolver failed, with its words.
    Failed(String),
    /// The resolver did not answer in time.
    TimedOut(Duration),
}

/// Why there was no complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptFailure {
    /// The name of a redirect could not be resolved.
    Name(NameFailure),
    /// The connection was refused.
    Refused,
    /// No connection for another reason, in the system's words.
    Unreachable(String),
    /// A step did not end in time.
    TimedOut {
        /// Which.
        phase: Phase,
        /// The limit that ran out.
        limit: Duration,
    },
    /// The peer broke off.
    Reset(Phase),
    /// The TLS handshake failed.
    Tls(TlsFault),
    /// The peer does not speak HTTP as it should, in the reader's words.
    Protocol(String),
    /// The body ended too early.
    BodyShort {
        /// What the head announced, in bytes, where it did.
        announced: Option<u64>,
        /// What came, in bytes.
        received: u64,
    },
    /// The body is larger than the limit, in bytes.
    BodyTooLarge(usize),
    /// Too many redirects, or a circle.
    RedirectLoop,
    /// A redirect that is not followed, and why.
    RedirectRefused(String),
    /// The host had asked to be left alone until then, so nothing was sent.
    HeldBack(Timestamp),
}

/// A step of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Making the TCP connection.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// Waiting for the head of the answer.
    FirstByte,
    /// Reading the body.
    Body,
}

/// Why a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// No trusted issuer.
    Untrusted,
    /// Another name.
    WrongName,
    /// Anything else, in the library's words.
    Other(String),
}

/// The generations that the authority is known to have published, by the path of the file.
#[derive(Clone, Debug, Default)]
pub struct Authority(pub BTreeMap<String, Generation>);

/// What is known of the authority's copy of one file.
#[derive(Clone, Debug)]
pub enum Generation {
    /// The dates of the generations that were seen, oldest first, the present one last. More than one lets the lag be
    /// told exactly: the mirror lacks the oldest one that is newer than its own.
    Known(Vec<Timestamp>),
    /// It could not be read, and why.
    Unknown(String),
}

impl Content {
    /// Reads a body as the file that was asked for.
    pub fn read(kind: TargetKind, body: &[u8]) -> Self {
        match kind {
            TargetKind::FrontPage => Self::FrontPage {
                has_link: has_link(body),
            },
            TargetKind::InRelease => Self::Release(Release::read(body)),
            TargetKind::Repomd => Self::Repomd(Repomd::read(body)),
        }
    }

    /// When this generation of the file was made, where the content says it.
    pub fn date(&self) -> Option<Timestamp> {
        match self {
            Self::Release(Ok(release)) => Some(release.date),
            Self::Repomd(Ok(repomd)) => repomd.date(),
            _ => None,
        }
    }

    /// Words that differ between generations of the file.
    pub fn generation(&self) -> Option<String> {
        match self {
            Self::Release(Ok(release)) => Some(release.date.to_string()),
            Self::Repomd(Ok(repomd)) => {
                let date = repomd.date().map(|date| date.to_string());
                repomd
                    .revision
                    .as_ref()
                    .map(|revision| format!("revision {revision}"))
                    .or(date)
            }
            _ => None,
        }
    }
}

impl Seen {
    /// The answer's content, where there is one.
    pub fn content(&self) -> Option<&Content> {
        self.reply.as_ref().ok().map(|reply| &reply.content)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "the connection",
            Self::Handshake => "the TLS handshake",
            Self::FirstByte => "the head of the answer",
            Self::Body => "the body",
        })
    }
}

impl FamilyObservation {
    /// The files that were asked for; none when the family could not be tried.
    pub fn asked(&self) -> Option<&[Fetched]> {
        match &self.outcome {
            FamilyOutcome::Asked(fetched) => Some(fetched),
            FamilyOutcome::NoAddress | FamilyOutcome::NoRoute => None,
        }
    }
}
