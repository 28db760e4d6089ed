//! The direction of dependencies, as every member's manifest states it.

use std::{fs, io};

use toml::Table;

use super::Finding;
use crate::workspace::Workspace;

/// Pure crates: bytes, values, time and chance in; decisions out.
const PURE: [&str; 5] = [
    "functions_protocol",
    "host_rules",
    "ledger_protocol",
    "package_repos",
    "scan_status",
];

/// What a pure crate must not reach for.
const IMPURE: [&str; 9] = [
    "axum",
    "azure_core",
    "azure_identity",
    "hyper",
    "reqwest",
    "storage_access",
    "tokio",
    "tokio-rustls",
    "custom_handler",
];

/// Development only: no app links one.
const DEVELOPMENT_ONLY: [&str; 7] = [
    "dev_host",
    "host_rules",
    "ledger_model",
    "ledger_trials",
    "service_fakes",
    "storage_emulator",
    "xtask",
];

/// Clients do I/O and know no domain.
const CLIENTS: [&str; 2] = ["repo_client", "storage_access"];

const DOMAINS: [&str; 2] = ["package_repos", "scan_status"];

pub(super) fn check(workspace: &Workspace, findings: &mut Vec<Finding>) -> io::Result<()> {
    for member in workspace.members()? {
        let path = workspace.relative(&member.join("Cargo.toml"));
        let manifest: Table = match fs::read_to_string(member.join("Cargo.toml"))?.parse() {
            Ok(manifest) => manifest,
            Err(error) => {
                findings.push(Finding::new(path, error.to_string()));
                continue;
            }
        };
        check_manifest(&path, &manifest, findings);
    }
    Ok(())
}

fn check_manifest(path: &str, manifest: &Table, findings: &mut Vec<Finding>) {
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    let text = |section: &str, key: &str| manifest.get(section)?.get(key)?.as_str();
    if text("package", "name") != Some(folder) {
        findings.push(Finding::new(
            path,
            format!("the package must be named like its folder: {folder}"),
        ));
    }
    if text("package", "description").is_none() {
        findings.push(Finding::new(path, "says nowhere what the crate is: add a description"));
    }
    let lints = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(toml::Value::as_bool);
    if lints != Some(true) {
        findings.push(Finding::new(
            path,
            "does not take the workspace's lints: add [lints] workspace = true",
        ));
    }
    let dependencies = names(manifest, "dependencies");
    let mut forbid = |names: &[&str], why: &str| {
        for name in names.iter().filter(|name| dependencies.contains(name)) {
            findings.push(Finding::new(path, format!("depends on {name}: {why}")));
        }
    };
    if PURE.contains(&folder) {
        forbid(&IMPURE, "this crate is pure; do the I/O in a client crate or an app");
    }
    if path.starts_with("function_apps/") {
        forbid(
            &DEVELOPMENT_ONLY,
            "development-only crates are not linked into apps; make it a dev-dependency",
        );
    }
    if CLIENTS.contains(&folder) {
        forbid(&DOMAINS, "a client knows no domain; the app joins the two");
        forbid(&["custom_handler"], "a client knows no SDK; the app joins the two");
    }
    for section in ["dependencies", "dev-dependencies"] {
        for name in own_versions(manifest, section) {
            findings.push(Finding::new(
                path,
                format!("{name} has a version of its own: put it into the root's table"),
            ));
        }
    }
}

fn names<'a>(manifest: &'a Table, section: &str) -> Vec<&'a str> {
    let table = manifest.get(section).and_then(toml::Value::as_table);
    table
        .map(|table| table.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn own_versions<'a>(manifest: &'a Table, section: &str) -> Vec<&'a str> {
    let Some(table) = manifest.get(section).and_then(toml::Value::as_table) else {
        return Vec::new();
    };
    let own = table
        .iter()
        .filter(|(_, value)| value.is_str() || value.get("version").is_some());
    own.map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_of(path: &str, manifest: &str) -> Vec<String> {
        let mut findings = Vec::new();
        check_manifest(path, &manifest.parse().unwrap(), &mut findings);
        findings.iter().map(|finding| finding.advice.clone()).collect()
    }

    #[test]
    fn a_pure_crate_with_a_runtime_is_named() {
        let manifest = "package = { name = 'scan_status', description = 'x' }
            lints = { workspace = true }
            dependencies = { tokio = { workspace = true }, serde = '1' }";
        assert_eq!(
            findings_of("crates/scan_status/Cargo.toml", manifest),
            [
                "depends on tokio: this crate is pure; do the I/O in a client crate or an app",
                "serde has a version of its own: put it into the root's table",
            ]
        );
    }

    #[test]
    fn an_app_links_no_development_crate() {
        let manifest = "package = { name = 'a' }\ndependencies = { storage_emulator = { workspace = true } }";
        let findings = findings_of("function_apps/b/Cargo.toml", manifest);
        assert_eq!(findings.len(), 4, "{findings:?}");
        assert!(findings[3].starts_with("depends on storage_emulator"), "{findings:?}");
    }
}
