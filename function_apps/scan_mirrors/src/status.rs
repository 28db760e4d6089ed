//! Results as messages for the delivery app.

use jiff::Timestamp;
use package_repos::mirror::{Facts, Observation, Verdict};
use package_repos::{Code, Finding};
use scan_status::StatusMessage;
use serde_json::{Map, json};

/// The largest result, in bytes of JSON. A queue message holds 48 KiB; the rest is for the frame.
const LARGEST: usize = 44 * 1024;

/// The result of a check. Findings that do not fit are left out, the least severe first, and counted.
pub(crate) fn check_status(
    url: &str,
    observation: &Observation,
    verdict: Verdict,
    finished_at: Timestamp,
) -> StatusMessage {
    let facts = Facts::of(observation);
    let message = |findings: &[Finding]| message(url, observation.observed_at, finished_at, findings, Some(&facts));
    let findings = verdict.findings;
    let mut kept = findings.len();
    let mut result = message(&findings);
    while kept > 1 && result.to_json().to_string().len() > LARGEST {
        kept /= 2;
        let omitted = Finding::new(
            Code::FindingsOmitted,
            format!("{} more findings are not shown", findings.len() - kept),
        );
        let shown: Vec<Finding> = findings[..kept].iter().cloned().chain([omitted]).collect();
        result = message(&shown);
    }
    result
}

/// The status of an entry that cannot be checked.
pub(crate) fn entry_status(url: &str, observed_at: Timestamp, finding: &Finding) -> StatusMessage {
    message(url, observed_at, observed_at, std::slice::from_ref(finding), None)
}

fn message(
    url: &str,
    observed_at: Timestamp,
    finished_at: Timestamp,
    findings: &[Finding],
    facts: Option<&Facts>,
) -> StatusMessage {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == package_repos::Severity::Error);
    let errors: Vec<String> = errors.map(ToString::to_string).collect();
    let mut details = Map::new();
    details.insert("findings".to_owned(), json!(findings));
    if let Some(facts) = facts {
        details.insert("facts".to_owned(), json!(facts));
    }
    StatusMessage::mirror(url, observed_at, finished_at, &errors, details)
}

#[cfg(test)]
mod tests {
    use custom_handler::Payload;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_result_that_does_not_fit_the_queue_keeps_its_errors_and_counts_the_rest() {
        let finding = |code, number: usize| Finding::new(code, format!("{number}{}", "ü".repeat(390)));
        let errors = (0..20).map(|number| finding(Code::MirrorHttpStatus, number));
        let findings = errors
            .chain((20..200).map(|number| finding(Code::MirrorSlow, number)))
            .collect();
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let observation = Observation {
            observed_at: now,
            name_failure: None,
            families: vec![],
            authority: None,
        };
        let text = check_status("http://a.example/", &observation, Verdict { findings }, now)
            .encode()
            .unwrap();
        assert!(text.len() <= LARGEST, "{}", text.len());
        let message: Value = serde_json::from_str(&text).unwrap();
        let status = &message["status"]["http://a.example/"];
        assert_eq!(status["running"], false);
        let findings = status["findings"].as_array().unwrap();
        assert_eq!(findings[0]["code"], "MIRROR-HTTP-STATUS");
        let last = findings.last().unwrap();
        assert_eq!(last["code"], "FINDINGS-OMITTED");
        assert_eq!(
            last["message"],
            format!("{} more findings are not shown", 201 - findings.len())
        );
    }
}
