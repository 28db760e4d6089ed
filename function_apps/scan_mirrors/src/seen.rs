//! From what the client saw to what the domain judges.

use package_repos::mirror::{
    AttemptFailure, Content, Family, Latency, NameFailure, Phase, Reply, Seen, TargetKind, TlsFault, TlsSeen,
};
use repo_client::{Answer, Failure, Fetch};

/// One fetch as the domain knows it. The body is read here, so that it need not be kept.
pub(crate) fn seen(kind: TargetKind, fetch: Fetch) -> Seen {
    Seen {
        address: fetch.address.map(|address| address.ip()),
        broken_addresses: fetch.broken_addresses.iter().map(|address| address.ip()).collect(),
        latency: Latency {
            dns: fetch.latency.dns,
            connect: fetch.latency.connect,
            tls: fetch.latency.tls,
            first_byte: fetch.latency.first_byte,
            total: fetch.latency.total,
        },
        tls: fetch.certificate.map(|facts| TlsSeen {
            not_after: facts.not_after,
            issuer: facts.issuer,
        }),
        downgraded: fetch.downgraded,
        reply: fetch.outcome.map(|answer| reply(kind, &answer)).map_err(failure),
    }
}

fn reply(kind: TargetKind, answer: &Answer) -> Reply {
    let content = if (200..300).contains(&answer.status) {
        Content::read(kind, &answer.body)
    } else {
        Content::Unread
    };
    Reply {
        status: answer.status,
        server_date: answer.server_date(),
        bytes: answer.body.len(),
        content,
    }
}

pub(crate) fn failure(failure: Failure) -> AttemptFailure {
    match failure {
        Failure::Name(failure) => AttemptFailure::Name(name_failure(failure)),
        // On the first hop both are known before; these are hosts to which the mirror redirects.
        Failure::NoAddress => {
            AttemptFailure::Unreachable("the host to which it redirects has no address of this family".to_owned())
        }
        Failure::NoRoute => {
            AttemptFailure::Unreachable("the scanner has no route to the host to which it redirects".to_owned())
        }
        Failure::Refused => AttemptFailure::Refused,
        Failure::Unreachable(reason) => AttemptFailure::Unreachable(reason),
        Failure::TimedOut { phase, limit } => AttemptFailure::TimedOut {
            phase: self::phase(phase),
            limit,
        },
        Failure::Reset(phase) => AttemptFailure::Reset(self::phase(phase)),
        Failure::Tls(fault) => AttemptFailure::Tls(tls_fault(fault)),
        Failure::Protocol(reason) => AttemptFailure::Protocol(reason),
        Failure::BodyShort { announced, received } => AttemptFailure::BodyShort { announced, received },
        Failure::BodyTooLarge(limit) => AttemptFailure::BodyTooLarge(limit),
        Failure::RedirectLoop => AttemptFailure::RedirectLoop,
        Failure::RedirectRefused(reason) => AttemptFailure::RedirectRefused(reason.to_owned()),
        Failure::HeldBack(until) => AttemptFailure::HeldBack(until),
    }
}

pub(crate) fn name_failure(failure: repo_client::NameFailure) -> NameFailure {
    match failure {
        repo_client::NameFailure::NotFound => NameFailure::NotFound,
        repo_client::NameFailure::Failed(reason) => NameFailure::Failed(reason),
        repo_client::NameFailure::TimedOut(limit) => NameFailure::TimedOut(limit),
    }
}

fn tls_fault(fault: repo_client::TlsFault) -> TlsFault {
    match fault {
        repo_client::TlsFault::Expired => TlsFault::Expired,
        repo_client::TlsFault::NotYetValid => TlsFault::NotYetValid,
        repo_client::TlsFault::Untrusted => TlsFault::Untrusted,
        repo_client::TlsFault::WrongName => TlsFault::WrongName,
        repo_client::TlsFault::Other(reason) => TlsFault::Other(reason),
    }
}

fn phase(phase: repo_client::Phase) -> Phase {
    match phase {
        repo_client::Phase::Connect => Phase::Connect,
        repo_client::Phase::Handshake => Phase::Handshake,
        repo_client::Phase::FirstByte => Phase::FirstByte,
        repo_client::Phase::Body => Phase::Body,
    }
}

pub(crate) fn client_family(family: Family) -> repo_client::Family {
    match family {
        Family::Ipv4 => repo_client::Family::Ipv4,
        Family::Ipv6 => repo_client::Family::Ipv6,
    }
}
