//! The facts of a check in the form in which the status message carries them.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::verdict::lag;
use super::{Family, FamilyOutcome, Fetched, Observation};

/// What was measured, without judgement. Times are RFC 3339 in UTC, durations whole milliseconds or seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// By address family.
    pub families: Vec<FamilyFacts>,
    /// The earliest end of a certificate that was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_not_after: Option<Timestamp>,
    /// How much older than the authority's present generation the oldest copy is; 0 when it is up to date, absent when
    /// it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<u64>,
}

/// What was measured over one address family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FamilyFacts {
    /// Which.
    pub family: Family,
    /// The last address that was talked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How long the first file took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<LatencyFacts>,
    /// The files, in the order asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileFacts>,
}

/// How long the steps took, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LatencyFacts {
    /// Resolving the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<u64>,
    /// Making the TCP connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<u64>,
    /// The TLS handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<u64>,
    /// From the request to the first byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<u64>,
    /// All of it.
    pub total: u64,
}

/// What is known of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFacts {
    /// The path below the mirror; empty for the front page.
    pub target: String,
    /// The HTTP status; absent without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The size of what was read, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// When this generation was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
}

impl Facts {
    /// The facts of an observation.
    pub fn of(observation: &Observation) -> Self {
        let files = || {
            observation
                .families
                .iter()
                .filter_map(|family| family.asked())
                .flatten()
        };
        Self {
            families: observation.families.iter().map(FamilyFacts::of).collect(),
            certificate_not_after: files().filter_map(|file| Some(file.seen.tls.as_ref()?.not_after)).min(),
            lag_seconds: files()
                .filter_map(|file| lag_of(file, observation))
                .max()
                .map(|lag| lag.as_secs()),
        }
    }
}

impl FamilyFacts {
    fn of(family: &super::FamilyObservation) -> Self {
        let files = match &family.outcome {
            FamilyOutcome::Asked(files) => files.as_slice(),
            FamilyOutcome::NoAddress | FamilyOutcome::NoRoute => &[],
        };
        Self {
            family: family.family,
            address: files
                .iter()
                .rev()
                .find_map(|file| file.seen.address)
                .map(|address| address.to_string()),
            latency_ms: files.first().map(|file| LatencyFacts::of(&file.seen.latency)),
            files: files.iter().map(FileFacts::of).collect(),
        }
    }
}

impl LatencyFacts {
    fn of(latency: &super::Latency) -> Self {
        Self {
            dns: latency.dns.map(milliseconds),
            connect: latency.connect.map(milliseconds),
            tls: latency.tls.map(milliseconds),
            first_byte: latency.first_byte.map(milliseconds),
            total: milliseconds(latency.total),
        }
    }
}

impl FileFacts {
    fn of(file: &Fetched) -> Self {
        let reply = file.seen.reply.as_ref().ok();
        Self {
            target: file.target.path().to_owned(),
            status: reply.map(|reply| reply.status),
            bytes: reply.map(|reply| reply.bytes),
            date: reply.and_then(|reply| reply.content.date()),
        }
    }
}

fn lag_of(file: &Fetched, observation: &Observation) -> Option<Duration> {
    let copy = file.seen.content()?.date()?;
    let authority = lag::generations(observation, file.target.path())?;
    Some(
        lag::Lag::of(copy, authority, observation.observed_at)
            .map(|lag| lag.older)
            .unwrap_or_default(),
    )
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
