//! Rules about single files.

use super::{File, Finding};

/// Beyond this a file has more than one subject.
const LINES_AT_MOST: usize = 600;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "helper", "manager"];

pub(super) fn check(file: &File, findings: &mut Vec<Finding>) {
    if file.path.ends_with(".rs") {
        check_rust(file, findings);
    }
    if is_prose_or_code(&file.path) {
        check_white_space(file, findings);
    }
}

fn is_prose_or_code(path: &str) -> bool {
    let endings = [
        ".rs", ".toml", ".md", ".js", ".mjs", ".css", ".html", ".sh", ".py", ".yml", ".yaml",
    ];
    endings.iter().any(|ending| path.ends_with(ending)) && !path.contains("/fixtures/") && !path.contains("/snapshots/")
}

fn check_rust(file: &File, findings: &mut Vec<Finding>) {
    let lines = file.text.lines().count();
    if lines > LINES_AT_MOST {
        findings.push(Finding::new(
            &file.path,
            format!("has {lines} lines; above {LINES_AT_MOST} split it: one subject a file"),
        ));
    }
    let mut segments = file.path.split(['/', '.']);
    if let Some(name) = segments.find(|segment| EMPTY_NAMES.contains(segment)) {
        findings.push(Finding::new(
            &file.path,
            format!("`{name}` says nothing: name the file after its subject"),
        ));
    }
    for (number, line) in file.text.lines().enumerate() {
        let code = line.trim_start();
        if code.starts_with("#[ignore") {
            let place = format!("{}:{}", file.path, number + 1);
            findings.push(Finding::new(
                place,
                "a test that does not run is no test: mend it or remove it",
            ));
        }
        // A test binary may allow for all of its modules what not each of them does.
        let is_stated_for_tests =
            code.starts_with("#![allow") && file.path.contains("/tests/") && code.contains("reason =");
        if (code.starts_with("#![allow") || code.starts_with("#[allow")) && !is_stated_for_tests {
            let place = format!("{}:{}", file.path, number + 1);
            findings.push(Finding::new(
                place,
                "use #[expect(…, reason = \"…\")]: it goes away with its cause",
            ));
        }
    }
}

fn check_white_space(file: &File, findings: &mut Vec<Finding>) {
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(Finding::new(&file.path, "does not end with a line break"));
    }
    let trailing = file
        .text
        .lines()
        .position(|line| line.ends_with(' ') || line.ends_with('\t'));
    if let Some(number) = trailing {
        findings.push(Finding::new(
            format!("{}:{}", file.path, number + 1),
            "trailing white space",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_of(path: &str, text: &str) -> Vec<String> {
        let mut findings = Vec::new();
        check(
            &File {
                path: path.to_owned(),
                text: text.to_owned(),
            },
            &mut findings,
        );
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_tidy_file_has_no_findings() {
        assert_eq!(
            findings_of("crates/a/src/queue.rs", "//! Queues.\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn long_files_empty_names_and_dead_tests_are_named() {
        let text = format!("{}#[ignore]\n", "// line\n".repeat(600));
        let findings = findings_of("crates/a/src/utils.rs", &text);
        assert_eq!(findings.len(), 3, "{findings:?}");
        assert!(findings[0].contains("has 601 lines"), "{findings:?}");
        assert!(findings[1].contains("`utils` says nothing"), "{findings:?}");
        assert!(findings[2].starts_with("crates/a/src/utils.rs:601:"), "{findings:?}");
    }

    #[test]
    fn white_space_is_checked_in_prose_but_not_in_fixtures() {
        assert_eq!(findings_of("README.md", "a \nb").len(), 2);
        assert_eq!(findings_of("crates/a/fixtures/x.md", "a \nb").len(), 0);
    }
}
