use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{
    AttemptFailure, Authority, Content, Fetched, Generation, Latency, Phase, Reply, Seen, Target, TargetKind, TlsFault,
    TlsSeen,
};
use super::*;

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    moment("2026-11-20T12:00:00Z")
}

fn seen(reply: Result<Reply, AttemptFailure>) -> Seen {
    Seen {
        address: None,
        broken_addresses: vec![],
        latency: Latency::default(),
        tls: None,
        downgraded: false,
        reply,
    }
}

fn answer(status: u16, content: Content) -> Seen {
    seen(Ok(Reply {
        status,
        server_date: None,
        bytes: 0,
        content,
    }))
}

fn front_page(has_link: bool) -> Seen {
    answer(200, Content::FrontPage { has_link })
}

fn release(date: &str, more: &str) -> Seen {
    let digest = "0".repeat(64);
    let text = format!("Suite: stable\nDate: {date}\n{more}SHA256:\n {digest} 1 main/binary-amd64/Packages\n");
    answer(200, Content::read(TargetKind::InRelease, text.as_bytes()))
}

fn over(family: Family, target: &Target, seen: Seen) -> FamilyObservation {
    let fetched = Fetched {
        target: target.clone(),
        seen,
    };
    FamilyObservation {
        family,
        outcome: FamilyOutcome::Asked(vec![fetched]),
        not_looked_at: vec![],
    }
}

fn observed(families: Vec<FamilyObservation>) -> Observation {
    Observation {
        observed_at: now(),
        name_failure: None,
        families,
        authority: None,
    }
}

fn front_pages(ipv4: Seen, ipv6: Seen) -> Observation {
    let target = Target::front_page();
    observed(vec![
        over(Family::Ipv4, &target, ipv4),
        over(Family::Ipv6, &target, ipv6),
    ])
}

/// Findings as `severity CODE families: message`, one per line.
fn verdict(observation: &Observation) -> String {
    let lines = judge(observation, &Limits::default())
        .findings
        .into_iter()
        .map(|finding| {
            let families: String = finding.families.iter().map(|family| format!(" {family}")).collect();
            format!("{} {}{families}: {}", finding.severity, finding.code, finding.message)
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_mirror_that_answers_over_both_families_has_no_finding() {
    assert_eq!(verdict(&front_pages(front_page(true), front_page(true))), "");
}

#[test]
fn what_both_families_have_is_said_once() {
    assert_eq!(
        verdict(&front_pages(front_page(false), front_page(false))),
        "error MIRROR-NO-CONTENT: the front page has no link"
    );
    assert_eq!(
        verdict(&front_pages(
            seen(Err(AttemptFailure::Refused)),
            answer(500, Content::Unread)
        )),
        "error MIRROR-REFUSED IPv4: the connection was refused\nerror MIRROR-HTTP-STATUS IPv6: the server answered 500"
    );
}

#[test]
fn ipv6_alone_broken_is_a_warning_and_ipv4_alone_broken_an_error() {
    let broken = || {
        seen(Err(AttemptFailure::TimedOut {
            phase: Phase::Connect,
            limit: Duration::from_secs(5),
        }))
    };
    assert_eq!(
        verdict(&front_pages(front_page(true), broken())),
        "warning MIRROR-IPV6-BROKEN IPv6: IPv4 works, IPv6 does not: MIRROR-TIMEOUT: the connection was not complete after 5 s"
    );
    assert_eq!(
        verdict(&front_pages(broken(), front_page(true))),
        "error MIRROR-TIMEOUT IPv4: the connection was not complete after 5 s"
    );
}

#[test]
fn a_name_with_one_family_is_judged_by_that_one() {
    let target = Target::front_page();
    let none = |family| FamilyObservation {
        family,
        outcome: FamilyOutcome::NoAddress,
        not_looked_at: vec![],
    };
    let no_route = |family| FamilyObservation {
        family,
        outcome: FamilyOutcome::NoRoute,
        not_looked_at: vec![],
    };
    let ipv6_only = |seen| observed(vec![none(Family::Ipv4), over(Family::Ipv6, &target, seen)]);
    assert_eq!(verdict(&ipv6_only(front_page(true))), "");
    assert_eq!(
        verdict(&ipv6_only(seen(Err(AttemptFailure::Refused)))),
        "error MIRROR-REFUSED: the connection was refused"
    );
    assert_eq!(
        verdict(&observed(vec![
            over(Family::Ipv4, &target, front_page(true)),
            no_route(Family::Ipv6)
        ])),
        "notice FAMILY-NOT-CHECKED IPv6: the mirror has IPv6 addresses and the scanner has no IPv6 route to them"
    );
    assert_eq!(
        verdict(&observed(vec![none(Family::Ipv4), no_route(Family::Ipv6)])),
        "error MIRROR-UNREACHABLE: the scanner has no route to the mirror's addresses (IPv6)"
    );
    assert_eq!(
        verdict(&observed(vec![none(Family::Ipv4), none(Family::Ipv6)])),
        "error DNS-NOT-FOUND: the name does not exist or has no address"
    );
    let unresolved = Observation {
        name_failure: Some(NameFailure::Failed("SERVFAIL".into())),
        ..observed(vec![])
    };
    assert_eq!(
        verdict(&unresolved),
        "error DNS-FAILED: the name could not be resolved: SERVFAIL"
    );
}

#[test]
fn generations_that_differ_between_the_families_are_a_warning() {
    let target = Target::in_release("stable");
    let observation = observed(vec![
        over(Family::Ipv4, &target, release("Fri, 20 Nov 2026 08:00:00 UTC", "")),
        over(Family::Ipv6, &target, release("Fri, 20 Nov 2026 02:00:00 UTC", "")),
    ]);
    assert_eq!(
        verdict(&observation),
        "warning MIRROR-GENERATIONS-DIFFER: IPv4 serves 2026-11-20T08:00:00Z, IPv6 serves 2026-11-20T02:00:00Z"
    );
}

fn lagging(copy: &str, authority: &[&str]) -> String {
    let target = Target::in_release("stable");
    let dates = authority.iter().copied().map(moment).collect();
    let known = BTreeMap::from([(target.path().to_owned(), Generation::Known(dates))]);
    let families = vec![over(Family::Ipv4, &target, release(copy, ""))];
    verdict(&Observation {
        authority: Some(Authority(known)),
        ..observed(families)
    })
}

#[test]
fn lag_is_measured_against_the_authority_and_not_against_the_clock() {
    let a_year_ago = "Thu, 20 Nov 2025 08:00:00 UTC";
    assert_eq!(lagging(a_year_ago, &["2025-11-20T08:00:00Z"]), "");
    assert_eq!(
        lagging("Fri, 20 Nov 2026 08:00:00 UTC", &["2026-11-20T02:00:00Z"]),
        "",
        "newer than the authority"
    );
    assert_eq!(
        lagging("Tue, 17 Nov 2026 08:00:00 UTC", &["2026-11-20T08:00:00Z"]),
        "warning MIRROR-LAGGING: the copy is 3 d older than the authority's"
    );
}

#[test]
fn a_mirror_has_time_to_fetch_a_new_generation() {
    let behind = "notice MIRROR-BEHIND: the copy is 365 d 3 h older than the authority's";
    assert_eq!(
        lagging("Thu, 20 Nov 2025 08:00:00 UTC", &["2026-11-20T11:00:00Z"]),
        behind
    );
    // The authority publishes each hour: its present generation is new, but the mirror lacks one that is not.
    let late = behind.replace("notice MIRROR-BEHIND", "warning MIRROR-LAGGING");
    assert_eq!(
        lagging(
            "Thu, 20 Nov 2025 08:00:00 UTC",
            &["2026-11-20T09:00:00Z", "2026-11-20T11:00:00Z"]
        ),
        late
    );
}

#[test]
fn an_unreadable_authority_is_a_notice() {
    let target = Target::in_release("stable");
    let unknown = BTreeMap::from([(
        target.path().to_owned(),
        Generation::Unknown("it answered 500".to_owned()),
    )]);
    let families = vec![over(
        Family::Ipv4,
        &target,
        release("Fri, 20 Nov 2026 08:00:00 UTC", ""),
    )];
    assert_eq!(
        verdict(&Observation {
            authority: Some(Authority(unknown)),
            ..observed(families)
        }),
        "notice AUTHORITY-UNKNOWN: dists/stable/InRelease: it answered 500"
    );
}

#[test]
fn apt_refuses_expired_and_future_suites() {
    let check = |target: Target, date, more| verdict(&observed(vec![over(Family::Ipv4, &target, release(date, more))]));
    let stable = || Target::in_release("stable");
    let date = "Fri, 20 Nov 2026 08:00:00 UTC";
    assert_eq!(
        check(stable(), date, "Valid-Until: Fri, 20 Nov 2026 11:59:59 UTC\n"),
        "error RELEASE-EXPIRED: the suite was valid until 2026-11-20T11:59:59Z"
    );
    assert_eq!(
        check(stable(), "Fri, 20 Nov 2026 12:01:00 UTC", ""),
        "error RELEASE-NOT-YET-VALID: the suite is dated 2026-11-20T12:01:00Z"
    );
    assert_eq!(
        check(Target::in_release("testing"), date, ""),
        "warning RELEASE-SUITE-MISMATCH: asked for testing, the file is for stable"
    );
    assert_eq!(check(Target::in_release("stable-updates"), date, ""), "");
    assert_eq!(
        verdict(&observed(vec![over(
            Family::Ipv4,
            &stable(),
            answer(200, Content::read(TargetKind::InRelease, b"<html>"))
        )])),
        "error MIRROR-NOT-RELEASE: no Release file: line 1 is no field, no continuation and not blank"
    );
}

#[test]
fn certificates_warn_before_they_expire() {
    let with = |not_after: &str, reply| Seen {
        tls: Some(TlsSeen {
            not_after: moment(not_after),
            issuer: "Test".into(),
        }),
        ..seen(reply)
    };
    let good = || front_page(true).reply;
    let check = |seen: Seen| verdict(&front_pages(seen.clone(), seen));
    assert_eq!(check(with("2026-12-20T12:00:00Z", good())), "");
    assert_eq!(
        check(with("2026-11-24T13:00:00Z", good())),
        "warning TLS-EXPIRING: the certificate expires 2026-11-24T13:00:00Z, in 4 d 1 h"
    );
    assert_eq!(
        check(with("2026-11-20T11:00:00Z", good())),
        "error TLS-EXPIRED: the certificate expired 2026-11-20T11:00:00Z"
    );
    assert_eq!(
        check(with(
            "2026-11-20T11:00:00Z",
            Err(AttemptFailure::Tls(TlsFault::Expired))
        )),
        "error TLS-EXPIRED: a certificate of the chain has expired"
    );
}

#[test]
fn worst_findings_come_first_and_warnings_keep_a_mirror_running() {
    let slow = Seen {
        latency: Latency {
            first_byte: Some(Duration::from_millis(5500)),
            ..Latency::default()
        },
        broken_addresses: vec!["192.0.2.1".parse().unwrap()],
        ..front_page(true)
    };
    let observation = front_pages(slow.clone(), front_page(true));
    assert!(judge(&observation, &Limits::default()).is_running());
    assert_eq!(
        verdict(&observation),
        "warning MIRROR-SLOW IPv4: the first byte took 5.5 s; up to 5 s is expected\nwarning MIRROR-ADDRESS-BROKEN IPv4: no connection to 192.0.2.1, while another address of the name works"
    );
    let busy = front_pages(
        slow,
        seen(Err(AttemptFailure::HeldBack(moment("2026-11-20T12:10:00Z")))),
    );
    assert_eq!(judge(&busy, &Limits::default()).findings[0].severity, Severity::Warning);
    let failed = front_pages(answer(503, Content::Unread), answer(404, Content::Unread));
    let verdict = judge(&failed, &Limits::default());
    assert!(!verdict.is_running());
    assert_eq!(verdict.errors().count(), 2);
}

#[test]
fn a_clock_that_is_off_is_a_notice() {
    let with = |date: &str| {
        let reply = Reply {
            status: 200,
            server_date: Some(moment(date)),
            bytes: 1,
            content: Content::FrontPage { has_link: true },
        };
        verdict(&front_pages(seen(Ok(reply.clone())), seen(Ok(reply))))
    };
    assert_eq!(with("2026-11-20T12:05:00Z"), "");
    assert_eq!(
        with("2026-11-20T10:00:00Z"),
        "notice CLOCK-SKEW: the mirror's clock is 2 h behind"
    );
    assert_eq!(
        with("2026-11-20T12:06:00Z"),
        "notice CLOCK-SKEW: the mirror's clock is 6 min ahead"
    );
}

#[test]
fn time_spans_are_spelled_in_two_units() {
    let spell = |seconds| spelled(Duration::from_secs(seconds));
    assert_eq!(
        [spell(0), spell(59), spell(3600), spell(90_061)],
        ["0 s", "59 s", "1 h", "1 d 1 h"]
    );
}

proptest! {
    #[test]
    fn any_moments_are_judged(copy in any::<i32>(), dates in proptest::collection::vec(any::<i32>(), 0..5), at in any::<i32>()) {
        let moment = |second: i32| Timestamp::from_second(i64::from(second) * 60).unwrap();
        let dates: Vec<_> = dates.into_iter().map(moment).collect();
        if let Some(lag) = lag::Lag::of(moment(copy), &dates, moment(at)) {
            prop_assert!(!lag.older.is_zero());
            prop_assert!(dates.iter().max().unwrap() > &moment(copy));
        }
    }
}

#[test]
fn what_was_not_looked_at_does_not_count_as_working() {
    let cut = |family, seen| {
        let mut family = over(family, &Target::in_release("stable"), seen);
        family.not_looked_at = vec![Target::in_release("testing"), Target::in_release("unstable")];
        family
    };
    let target = Target::in_release("stable");
    let fine = || release("Fri, 20 Nov 2026 08:00:00 UTC", "");
    let refused = || seen(Err(AttemptFailure::Refused));
    let message = "the check's time was over before dists/testing/InRelease and 1 more could be looked at";
    for (families, expected) in [
        (
            vec![cut(Family::Ipv4, fine()), cut(Family::Ipv6, fine())],
            format!("error CHECK-INCOMPLETE: {message}"),
        ),
        (
            vec![cut(Family::Ipv4, fine()), over(Family::Ipv6, &target, fine())],
            format!("error CHECK-INCOMPLETE IPv4: {message}"),
        ),
        (
            vec![over(Family::Ipv4, &target, fine()), cut(Family::Ipv6, fine())],
            format!("warning CHECK-INCOMPLETE IPv6: {message}"),
        ),
        (
            vec![over(Family::Ipv4, &target, refused()), cut(Family::Ipv6, fine())],
            format!("error MIRROR-REFUSED IPv4: the connection was refused\nerror CHECK-INCOMPLETE IPv6: {message}"),
        ),
        (
            vec![cut(Family::Ipv4, fine()), over(Family::Ipv6, &target, refused())],
            format!("error MIRROR-REFUSED IPv6: the connection was refused\nerror CHECK-INCOMPLETE IPv4: {message}"),
        ),
    ] {
        assert_eq!(verdict(&observed(families)), expected);
    }
}
