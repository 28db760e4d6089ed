//! Mistakes that do not compile, and what the compiler says to those who make them.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use serde_json::Value;

/// The compiler whose words stand in `tests/compile_fail/*.stderr`. Another one words, draws and orders its messages
/// otherwise, so under it only the failure counts. To change: run the test with `TRYBUILD=overwrite` under the new one.
const WRITTEN_WITH: &str = "rustc 1.95.";

#[test]
fn likely_mistakes_do_not_compile_and_the_errors_say_why() {
    let version = Command::new("rustc").arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    if version.starts_with(WRITTEN_WITH) {
        trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
    } else {
        writeln!(
            io::stderr(),
            "{} is not {WRITTEN_WITH}*: it is checked that the mistakes do not compile, but not what the compiler says",
            version.trim_end()
        )
        .unwrap();
        each_case_fails();
    }
}

/// Compiles each case as a program of a package of its own.
fn each_case_fails() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    let programs = package.join("src/bin");
    fs::create_dir_all(&programs).unwrap();
    let mut expected = BTreeSet::new();
    for entry in fs::read_dir(crate_folder.join("tests/compile_fail")).unwrap() {
        let case = entry.unwrap().path();
        if case.extension().is_some_and(|extension| extension == "rs") {
            let name = case.file_stem().unwrap().to_str().unwrap().to_owned();
            fs::copy(&case, programs.join(case.file_name().unwrap())).unwrap();
            expected.insert(name);
        }
    }
    fs::write(
        programs.join("sound.rs"),
        "fn main() { let _ = custom_handler::FunctionApp::<()>::new(\"sound\"); }",
    )
    .unwrap();
    fs::copy(crate_folder.join("../../Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let manifest = format!(
        "[package]\nname = \"compile_fail\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         custom_handler = {{ path = {crate_folder:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();

    let check = Command::new(env!("CARGO"))
        .args([
            "check",
            "--offline",
            "--quiet",
            "--bins",
            "--keep-going",
            "--message-format=json",
        ])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .output()
        .unwrap();
    let messages = String::from_utf8(check.stdout).unwrap();
    let mut failed = BTreeSet::new();
    let mut built = BTreeSet::new();
    for message in messages.lines() {
        let message: Value = serde_json::from_str(message).unwrap();
        let target = message["target"]["name"].as_str().unwrap_or_default().to_owned();
        if message["message"]["level"] == "error" {
            failed.insert(target);
        } else if message["reason"] == "compiler-artifact" {
            built.insert(target);
        }
    }
    // Without a program that does compile, a broken package would look like four mistakes found.
    assert!(built.contains("sound"), "{}", String::from_utf8_lossy(&check.stderr));
    assert_eq!(failed, expected);
}
