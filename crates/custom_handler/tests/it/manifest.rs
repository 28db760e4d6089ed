//! The generated files, and how they are compared with a folder.

use std::fs;

use custom_handler::{Difference, SharedHost};

use crate::app::app;

const SHARED: &str = include_str!("../../../../host.json");

fn manifest() -> custom_handler::Manifest {
    app().manifest(&SharedHost::parse(SHARED).unwrap()).unwrap()
}

#[test]
fn all_files_are_rendered_from_the_declaration() {
    let files: Vec<String> = manifest()
        .files()
        .map(|(path, text)| format!("--- {path}\n{text}"))
        .collect();
    insta::assert_snapshot!(files.concat());
}

#[test]
fn what_was_written_has_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("README.md"), "# Sample\n\nWords.\n").unwrap();
    let written = manifest().write(folder.path()).unwrap();
    assert_eq!(written.len(), 7, "{written:?}");
    assert!(manifest().check(folder.path()).unwrap().is_empty());
    assert!(
        manifest().write(folder.path()).unwrap().is_empty(),
        "nothing is written twice"
    );
    let readme = fs::read_to_string(folder.path().join("README.md")).unwrap();
    assert!(readme.starts_with("# Sample\n\nWords.\n"), "{readme}");
}

#[test]
fn differing_missing_and_left_over_files_are_found_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    manifest().write(folder.path()).unwrap();
    let host = fs::read_to_string(path("host.json"))
        .unwrap()
        .replace("\"batchSize\": 8", "\"batchSize\": 16");
    fs::write(path("host.json"), host).unwrap();
    fs::remove_file(path("note/function.json")).unwrap();
    fs::create_dir(path("old_function")).unwrap();
    fs::write(path("old_function/function.json"), "{}").unwrap();
    fs::write(path("README.md"), "# No table\n").unwrap();

    let differences = manifest().check(folder.path()).unwrap();
    let text: Vec<String> = differences.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text.join("\n"));
    assert!(differences.contains(&Difference::LeftOver {
        path: "old_function/function.json".to_owned()
    }));

    manifest().write(folder.path()).unwrap();
    assert!(manifest().check(folder.path()).unwrap().is_empty());
    assert!(!path("old_function").exists());
}

#[test]
fn a_shared_host_json_must_be_usable_and_effective() {
    for text in ["{", r#"{"version":"3.0"}"#, r#"{"version":"2.0","extensionBundel":{}}"#] {
        assert!(SharedHost::parse(text).is_err(), "{text}");
    }
}
