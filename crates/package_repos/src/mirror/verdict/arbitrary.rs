//! The whole verdict on arbitrary observations: it always comes, keeps its promises and fits into its forms.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{
    AttemptFailure, Authority, Content, Facts, Fetched, Generation, Latency, Phase, Reply, Seen, Target, TargetKind,
    TlsFault, TlsSeen,
};
use super::*;

fn moments() -> impl Strategy<Value = Timestamp> {
    let near = (-400i64..400).prop_map(|days| 1_800_000_000 + days * 86_400);
    let ends = prop_oneof![
        Just(Timestamp::MIN.as_second()),
        Just(Timestamp::MAX.as_second()),
        any::<i32>().prop_map(i64::from)
    ];
    prop_oneof![4 => near, 1 => ends].prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn spans() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0u64..20_000).prop_map(Duration::from_millis),
        Just(Duration::ZERO),
        Just(Duration::MAX)
    ]
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        Just(Target::front_page()),
        "[a-z/.]{0,8}".prop_map(|suite| Target::in_release(&suite)),
        "[a-z/]{0,6}".prop_map(|repo| Target::repomd(&repo)),
    ]
}

fn contents(kind: TargetKind) -> impl Strategy<Value = Content> {
    let release = (moments(), any::<String>(), "[a-z/-]{0,8}").prop_map(|(date, more, suite)| {
        let date = date.strftime("%a, %d %b %Y %H:%M:%S UTC");
        let digest = "0".repeat(64);
        format!("Suite: {suite}\nDate: {date}\nValid-Until: {date}\nSHA256:\n {digest} 1 main/Packages\n{more}")
    });
    let repomd = any::<u32>().prop_map(|revision| {
        format!(
            "<repomd><revision>{revision}</revision><data type=\"primary\"><location href=\"x\"/>\
             <timestamp>{revision}</timestamp></data></repomd>"
        )
    });
    let page = any::<String>().prop_map(|text| format!("<a href=\"x/\">{text}</a>"));
    let bodies = prop_oneof![release, repomd, page, any::<String>()];
    prop_oneof![
        8 => bodies.prop_map(move |body| Content::read(kind, body.as_bytes())),
        1 => Just(Content::Unread),
    ]
}

fn failures() -> impl Strategy<Value = AttemptFailure> {
    let phases = || prop::sample::select(vec![Phase::Connect, Phase::Handshake, Phase::FirstByte, Phase::Body]);
    let faults = prop_oneof![
        Just(TlsFault::Expired),
        Just(TlsFault::NotYetValid),
        Just(TlsFault::Untrusted),
        Just(TlsFault::WrongName),
        any::<String>().prop_map(TlsFault::Other),
    ];
    prop_oneof![
        names().prop_map(AttemptFailure::Name),
        Just(AttemptFailure::Refused),
        any::<String>().prop_map(AttemptFailure::Unreachable),
        (phases(), spans()).prop_map(|(phase, limit)| AttemptFailure::TimedOut { phase, limit }),
        phases().prop_map(AttemptFailure::Reset),
        faults.prop_map(AttemptFailure::Tls),
        any::<String>().prop_map(AttemptFailure::Protocol),
        any::<(Option<u64>, u64)>().prop_map(|(announced, received)| AttemptFailure::BodyShort { announced, received }),
        any::<usize>().prop_map(AttemptFailure::BodyTooLarge),
        Just(AttemptFailure::RedirectLoop),
        any::<String>().prop_map(AttemptFailure::RedirectRefused),
        moments().prop_map(AttemptFailure::HeldBack),
    ]
}

fn names() -> impl Strategy<Value = NameFailure> {
    prop_oneof![
        Just(NameFailure::NotFound),
        any::<String>().prop_map(NameFailure::Failed),
        spans().prop_map(NameFailure::TimedOut),
    ]
}

fn fetched() -> impl Strategy<Value = Fetched> {
    targets().prop_flat_map(|target| {
        let status = prop_oneof![3 => Just(200u16), 1 => any::<u16>()];
        let reply = (
            status,
            prop::option::of(moments()),
            any::<usize>(),
            contents(target.kind()),
        )
            .prop_map(|(status, server_date, bytes, content)| Reply {
                status,
                server_date,
                bytes,
                content,
            });
        let reply = prop_oneof![2 => reply.prop_map(Ok), 1 => failures().prop_map(Err)];
        let tls = prop::option::of(
            (moments(), any::<String>()).prop_map(|(not_after, issuer)| TlsSeen { not_after, issuer }),
        );
        let steps = (prop::option::of(spans()), spans()).prop_map(|(step, total)| Latency {
            dns: step,
            connect: step,
            tls: step,
            first_byte: step,
            total,
        });
        let addresses = (
            prop::option::of(any::<std::net::IpAddr>()),
            prop::collection::vec(any::<std::net::IpAddr>(), 0..3),
        );
        (addresses, steps, tls, any::<bool>(), reply).prop_map(
            move |((address, broken_addresses), latency, tls, downgraded, reply)| Fetched {
                target: target.clone(),
                seen: Seen {
                    address,
                    broken_addresses,
                    latency,
                    tls,
                    downgraded,
                    reply,
                },
            },
        )
    })
}

fn family(family: Family) -> impl Strategy<Value = FamilyObservation> {
    let outcome = prop_oneof![
        1 => Just(FamilyOutcome::NoAddress),
        1 => Just(FamilyOutcome::NoRoute),
        6 => prop::collection::vec(fetched(), 0..4).prop_map(FamilyOutcome::Asked),
    ];
    let cut = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(targets(), 1..3)];
    (outcome, cut).prop_map(move |(outcome, not_looked_at)| FamilyObservation {
        family,
        outcome,
        not_looked_at,
    })
}

fn observations() -> impl Strategy<Value = Observation> {
    let generation = prop_oneof![
        prop::collection::vec(moments(), 0..4).prop_map(Generation::Known),
        any::<String>().prop_map(Generation::Unknown),
    ];
    let authority = prop::collection::vec((targets(), generation), 0..4).prop_map(|known| {
        let known = known
            .into_iter()
            .map(|(target, generation)| (target.path().to_owned(), generation));
        Authority(known.collect::<BTreeMap<_, _>>())
    });
    let name = prop_oneof![7 => Just(None), 1 => names().prop_map(Some)];
    (
        moments(),
        name,
        family(Family::Ipv4),
        family(Family::Ipv6),
        prop::option::of(authority),
    )
        .prop_map(|(observed_at, name_failure, ipv4, ipv6, authority)| Observation {
            observed_at,
            name_failure,
            families: vec![ipv4, ipv6],
            authority,
        })
}

proptest! {
    #[test]
    fn any_observation_has_a_verdict(observation in observations()) {
        let verdict = judge(&observation, &Limits::default());
        let severities: Vec<_> = verdict.findings.iter().map(|finding| finding.severity).collect();
        prop_assert!(severities.is_sorted_by(|one, other| one >= other), "worst first: {severities:?}");
        for finding in &verdict.findings {
            prop_assert!(!finding.message.is_empty() && !finding.message.contains(char::is_control), "{finding:?}");
            prop_assert!(finding.message.chars().count() <= Finding::LONGEST_MESSAGE);
            prop_assert!(finding.severity <= finding.code.severity(), "only lowered: {finding:?}");
        }
        for (place, finding) in verdict.findings.iter().enumerate() {
            prop_assert!(!verdict.findings[..place].contains(finding), "said once: {finding:?}");
        }
        prop_assert!(serde_json::to_string(&Facts::of(&observation)).is_ok());
    }

    /// Running means that somebody has seen it: a family of which everything that was wanted was looked at and answered.
    #[test]
    fn running_is_never_said_of_what_was_not_seen_to_work(observation in observations()) {
        let works = |family: &FamilyObservation| {
            family.not_looked_at.is_empty()
                && family.asked().is_some_and(|files| {
                    files.iter().all(|file| {
                        file.seen.reply.as_ref().is_ok_and(|reply| (200..300).contains(&reply.status))
                    })
                })
        };
        if judge(&observation, &Limits::default()).is_running() {
            prop_assert_eq!(&observation.name_failure, &None);
            prop_assert!(observation.families.iter().any(works));
        }
    }
}
