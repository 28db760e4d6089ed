//! Lag behind the authority, measured on the authority's own dates and never on a file's age: a suite that changes
//! once a year is not late.

use std::time::Duration;

use jiff::Timestamp;

use super::super::{Fetched, Generation, Observation};
use super::{Limits, since, spelled};
use crate::finding::{Code, Finding};

/// How far behind the authority a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mirror) struct Lag {
    /// How much older the copy is than the authority's present generation.
    pub(in crate::mirror) older: Duration,
    /// How long the copy has certainly lacked a generation.
    pub(in crate::mirror) missing: Duration,
}

impl Lag {
    /// None when the copy has the present generation, or a newer one.
    pub(in crate::mirror) fn of(copy: Timestamp, authority: &[Timestamp], observed_at: Timestamp) -> Option<Self> {
        let present = authority.iter().max().filter(|present| **present > copy)?;
        let first_missing = authority.iter().filter(|date| **date > copy).min()?;
        Some(Self {
            older: since(*present, copy),
            missing: since(observed_at, *first_missing),
        })
    }
}

/// The authority's dates for a file, where they are known.
pub(in crate::mirror) fn generations<'a>(observation: &'a Observation, path: &str) -> Option<&'a [Timestamp]> {
    match observation.authority.as_ref()?.0.get(path)? {
        Generation::Known(dates) => Some(dates),
        Generation::Unknown(_) => None,
    }
}

pub(super) fn finding(fetched: &Fetched, observation: &Observation, limits: &Limits) -> Option<Finding> {
    let copy = fetched.seen.content()?.date()?;
    let authority = generations(observation, fetched.target.path())?;
    let lag = Lag::of(copy, authority, observation.observed_at)?;
    let message = format!("the copy is {} older than the authority's", spelled(lag.older));
    let late = lag.older > limits.lag && lag.missing > limits.lag_grace;
    let code = if late { Code::MirrorLagging } else { Code::MirrorBehind };
    Some(Finding::new(code, message).about(fetched.target.path()))
}

/// One finding for all files whose lag is not known.
pub(super) fn unknown_authority(observation: &Observation) -> Option<Finding> {
    let authority = observation.authority.as_ref()?;
    let mut unknown = authority.0.iter().filter_map(|(path, generation)| match generation {
        Generation::Unknown(reason) => Some((path, reason)),
        Generation::Known(_) => None,
    });
    let (path, reason) = unknown.next()?;
    let others = match unknown.count() {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    Some(Finding::new(
        Code::AuthorityUnknown,
        format!("{path}{others}: {reason}"),
    ))
}
