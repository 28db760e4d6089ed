//! Counts the cases of a file: each is used and agrees, or is listed with its reason.

use serde_json::Value as Json;

use crate::not_met::NOT_MET;

/// Checks every case of a file. `check` returns what differs; a listed case must differ or be left out for its reason.
#[track_caller]
pub(crate) fn all_agree(
    file: &str,
    cases: &[Json],
    name: impl Fn(&Json) -> String,
    check: impl Fn(&Json) -> Result<(), String>,
) {
    let mut differing = Vec::new();
    let mut agreed = 0;
    let mut listed = 0;
    for case in cases {
        let name = name(case);
        if let Some(entry) = NOT_MET.iter().find(|entry| entry.covers(file, &name)) {
            assert!(!entry.reason.is_empty());
            listed += 1;
            continue;
        }
        match check(case) {
            Ok(()) => agreed += 1,
            Err(difference) => differing.push(format!("{name}: {difference}")),
        }
    }
    println!("{file}: {} cases, {agreed} agree, {listed} listed", cases.len());
    assert!(
        differing.is_empty(),
        "{file}: {} of {} differ\n{}",
        differing.len(),
        cases.len(),
        differing.join("\n")
    );
    for entry in NOT_MET.iter().filter(|entry| entry.file == file) {
        let covers_something = cases.iter().any(|case| entry.covers(file, &name(case)));
        assert!(
            covers_something,
            "{file}: the listed case {} does not exist",
            entry.name
        );
    }
}

pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    let (ours, theirs) = (format!("{ours:?}"), format!("{theirs:?}"));
    // Long texts are shown from shortly before the first difference.
    let same = ours
        .chars()
        .zip(theirs.chars())
        .take_while(|(one, other)| one == other)
        .count();
    let shown = |text: &str| text.chars().skip(same.saturating_sub(80)).take(240).collect::<String>();
    Err(format!(
        "{what}\n  ours   {}\n  theirs {}",
        shown(&ours),
        shown(&theirs)
    ))
}

/// Every captured file is read by a test of this crate, or listed as a whole.
#[test]
fn no_file_is_forgotten() {
    const USED: [&str; 19] = [
        "answers",
        "blob_input",
        "culture_and_zone",
        "headers",
        "http_answers",
        "http_trigger",
        "outputs",
        "queue_listener",
        "queue_output",
        "queue_trigger",
        "readiness",
        "retry_context",
        "sdk_binding_rules",
        "timer_listener",
        "timer_long_run",
        "timer_past_due",
        "timer_schedules_dst",
        "timer_trigger",
        "values",
    ];
    for file in crate::case::files("host") {
        let listed = NOT_MET
            .iter()
            .any(|entry| entry.covers(&format!("host/{file}.json"), "*"));
        assert!(
            USED.contains(&file.as_str()) || listed,
            "{file} is neither used nor listed"
        );
    }
}
