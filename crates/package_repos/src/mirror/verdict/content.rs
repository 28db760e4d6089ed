//! What the files say.

use std::time::Duration;

use jiff::Timestamp;

use super::super::{Content, FamilyObservation, Fetched, Reply};
use super::since;
use crate::finding::{Code, Finding};
use crate::release::Release;

/// How far in the future a `Date` may lie: apt's `Acquire::Max-FutureTime`.
const FUTURE: Duration = Duration::from_secs(10);

pub(super) fn findings(fetched: &Fetched, observed_at: Timestamp) -> Vec<Finding> {
    let Ok(Reply {
        status: 200..=299,
        content,
        ..
    }) = &fetched.seen.reply
    else {
        return Vec::new();
    };
    let findings = match content {
        Content::Unread | Content::FrontPage { has_link: true } | Content::Repomd(Ok(_)) => Vec::new(),
        Content::FrontPage { has_link: false } => {
            vec![Finding::new(Code::MirrorNoContent, "the front page has no link")]
        }
        Content::Release(Err(error)) => vec![Finding::new(
            Code::MirrorNotRelease,
            format!("no Release file: {error}"),
        )],
        Content::Repomd(Err(error)) => vec![Finding::new(Code::MirrorNotRepomd, format!("no repomd.xml: {error}"))],
        Content::Release(Ok(release)) => release_findings(release, fetched.target.suite(), observed_at),
    };
    findings
        .into_iter()
        .map(|finding| finding.about(fetched.target.path()))
        .collect()
}

fn release_findings(release: &Release, asked: Option<&str>, observed_at: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(end) = release.valid_until.filter(|end| *end < observed_at) {
        findings.push(Finding::new(
            Code::ReleaseExpired,
            format!("the suite was valid until {end}"),
        ));
    }
    if since(release.date, observed_at) > FUTURE {
        findings.push(Finding::new(
            Code::ReleaseNotYetValid,
            format!("the suite is dated {}", release.date),
        ));
    }
    let names = [&release.suite, &release.codename].map(Option::as_deref);
    if let Some(asked) = asked
        && names.iter().any(Option::is_some)
        && !names.into_iter().flatten().any(|name| same_suite(asked, name))
    {
        let named: Vec<&str> = names.into_iter().flatten().collect();
        let message = format!("asked for {asked}, the file is for {}", named.join(" / "));
        findings.push(Finding::new(Code::ReleaseSuiteMismatch, message));
    }
    findings
}

/// Suites are asked for by suite or codename, with additions that the file may leave out: `stable/updates` may say
/// `stable`, `jammy-updates` may have the codename `jammy`.
fn same_suite(asked: &str, name: &str) -> bool {
    asked == name
        || asked
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['/', '-']))
}

/// Files of which the two address families serve different generations.
pub(super) fn differences(families: &[FamilyObservation]) -> Vec<Finding> {
    let asked: Vec<_> = families
        .iter()
        .filter_map(|family| Some((family.family, family.asked()?)))
        .collect();
    let [(first, first_files), (second, second_files)] = asked.as_slice() else {
        return Vec::new();
    };
    first_files
        .iter()
        .filter_map(|file| {
            let other = second_files.iter().find(|other| other.target == file.target)?;
            let (one, two) = (file.seen.content()?.generation()?, other.seen.content()?.generation()?);
            let message = format!("{first} serves {one}, {second} serves {two}");
            (one != two).then(|| Finding::new(Code::MirrorGenerationsDiffer, message).about(file.target.path()))
        })
        .collect()
}
