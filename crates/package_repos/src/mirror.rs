//! Mirrors: what to check ([`MirrorRequest`], [`MirrorList`]), what was seen ([`Observation`]) and what it means
//! ([`judge`]).

mod facts;
mod list;
mod observation;
mod request;
mod target;
mod verdict;

pub use facts::{Facts, FamilyFacts, FileFacts, LatencyFacts};
pub use list::{EntryProblem, ListError, MirrorList, UnusableEntry};
pub use observation::{
    AttemptFailure, Authority, Content, FamilyObservation, FamilyOutcome, Fetched, Generation, Latency, NameFailure,
    Observation, Phase, Reply, Seen, TlsFault, TlsSeen,
};
pub use request::{MIRROR_REQUESTS, MirrorRequest, RequestError};
pub use target::{Target, TargetKind};
pub use verdict::{Limits, Verdict, judge};

use std::fmt;

use serde::{Deserialize, Serialize};

/// The two kinds of internet address that a client may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4, by A records.
    Ipv4,
    /// IPv6, by AAAA records.
    Ipv6,
}

impl Family {
    /// Both, in the order in which they are reported.
    pub const BOTH: [Self; 2] = [Self::Ipv4, Self::Ipv6];
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        })
    }
}
