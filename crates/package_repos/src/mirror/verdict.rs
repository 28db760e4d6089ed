//! The verdict: from the facts of one check to findings with stable codes.

use std::time::Duration;

use jiff::Timestamp;

use super::{Family, FamilyObservation, FamilyOutcome, NameFailure, Observation};
use crate::finding::{Code, Finding, Severity};

#[cfg(test)]
mod arbitrary;
mod content;
mod exchange;
pub(super) mod lag;
#[cfg(test)]
mod tests;

/// From where on something is worth a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How much older than the authority's present generation a mirror's may be.
    pub lag: Duration,
    /// How long a mirror has to fetch a new generation before its lag counts.
    pub lag_grace: Duration,
    /// How long before its end a certificate should have been renewed.
    pub certificate: Duration,
    /// How long the first byte may take.
    pub first_byte: Duration,
    /// How far the mirror's clock may be off.
    pub clock: Duration,
}

/// What is wrong with a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Worst first; equal ones in the order in which they were seen.
    pub findings: Vec<Finding>,
}

impl Default for Limits {
    /// Lag above a day after two hours of grace, certificates within 14 days of their end, a first byte after 5
    /// seconds, clocks off by 5 minutes.
    fn default() -> Self {
        Self {
            lag: Duration::from_secs(24 * 3600),
            lag_grace: Duration::from_secs(2 * 3600),
            certificate: Duration::from_secs(14 * 24 * 3600),
            first_byte: Duration::from_secs(5),
            clock: Duration::from_secs(300),
        }
    }
}

impl Verdict {
    /// Whether clients are served: there is no finding of severity error.
    pub fn is_running(&self) -> bool {
        self.errors().next().is_none()
    }

    /// The findings for which clients fail.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }
}

/// Judges what a check saw.
pub fn judge(observation: &Observation, limits: &Limits) -> Verdict {
    let mut findings = Vec::new();
    if let Some(failure) = &observation.name_failure {
        findings.push(exchange::name_finding(failure));
    } else {
        judge_families(observation, limits, &mut findings);
        findings.extend(availability(&observation.families));
        findings.extend(content::differences(&observation.families));
        findings.extend(lag::unknown_authority(observation));
    }
    let asked = observation.families.iter().filter(|family| family.asked().is_some());
    let asked: Vec<Family> = asked.map(|family| family.family).collect();
    let mut findings = merged(findings, &asked);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Verdict { findings }
}

fn judge_families(observation: &Observation, limits: &Limits, findings: &mut Vec<Finding>) {
    let judged: Vec<(Family, Vec<Finding>)> = observation
        .families
        .iter()
        .filter_map(|family| Some((family.family, family_findings(family, observation, limits)?)))
        .collect();
    let ipv4_works = judged
        .iter()
        .any(|(family, findings)| *family == Family::Ipv4 && !has_error(findings))
        && !observation
            .families
            .iter()
            .any(|family| family.family == Family::Ipv4 && !family.not_looked_at.is_empty());
    for (family, mut own) in judged {
        if family == Family::Ipv6 && ipv4_works && has_error(&own) {
            let broken = broken_ipv6(&own);
            own.retain(|finding| finding.severity != Severity::Error);
            own.insert(0, broken);
        }
        findings.extend(own.into_iter().map(|finding| finding.on([family])));
    }
    findings.extend(
        observation
            .families
            .iter()
            .filter_map(|family| incomplete(family, ipv4_works)),
    );
}

/// A finding on what there was no time for. What nobody has looked at does not count as working.
fn incomplete(family: &FamilyObservation, ipv4_works: bool) -> Option<Finding> {
    let first = family.not_looked_at.first()?;
    let first = match first.path() {
        "" => "the front page",
        path => path,
    };
    let others = match family.not_looked_at.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let message = format!("the check's time was over before {first}{others} could be looked at");
    let mut finding = Finding::new(Code::CheckIncomplete, message).on([family.family]);
    if family.family == Family::Ipv6 && ipv4_works {
        finding.severity = Severity::Warning;
    }
    Some(finding)
}

fn family_findings(family: &FamilyObservation, observation: &Observation, limits: &Limits) -> Option<Vec<Finding>> {
    let mut findings = Vec::new();
    for fetched in family.asked()? {
        findings.extend(exchange::findings(fetched, observation.observed_at, limits));
        findings.extend(content::findings(fetched, observation.observed_at));
        findings.extend(lag::finding(fetched, observation, limits));
    }
    Some(findings)
}

fn has_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// Clients prefer IPv6 and most of them fall back to IPv4, so what is broken over IPv6 alone is a warning.
fn broken_ipv6(findings: &[Finding]) -> Finding {
    let mut causes: Vec<String> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let cause = finding.to_string();
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    Finding::new(
        Code::MirrorIpv6Broken,
        format!("IPv4 works, IPv6 does not: {}", causes.join("; ")),
    )
}

/// What there is to say of families that could not be tried.
fn availability(families: &[FamilyObservation]) -> Vec<Finding> {
    let asked = families.iter().any(|family| family.asked().is_some());
    let routeless = families
        .iter()
        .filter(|family| matches!(family.outcome, FamilyOutcome::NoRoute));
    let routeless: Vec<Family> = routeless.map(|family| family.family).collect();
    match (asked, routeless.as_slice()) {
        (true, []) => Vec::new(),
        (true, [family, ..]) => {
            let message = format!("the mirror has {family} addresses and the scanner has no {family} route to them");
            vec![Finding::new(Code::FamilyNotChecked, message).on([*family])]
        }
        (false, []) => vec![exchange::name_finding(&NameFailure::NotFound)],
        (false, families) => {
            let names: Vec<String> = families.iter().map(ToString::to_string).collect();
            let message = format!(
                "the scanner has no route to the mirror's addresses ({})",
                names.join(", ")
            );
            vec![Finding::new(Code::MirrorUnreachable, message)]
        }
    }
}

/// Joins what was found word for word over both families; what concerns all families that were asked names none.
fn merged(findings: Vec<Finding>, asked: &[Family]) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings {
        let same = merged.iter_mut().find(|other| {
            (other.code, other.severity, &other.message, &other.target)
                == (finding.code, finding.severity, &finding.message, &finding.target)
        });
        match same {
            Some(other) => {
                let new = finding
                    .families
                    .into_iter()
                    .filter(|family| !other.families.contains(family));
                other.families.extend(new.collect::<Vec<_>>());
            }
            None => merged.push(finding),
        }
    }
    for finding in &mut merged {
        if finding.families == asked {
            finding.families.clear();
        }
    }
    merged
}

/// How much later than `earlier` it is at `later`; nothing when it is not.
fn since(later: Timestamp, earlier: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

/// A time span for people: its two largest units.
fn spelled(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [
        ("d", seconds / 86_400),
        ("h", seconds / 3600 % 24),
        ("min", seconds / 60 % 60),
        ("s", seconds % 60),
    ];
    let first = units
        .iter()
        .position(|(_, count)| *count > 0)
        .unwrap_or(units.len() - 1);
    let shown = units[first..]
        .iter()
        .take(2)
        .filter(|(_, count)| *count > 0 || seconds == 0);
    let words: Vec<String> = shown.map(|(unit, count)| format!("{count} {unit}")).collect();
    words.join(" ")
}
