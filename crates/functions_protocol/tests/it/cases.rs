//! The captured cases, and the rule that each is either used or left out with a reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// One captured case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) json: Value,
}

/// What a check made of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The case was compared and agrees.
    Agrees,
    /// The case says nothing about this side; it must be listed in `left_out.tsv`.
    LeftOut,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// All cases of a file in `fixtures/host`.
pub(crate) fn load(file: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(fixtures().join("host").join(format!("{file}.json"))).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    cases
        .into_iter()
        .map(|json| Case {
            name: json["name"].as_str().unwrap().to_owned(),
            json,
        })
        .collect()
}

/// Runs the check over every case of the file. A case that the check does not compare must stand in `left_out.tsv`, and
/// nothing else may stand there.
pub(crate) fn check_every_case(file: &str, check: impl Fn(&Case) -> Verdict) {
    assert!(USED.contains(&file), "{file} is not in the list of used files");
    let table = std::fs::read_to_string(fixtures().join("left_out.tsv")).unwrap();
    let patterns: Vec<(&str, &str)> = table
        .lines()
        .skip(1)
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [file, pattern, reason] if !reason.is_empty() => (file, pattern),
            _ => panic!("left_out.tsv has a line without file, case and reason: {line}"),
        })
        .filter(|(listed, _)| *listed == file)
        .collect();
    let mut met = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut agreed = 0;
    for case in load(file) {
        let hits: Vec<&str> = patterns
            .iter()
            .map(|(_, pattern)| *pattern)
            .filter(|pattern| matches(pattern, &case.name))
            .collect();
        met.extend(hits.iter().copied());
        match (check(&case), hits.is_empty()) {
            (Verdict::Agrees, true) => agreed += 1,
            (Verdict::LeftOut, false) => {}
            (Verdict::Agrees, false) => wrong.push(format!("{} is used and listed in left_out.tsv", case.name)),
            (Verdict::LeftOut, true) => wrong.push(format!("{} is neither used nor listed in left_out.tsv", case.name)),
        }
    }
    wrong.extend(
        patterns
            .iter()
            .filter(|(_, pattern)| !met.contains(pattern))
            .map(|(_, pattern)| format!("{pattern} of left_out.tsv is no case of {file}")),
    );
    assert!(wrong.is_empty(), "{file}: {wrong:#?}");
    assert!(agreed > 0, "{file}: no case is used");
}

/// `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| {
            (0..=rest.len()).any(|index| rest.is_char_boundary(index) && matches(end, &rest[index..]))
        }),
    }
}

impl Case {
    /// The invocation request that the host sent.
    pub(crate) fn sent_body(&self) -> Option<&str> {
        self.json["sent"]["body"].as_str()
    }

    /// The handler's answer as JSON, if it is JSON.
    pub(crate) fn answer(&self) -> Option<Value> {
        serde_json::from_str(self.json["response"]["body"].as_str()?).ok()
    }

    /// What the host made of the answer.
    pub(crate) fn outcome(&self) -> &str {
        self.json["concluded"]["outcome"].as_str().unwrap()
    }

    /// What each collector output received, or none if some output is none.
    pub(crate) fn collected(&self, binding: &str) -> Vec<Vec<u8>> {
        self.bound(binding, "items")
            .map_or_else(Vec::new, |items| items.as_array().unwrap().iter().map(bytes).collect())
    }

    /// What was written to a stream output.
    pub(crate) fn written(&self, binding: &str) -> Option<Vec<u8>> {
        self.bound(binding, "written").map(bytes)
    }

    fn bound(&self, binding: &str, member: &str) -> Option<&Value> {
        let outputs = self.json["concluded"]["bound"].as_array()?;
        outputs
            .iter()
            .find(|output| output["binding"] == binding)
            .map(|output| &output[member])
    }
}

/// Captured bytes.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    STANDARD
        .decode(
            value["base64"]
                .as_str()
                .unwrap_or_else(|| panic!("no bytes in {value}")),
        )
        .unwrap()
}

/// Files of which at least one case is compared; each has a test that calls [`check_every_case`].
const USED: [&str; 12] = [
    "answers",
    "blob_input",
    "culture_and_zone",
    "headers",
    "http_answers",
    "http_trigger",
    "outputs",
    "queue_output",
    "queue_trigger",
    "retry_context",
    "timer_trigger",
    "values",
];

#[test]
fn every_file_is_used_or_left_out_as_a_whole() {
    let table = std::fs::read_to_string(fixtures().join("left_out.tsv")).unwrap();
    let whole: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.split_once("\t*\t"))
        .map(|(file, _)| file)
        .collect();
    let present: BTreeSet<String> = std::fs::read_dir(fixtures().join("host"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let named: BTreeSet<String> = whole.iter().copied().chain(USED).map(str::to_owned).collect();
    assert_eq!(named, present);
    assert_eq!(
        named.len(),
        whole.len() + USED.len(),
        "a file is both used and left out"
    );
    for line in table.lines().skip(1) {
        assert!(named.contains(line.split('\t').next().unwrap()), "{line}");
    }
}

#[test]
fn a_star_stands_for_anything() {
    assert!(matches("*_to_queue", "text_to_queue"));
    assert!(matches("a*c*e", "abcde"));
    assert!(!matches("*_to_queue", "text_to_queue_binary"));
    assert!(!matches("text", "text2"));
}
