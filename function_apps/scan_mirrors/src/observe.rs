//! Asking a mirror, over IPv4 and IPv6 at the same time.

use std::time::Duration;

use custom_handler::Clock;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use package_repos::mirror::{
    Family, FamilyObservation, FamilyOutcome, Fetched, MirrorRequest, Observation, Target, TargetKind,
};
use repo_client::{Addresses, Failure, Fetch, RepoClient, Wanted};

use crate::seen::{client_family, name_failure, seen};
use crate::settings::Deps;

/// Files of one mirror that are asked for at once, over each family.
const FILES_AT_ONCE: usize = 3;

/// How much of a front page is looked at for links, in bytes.
const FRONT_PAGE: usize = 256 * 1024;

/// The largest InRelease that is read, in bytes. Genuine ones have some hundred kilobytes.
const IN_RELEASE: usize = 2 * 1024 * 1024;

/// The largest repomd.xml that is read, in bytes. Genuine ones have some kilobytes.
const REPOMD: usize = 512 * 1024;

/// The longest that one check looks at a mirror, however much there is to see. Others wait for the place that it takes.
pub(crate) const LONGEST_CHECK: Duration = Duration::from_secs(90);

/// What is left before the deadline for judging and sending.
const RESERVE: Duration = Duration::from_secs(5);

/// The time of one check. Unlike the limits of an exchange it also counts waiting for one's turn.
pub(crate) struct CheckTime<'c> {
    clock: &'c Clock,
    ends: Duration,
}

impl<'c> CheckTime<'c> {
    /// The time until shortly before the deadline, and no more than [`LONGEST_CHECK`].
    pub(crate) fn until(deadline: Option<Timestamp>, clock: &'c Clock) -> Self {
        let left = deadline.map_or(LONGEST_CHECK, |deadline| {
            Duration::try_from(deadline.duration_since(clock.now()))
                .unwrap_or_default()
                .saturating_sub(RESERVE)
        });
        Self {
            clock,
            ends: clock.monotonic() + left.min(LONGEST_CHECK),
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.clock
    }

    /// The future's value; none when the time is over before.
    pub(crate) async fn spend<T>(&self, future: BoxFuture<'_, T>) -> Option<T> {
        let left = self.ends.saturating_sub(self.clock.monotonic());
        if left.is_zero() {
            return None;
        }
        self.clock.timeout(left, future).await.ok()
    }
}

/// Looks at a mirror, and at the authority where one is named, as far as there is time.
pub(crate) async fn observe(
    deps: &Deps,
    clock: &Clock,
    request: &MirrorRequest,
    observed_at: Timestamp,
    deadline: Option<Timestamp>,
) -> Observation {
    let time = CheckTime::until(deadline, clock);
    let client = deps.client.with_clock(clock);
    let targets = request.targets();
    let mut observation = Observation {
        observed_at,
        name_failure: None,
        families: Vec::new(),
        authority: None,
    };
    // The front page stands for the mirror's name: every target is on the same host. Resolving has a limit of its own,
    // which is below the check's.
    let resolved = match Target::front_page().url_below(request.url()) {
        Some(url) => client.resolve(&url).await,
        None => Err(repo_client::NameFailure::NotFound),
    };
    let addresses = match resolved {
        Ok(addresses) => addresses,
        Err(failure) => {
            observation.name_failure = Some(name_failure(failure));
            return observation;
        }
    };
    let look = |family| look(&client, request.url(), &targets, &addresses, family, &time);
    let authority = async {
        match request.authority() {
            Some(base) => Some(deps.authorities.generations(&client, &time, base, &targets).await),
            None => None,
        }
    };
    let (ipv4, ipv6, authority) = futures::join!(look(Family::Ipv4), look(Family::Ipv6), authority);
    observation.families = vec![ipv4, ipv6];
    observation.authority = authority;
    observation
}

/// How much of a file is read.
pub(crate) fn wanted(kind: TargetKind) -> Wanted {
    match kind {
        TargetKind::FrontPage => Wanted::Beginning(FRONT_PAGE),
        TargetKind::InRelease => Wanted::Whole(IN_RELEASE),
        TargetKind::Repomd => Wanted::Whole(REPOMD),
    }
}

async fn look(
    client: &RepoClient,
    base: &str,
    targets: &[Target],
    addresses: &Addresses,
    family: Family,
    time: &CheckTime<'_>,
) -> FamilyObservation {
    let mut observation = FamilyObservation {
        family,
        outcome: FamilyOutcome::NoAddress,
        not_looked_at: Vec::new(),
    };
    let Some((first, rest)) = targets
        .split_first()
        .filter(|_| !addresses.of(client_family(family)).is_empty())
    else {
        return observation;
    };
    let fetch = |target: &Target| {
        let target = target.clone();
        async move {
            let fetched = async {
                let url = target.url_below(base)?;
                let wanted = wanted(target.kind());
                let fetch = client.get(&url, addresses, client_family(family), wanted);
                time.spend(fetch.boxed()).await
            };
            fetched.await.map(|fetch| (target.clone(), fetch)).ok_or(target)
        }
    };
    // The first file alone: where no connection can be made, asking for the others would only take as long again.
    let (target, first) = match fetch(first).await {
        Ok(fetched) => fetched,
        Err(_) => {
            observation.outcome = FamilyOutcome::Asked(Vec::new());
            observation.not_looked_at = targets.to_vec();
            return observation;
        }
    };
    if matches!(
        first,
        Fetch {
            outcome: Err(Failure::NoRoute),
            redirects: 0,
            ..
        }
    ) {
        observation.outcome = FamilyOutcome::NoRoute;
        return observation;
    }
    let reached = reached(&first);
    let mut fetched = vec![Fetched {
        seen: seen(target.kind(), first),
        target,
    }];
    if reached {
        let mut rest = stream::iter(rest).map(fetch).buffered(FILES_AT_ONCE);
        while let Some(outcome) = rest.next().await {
            match outcome {
                Ok((target, fetch)) => fetched.push(Fetched {
                    seen: seen(target.kind(), fetch),
                    target,
                }),
                Err(target) => observation.not_looked_at.push(target),
            }
        }
    }
    observation.outcome = FamilyOutcome::Asked(fetched);
    observation
}

/// Whether the mirror answered at all, so that it makes sense to ask for more.
fn reached(fetch: &Fetch) -> bool {
    !matches!(
        fetch.outcome,
        Err(Failure::Name(_)
            | Failure::NoAddress
            | Failure::NoRoute
            | Failure::Refused
            | Failure::Unreachable(_)
            | Failure::TimedOut { .. }
            | Failure::Reset(_)
            | Failure::Tls(_)
            | Failure::HeldBack(_))
    )
}
