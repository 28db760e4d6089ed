//! Names, connections, TLS and HTTP.

use jiff::Timestamp;

use super::super::{AttemptFailure, Fetched, NameFailure, Reply, TlsFault, TlsSeen};
use super::{Limits, since, spelled};
use crate::finding::{Code, Finding};

pub(super) fn findings(fetched: &Fetched, observed_at: Timestamp, limits: &Limits) -> Vec<Finding> {
    let seen = &fetched.seen;
    let mut findings = Vec::new();
    match &seen.reply {
        Err(failure) => findings.push(located(failure_finding(failure), failure, fetched)),
        Ok(reply) => {
            findings.extend(status_finding(reply.status).map(|finding| finding.about(fetched.target.path())));
            findings.extend(clock_finding(reply, observed_at, limits));
        }
    }
    findings.extend(certificate_finding(seen.tls.as_ref(), &seen.reply, observed_at, limits));
    if seen.downgraded {
        let message = "a redirect leads from https to http";
        findings.push(Finding::new(Code::RedirectDowngrade, message).about(fetched.target.path()));
    }
    if let Some(first_byte) = seen.latency.first_byte.filter(|time| *time > limits.first_byte) {
        let (took, limit) = (first_byte.as_secs_f64(), limits.first_byte.as_secs_f64());
        let message = format!("the first byte took {took:.1} s; up to {limit} s is expected");
        findings.push(Finding::new(Code::MirrorSlow, message).about(fetched.target.path()));
    }
    if !seen.broken_addresses.is_empty() {
        let addresses: Vec<String> = seen.broken_addresses.iter().map(ToString::to_string).collect();
        let message = format!(
            "no connection to {}, while another address of the name works",
            addresses.join(", ")
        );
        findings.push(Finding::new(Code::MirrorAddressBroken, message));
    }
    findings
}

/// A failure of the connection concerns the mirror, whatever was asked for; later ones concern the file.
fn located(finding: Finding, failure: &AttemptFailure, fetched: &Fetched) -> Finding {
    match failure {
        AttemptFailure::Protocol(_)
        | AttemptFailure::BodyShort { .. }
        | AttemptFailure::BodyTooLarge(_)
        | AttemptFailure::RedirectLoop
        | AttemptFailure::RedirectRefused(_) => finding.about(fetched.target.path()),
        _ => finding,
    }
}

fn failure_finding(failure: &AttemptFailure) -> Finding {
    match failure {
        AttemptFailure::Name(failure) => name_finding(failure),
        AttemptFailure::Refused => Finding::new(Code::MirrorRefused, "the connection was refused"),
        AttemptFailure::Unreachable(reason) => Finding::new(
            Code::MirrorUnreachable,
            format!("no connection could be made: {reason}"),
        ),
        AttemptFailure::TimedOut { phase, limit } => {
            let message = format!("{phase} was not complete after {} s", limit.as_secs_f64());
            Finding::new(Code::MirrorTimeout, message)
        }
        AttemptFailure::Reset(phase) => Finding::new(
            Code::MirrorReset,
            format!("the mirror broke off before {phase} was complete"),
        ),
        AttemptFailure::Tls(fault) => tls_finding(fault),
        AttemptFailure::Protocol(reason) => {
            Finding::new(Code::MirrorProtocol, format!("the answer is no HTTP: {reason}"))
        }
        AttemptFailure::BodyShort {
            announced: Some(announced),
            received,
        } => {
            let message = format!("the body ended after {received} of the {announced} bytes announced");
            Finding::new(Code::BodyShort, message)
        }
        AttemptFailure::BodyShort {
            announced: None,
            received,
        } => Finding::new(Code::BodyShort, format!("the body broke off after {received} bytes")),
        AttemptFailure::BodyTooLarge(limit) => {
            Finding::new(Code::BodyTooLarge, format!("the body has more than {limit} bytes"))
        }
        AttemptFailure::RedirectLoop => Finding::new(Code::RedirectLoop, "the redirects do not come to an end"),
        AttemptFailure::RedirectRefused(reason) => {
            Finding::new(Code::RedirectRefused, format!("a redirect was not followed: {reason}"))
        }
        AttemptFailure::HeldBack(until) => {
            let message = format!(
                "the mirror asked to be left alone until {}; nothing was sent",
                to_second(*until)
            );
            Finding::new(Code::MirrorBusy, message)
        }
    }
}

pub(super) fn name_finding(failure: &NameFailure) -> Finding {
    match failure {
        NameFailure::NotFound => Finding::new(Code::DnsNotFound, "the name does not exist or has no address"),
        NameFailure::Failed(reason) => {
            Finding::new(Code::DnsFailed, format!("the name could not be resolved: {reason}"))
        }
        NameFailure::TimedOut(limit) => {
            let message = format!("the name was not resolved within {} s", limit.as_secs_f64());
            Finding::new(Code::DnsFailed, message)
        }
    }
}

fn tls_finding(fault: &TlsFault) -> Finding {
    match fault {
        TlsFault::Expired => Finding::new(Code::TlsExpired, "a certificate of the chain has expired"),
        TlsFault::NotYetValid => Finding::new(Code::TlsNotYetValid, "a certificate of the chain is not valid yet"),
        TlsFault::Untrusted => Finding::new(Code::TlsUntrusted, "no trusted authority stands behind the certificate"),
        TlsFault::WrongName => Finding::new(Code::TlsWrongName, "the certificate is for other names"),
        TlsFault::Other(reason) => Finding::new(Code::TlsFailed, format!("the TLS handshake failed: {reason}")),
    }
}

fn status_finding(status: u16) -> Option<Finding> {
    match status {
        200..=299 => None,
        429 | 503 => Some(Finding::new(Code::MirrorBusy, format!("the server answered {status}"))),
        _ => Some(Finding::new(
            Code::MirrorHttpStatus,
            format!("the server answered {status}"),
        )),
    }
}

fn certificate_finding(
    tls: Option<&TlsSeen>,
    reply: &Result<Reply, AttemptFailure>,
    observed_at: Timestamp,
    limits: &Limits,
) -> Option<Finding> {
    let not_after = tls?.not_after;
    let end = to_second(not_after);
    let left = since(not_after, observed_at);
    match reply {
        // The handshake's own finding already says it.
        Err(AttemptFailure::Tls(TlsFault::Expired)) => None,
        _ if not_after < observed_at => Some(Finding::new(Code::TlsExpired, format!("the certificate expired {end}"))),
        _ if left <= limits.certificate => {
            let message = format!("the certificate expires {end}, in {}", spelled(left));
            Some(Finding::new(Code::TlsExpiring, message))
        }
        _ => None,
    }
}

fn clock_finding(reply: &Reply, observed_at: Timestamp, limits: &Limits) -> Option<Finding> {
    let server = reply.server_date?;
    let (off, direction) = if server > observed_at {
        (since(server, observed_at), "ahead")
    } else {
        (since(observed_at, server), "behind")
    };
    (off > limits.clock).then(|| {
        Finding::new(
            Code::ClockSkew,
            format!("the mirror's clock is {} {direction}", spelled(off)),
        )
    })
}

fn to_second(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
