//! Asking a mirror, over IPv4 and IPv6 at the same time.

use custom_handler::Clock;
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

/// Looks at a mirror, and at the authority where one is named.
pub(crate) async fn observe(
    deps: &Deps,
    clock: &Clock,
    request: &MirrorRequest,
    observed_at: Timestamp,
) -> Observation {
    let client = deps.client.with_clock(clock);
    let targets = request.targets();
    let mut observation = Observation {
        observed_at,
        name_failure: None,
        families: Vec::new(),
        authority: None,
    };
    // The front page stands for the mirror's name: every target is on the same host.
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
    let look = |family| look(&client, request.url(), &targets, &addresses, family);
    let authority = async {
        match request.authority() {
            Some(base) => Some(deps.authorities.generations(&client, clock, base, &targets).await),
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
) -> FamilyObservation {
    if addresses.of(client_family(family)).is_empty() {
        return FamilyObservation {
            family,
            outcome: FamilyOutcome::NoAddress,
        };
    }
    let fetch = |target: &Target| {
        let target = target.clone();
        async move {
            let url = target.url_below(base)?;
            let fetch = client
                .get(&url, addresses, client_family(family), wanted(target.kind()))
                .await;
            Some((target, fetch))
        }
    };
    let mut fetched = Vec::new();
    // The first file alone: where no connection can be made, asking for the others would only take as long again.
    if let Some((target, first)) = match targets.first() {
        Some(target) => fetch(target).await,
        None => None,
    } {
        if matches!(
            first,
            Fetch {
                outcome: Err(Failure::NoRoute),
                redirects: 0,
                ..
            }
        ) {
            return FamilyObservation {
                family,
                outcome: FamilyOutcome::NoRoute,
            };
        }
        let reached = reached(&first);
        fetched.push(Fetched {
            seen: seen(target.kind(), first),
            target,
        });
        if reached {
            let rest = stream::iter(&targets[1..]).map(fetch).buffered(FILES_AT_ONCE);
            let rest = rest.filter_map(|fetched| async { fetched });
            let rest = rest.map(|(target, fetch)| Fetched {
                seen: seen(target.kind(), fetch),
                target,
            });
            fetched.extend(rest.collect::<Vec<_>>().await);
        }
    }
    FamilyObservation {
        family,
        outcome: FamilyOutcome::Asked(fetched),
    }
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
