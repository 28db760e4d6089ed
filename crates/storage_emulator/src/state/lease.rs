//! The lease of a blob or container: "Lease Blob" and "Lease Container" of the REST reference, whose tables of outcomes
//! by state this follows.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Code, ServiceResult};

/// What is stored; whether it has expired depends on the time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lease {
    #[default]
    Available,
    Leased {
        id: String,
        seconds: Option<u32>,
        until: Option<Timestamp>,
    },
    Breaking {
        id: String,
        until: Timestamp,
    },
    Broken {
        id: String,
    },
}

/// The state as the service names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseStatus {
    Available,
    Leased,
    Expired,
    Breaking,
    Broken,
}

impl LeaseStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Leased => "leased",
            Self::Expired => "expired",
            Self::Breaking => "breaking",
            Self::Broken => "broken",
        }
    }

    /// Whether writes need the lease's id.
    pub(crate) fn is_locked(self) -> bool {
        matches!(self, Self::Leased | Self::Breaking)
    }
}

impl Lease {
    pub(crate) fn status(&self, now: Timestamp) -> LeaseStatus {
        match self {
            Self::Available => LeaseStatus::Available,
            Self::Leased { until: Some(until), .. } if *until <= now => LeaseStatus::Expired,
            Self::Leased { .. } => LeaseStatus::Leased,
            Self::Breaking { until, .. } if *until <= now => LeaseStatus::Broken,
            Self::Breaking { .. } => LeaseStatus::Breaking,
            Self::Broken { .. } => LeaseStatus::Broken,
        }
    }

    /// `infinite` or `fixed` while leased.
    pub(crate) fn duration_name(&self, now: Timestamp) -> Option<&'static str> {
        match self {
            Self::Leased { seconds, .. } if self.status(now) == LeaseStatus::Leased => {
                Some(if seconds.is_some() { "fixed" } else { "infinite" })
            }
            _ => None,
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Available => "",
            Self::Leased { id, .. } | Self::Breaking { id, .. } | Self::Broken { id } => id,
        }
    }

    fn is(&self, id: &str) -> bool {
        self.id().eq_ignore_ascii_case(id)
    }

    fn new(id: String, seconds: Option<u32>, now: Timestamp) -> Self {
        let until = seconds.map(|seconds| later(now, seconds));
        Self::Leased { id, seconds, until }
    }

    /// `seconds` is `None` for a lease without end.
    pub(crate) fn acquire(&self, id: String, seconds: Option<u32>, now: Timestamp) -> ServiceResult<Self> {
        match self.status(now) {
            LeaseStatus::Leased if !self.is(&id) => Err(Code::LeaseAlreadyPresent.into()),
            LeaseStatus::Breaking if self.is(&id) => Err(Code::LeaseIsBreakingAndCannotBeAcquired.into()),
            LeaseStatus::Breaking => Err(Code::LeaseAlreadyPresent.into()),
            _ => Ok(Self::new(id, seconds, now)),
        }
    }

    /// A lease that ran out can be renewed as long as nobody leased or wrote the resource since (a write clears it).
    pub(crate) fn renew(&self, id: &str, now: Timestamp) -> ServiceResult<Self> {
        match (self.status(now), self) {
            (LeaseStatus::Leased | LeaseStatus::Expired, Self::Leased { id: mine, seconds, .. }) if self.is(id) => {
                Ok(Self::new(mine.clone(), *seconds, now))
            }
            (LeaseStatus::Breaking | LeaseStatus::Broken, _) if self.is(id) => {
                Err(Code::LeaseIsBrokenAndCannotBeRenewed.into())
            }
            _ => Err(Code::LeaseIdMismatchWithLeaseOperation.into()),
        }
    }

    pub(crate) fn change(&self, id: &str, proposed: String, now: Timestamp) -> ServiceResult<Self> {
        match (self.status(now), self) {
            (LeaseStatus::Leased, Self::Leased { seconds, until, .. }) => {
                // Giving the new id twice is accepted, so that a lost answer can be repeated.
                if self.is(id) || self.is(&proposed) {
                    Ok(Self::Leased {
                        id: proposed,
                        seconds: *seconds,
                        until: *until,
                    })
                } else {
                    Err(Code::LeaseIdMismatchWithLeaseOperation.into())
                }
            }
            (LeaseStatus::Breaking, _) if self.is(id) => Err(Code::LeaseIsBreakingAndCannotBeChanged.into()),
            (LeaseStatus::Breaking, _) => Err(Code::LeaseIdMismatchWithLeaseOperation.into()),
            _ => Err(Code::LeaseNotPresentWithLeaseOperation.into()),
        }
    }

    pub(crate) fn release(&self, id: &str) -> ServiceResult<Self> {
        if *self != Self::Available && self.is(id) {
            Ok(Self::Available)
        } else {
            Err(Code::LeaseIdMismatchWithLeaseOperation.into())
        }
    }

    /// The lease after the break, and the seconds until another can be acquired.
    pub(crate) fn broken(&self, period: Option<u32>, now: Timestamp) -> ServiceResult<(Self, u32)> {
        let wait = match (self.status(now), self) {
            (LeaseStatus::Available, _) => return Err(Code::LeaseNotPresentWithLeaseOperation.into()),
            (LeaseStatus::Leased, Self::Leased { until: Some(until), .. }) => {
                let left = seconds_until(now, *until);
                period.map_or(left, |period| period.min(left))
            }
            (LeaseStatus::Leased, _) => period.unwrap_or(0),
            (LeaseStatus::Breaking, Self::Breaking { until, .. }) => {
                let left = seconds_until(now, *until);
                period.map_or(left, |period| period.min(left))
            }
            _ => 0,
        };
        let id = self.id().to_owned();
        Ok(if wait == 0 {
            (Self::Broken { id }, 0)
        } else {
            (
                Self::Breaking {
                    id,
                    until: later(now, wait),
                },
                wait,
            )
        })
    }

    /// Checks the lease id of a request that writes (`needed`) or only reads.
    pub(crate) fn check(&self, given: Option<&str>, needed: bool, names: &Names, now: Timestamp) -> ServiceResult<()> {
        match (self.status(now), given) {
            (status, Some(id)) if status.is_locked() => {
                if self.is(id) {
                    Ok(())
                } else {
                    Err(names.mismatch.into())
                }
            }
            (LeaseStatus::Available, Some(_)) => Err(names.not_present.into()),
            (_, Some(id)) => Err(if self.is(id) { Code::LeaseLost } else { names.mismatch }.into()),
            (status, None) if needed && status.is_locked() => Err(Code::LeaseIdMissing.into()),
            (_, None) => Ok(()),
        }
    }

    /// A write to the resource ends a lease that has run out: it cannot be renewed any more.
    pub(crate) fn after_write(&self, now: Timestamp) -> Self {
        if self.status(now).is_locked() {
            self.clone()
        } else {
            Self::Available
        }
    }
}

/// The codes that differ between blobs and containers.
pub(crate) struct Names {
    mismatch: Code,
    not_present: Code,
}

impl Names {
    pub(crate) const BLOB: Self = Self {
        mismatch: Code::LeaseIdMismatchWithBlobOperation,
        not_present: Code::LeaseNotPresentWithBlobOperation,
    };
    pub(crate) const CONTAINER: Self = Self {
        mismatch: Code::LeaseIdMismatchWithContainerOperation,
        not_present: Code::LeaseNotPresentWithContainerOperation,
    };
}

fn later(now: Timestamp, seconds: u32) -> Timestamp {
    now.checked_add(Duration::from_secs(seconds.into()))
        .unwrap_or(Timestamp::MAX)
}

/// Rounded up: a holder must never be told less than is left.
fn seconds_until(now: Timestamp, until: Timestamp) -> u32 {
    let left = until.as_millisecond().saturating_sub(now.as_millisecond()).max(0);
    u32::try_from((left + 999) / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn code(result: ServiceResult<Lease>) -> Code {
        result.unwrap_err().code
    }

    #[test]
    fn a_lease_is_exclusive_until_it_runs_out() {
        let lease = Lease::Available.acquire("a".into(), Some(15), at(0)).unwrap();
        assert_eq!(
            code(lease.acquire("b".into(), Some(15), at(14))),
            Code::LeaseAlreadyPresent
        );
        assert_eq!(
            lease.check(None, true, &Names::BLOB, at(14)).unwrap_err().code,
            Code::LeaseIdMissing
        );
        assert!(lease.check(None, false, &Names::BLOB, at(14)).is_ok());
        assert_eq!(lease.status(at(15)), LeaseStatus::Expired);
        assert_eq!(
            lease.check(Some("a"), true, &Names::BLOB, at(15)).unwrap_err().code,
            Code::LeaseLost
        );
        assert!(lease.acquire("b".into(), None, at(15)).is_ok());
        assert!(lease.renew("A", at(100)).is_ok(), "nobody wrote meanwhile");
        assert_eq!(
            code(lease.after_write(at(100)).renew("a", at(100))),
            Code::LeaseIdMismatchWithLeaseOperation
        );
    }

    #[test]
    fn breaking_waits_no_longer_than_the_lease_has_left() {
        let lease = Lease::Available.acquire("a".into(), Some(60), at(0)).unwrap();
        let (breaking, wait) = lease.broken(Some(10), at(55)).unwrap();
        assert_eq!(wait, 5);
        assert_eq!(
            code(breaking.acquire("a".into(), None, at(56))),
            Code::LeaseIsBreakingAndCannotBeAcquired
        );
        assert_eq!(code(breaking.renew("a", at(56))), Code::LeaseIsBrokenAndCannotBeRenewed);
        assert_eq!(breaking.status(at(60)), LeaseStatus::Broken);
        assert_eq!(breaking.broken(None, at(60)).unwrap().1, 0);
        assert!(breaking.acquire("b".into(), None, at(60)).is_ok());
        let endless = Lease::Available.acquire("a".into(), None, at(0)).unwrap();
        assert_eq!(
            endless.broken(None, at(1)).unwrap(),
            (Lease::Broken { id: "a".into() }, 0)
        );
    }

    #[test]
    fn change_can_be_repeated_and_release_frees() {
        let lease = Lease::Available.acquire("a".into(), None, at(0)).unwrap();
        let changed = lease.change("a", "b".into(), at(1)).unwrap();
        assert_eq!(changed.change("a", "b".into(), at(2)).unwrap(), changed);
        assert_eq!(code(changed.release("a")), Code::LeaseIdMismatchWithLeaseOperation);
        assert_eq!(changed.release("b").unwrap(), Lease::Available);
    }
}
