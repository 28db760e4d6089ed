//! The mirrors of the demonstration.

use std::time::Duration;

use determinism::Clock;
use serde_json::{Value, json};

use super::authority::Validity;
use super::behaviour::Behaviour;
use super::fleet::{FakeError, FakeMirrors, Plan, Transport};

/// The place that the demonstration's mirrors copy.
const ARCHIVE: &str = "archive.example";

const DAY: u64 = 24 * 3600;

/// Running mirrors, and what the scanner needs to know to find them.
pub struct DemoMirrors {
    /// The content of `static-data/mirrors.json`.
    pub mirrors_json: String,
    /// The value of the scanner's setting `AddressMap`.
    pub address_map_json: String,
    /// The value of the scanner's setting `ExtraTrustRoots`.
    pub extra_trust_roots_pem: String,
    /// The mirrors, in the order of the list.
    pub mirrors: Vec<DemoMirror>,
    /// What is not shown on this machine and why; nothing on most.
    pub limitation: Option<&'static str>,
    /// They listen until this is dropped.
    pub fleet: FakeMirrors,
}

/// One mirror of the demonstration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoMirror {
    /// Its address in the list.
    pub url: String,
    /// What is wrong with it, in words.
    pub story: &'static str,
    /// The code of the finding that a check must come to; none for the healthy ones. On a machine without IPv6 those
    /// that need both families are not found.
    pub expected: Option<&'static str>,
}

struct Part {
    name: &'static str,
    plan: Plan,
    kind: Kind,
    story: &'static str,
    expected: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Kind {
    Apt,
    Yum,
    Page,
}

/// Starts the demonstration's mirrors on free ports.
pub async fn demo_mirrors(clock: &Clock) -> Result<DemoMirrors, FakeError> {
    let mut fleet = FakeMirrors::new(clock).await?;
    fleet.add(ARCHIVE, &Plan::both(Behaviour::HEALTHY)).await?;
    let (mut entries, mut mirrors) = (Vec::new(), Vec::new());
    for part in parts() {
        let name = format!("{}.mirror.example", part.name);
        fleet.add(&name, &part.plan).await?;
        let scheme = if part.plan.transport == Transport::Plain {
            "http"
        } else {
            "https"
        };
        let (url, entry) = entry(scheme, &name, part.kind);
        mirrors.push(DemoMirror {
            url,
            story: part.story,
            expected: part.expected,
        });
        entries.push(entry);
    }
    let limitation = (!fleet.has_ipv6())
        .then_some("this machine has no IPv6 loopback address, so the faults of one address family are not shown");
    Ok(DemoMirrors {
        mirrors_json: format!("{:#}\n", Value::Array(entries)),
        address_map_json: fleet.address_map_json(),
        extra_trust_roots_pem: fleet.trust_roots_pem(),
        mirrors,
        limitation,
        fleet,
    })
}

fn entry(scheme: &str, name: &str, kind: Kind) -> (String, Value) {
    match kind {
        Kind::Apt => {
            let url = format!("{scheme}://{name}/debian/");
            let authority = format!("http://{ARCHIVE}/debian/");
            let entry = json!({"url": url, "suites": ["stable", "stable-updates"], "authority": authority});
            (url, entry)
        }
        Kind::Yum => {
            let url = format!("{scheme}://{name}/fedora/");
            let authority = format!("http://{ARCHIVE}/fedora/");
            let entry = json!({"url": url, "repos": ["releases/43/Everything/x86_64/os"], "authority": authority});
            (url, entry)
        }
        Kind::Page => {
            let url = format!("{scheme}://{name}/");
            (url.clone(), Value::String(url))
        }
    }
}

fn parts() -> Vec<Part> {
    let part = |name, plan, kind, story, expected| Part {
        name,
        plan,
        kind,
        story,
        expected,
    };
    let healthy = || Plan::both(Behaviour::HEALTHY);
    let valid = |days: u64| Transport::Tls(Validity::Ends(Duration::from_secs(days * DAY + 3600)));
    let expired = Transport::Tls(Validity::Ended(Duration::from_secs(2 * DAY)));
    vec![
        part("healthy", healthy().over(valid(60)), Kind::Apt, "healthy", None),
        part("fedora", healthy(), Kind::Yum, "healthy yum mirror", None),
        part(
            "page",
            healthy(),
            Kind::Page,
            "healthy, known by its address only",
            None,
        ),
        part(
            "lagging",
            Plan::both(Behaviour::lagging_days(3)),
            Kind::Apt,
            "3 days behind",
            Some("MIRROR-LAGGING"),
        ),
        part(
            "split",
            Plan::split(
                Behaviour::HEALTHY,
                Behaviour::Serve {
                    lag: Duration::from_secs(12 * 3600),
                },
            ),
            Kind::Apt,
            "another generation over IPv6",
            Some("MIRROR-GENERATIONS-DIFFER"),
        ),
        part(
            "half",
            Plan::split(Behaviour::HEALTHY, Behaviour::Refuse),
            Kind::Apt,
            "does not work over IPv6",
            Some("MIRROR-IPV6-BROKEN"),
        ),
        part(
            "slow",
            Plan::both(Behaviour::Slow(Duration::from_secs(6))),
            Kind::Page,
            "slow",
            Some("MIRROR-SLOW"),
        ),
        part(
            "expiring",
            healthy().over(valid(4)),
            Kind::Apt,
            "certificate ends in 4 days",
            Some("TLS-EXPIRING"),
        ),
        part(
            "expired",
            healthy().over(expired),
            Kind::Apt,
            "certificate has expired",
            Some("TLS-EXPIRED"),
        ),
        part(
            "untrusted",
            healthy().over(Transport::Untrusted),
            Kind::Page,
            "self-made certificate",
            Some("TLS-UNTRUSTED"),
        ),
        part(
            "refusing",
            Plan::both(Behaviour::Refuse),
            Kind::Page,
            "refuses connections",
            Some("MIRROR-REFUSED"),
        ),
        part(
            "hanging",
            Plan::both(Behaviour::Hang),
            Kind::Page,
            "never answers",
            Some("MIRROR-TIMEOUT"),
        ),
        part(
            "reset",
            Plan::both(Behaviour::Reset),
            Kind::Page,
            "resets connections",
            Some("MIRROR-RESET"),
        ),
        part(
            "forbidden",
            Plan::both(Behaviour::Status(403)),
            Kind::Page,
            "answers 403",
            Some("MIRROR-HTTP-STATUS"),
        ),
        part(
            "failing",
            Plan::both(Behaviour::Status(500)),
            Kind::Apt,
            "answers 500",
            Some("MIRROR-HTTP-STATUS"),
        ),
        part(
            "busy",
            Plan::both(Behaviour::Busy(120)),
            Kind::Page,
            "asks to be left alone",
            Some("MIRROR-BUSY"),
        ),
        part(
            "empty",
            Plan::both(Behaviour::WrongContent),
            Kind::Page,
            "serves an empty page",
            Some("MIRROR-NO-CONTENT"),
        ),
        part(
            "portal",
            Plan::both(Behaviour::WrongContent),
            Kind::Apt,
            "serves a web page",
            Some("MIRROR-NOT-RELEASE"),
        ),
        part(
            "short",
            Plan::both(Behaviour::ShortBody),
            Kind::Apt,
            "breaks off",
            Some("BODY-SHORT"),
        ),
        part(
            "circle",
            Plan::both(Behaviour::RedirectLoop),
            Kind::Apt,
            "redirects in a circle",
            Some("REDIRECT-LOOP"),
        ),
    ]
}
