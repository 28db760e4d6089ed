//! The house rules that no compiler checks, each with the text that a newcomer needs to mend what it finds.

mod dependencies;
mod documents;
mod sources;

use std::{fmt, fs, io};

use crate::workspace::Workspace;

/// One broken rule: where, and what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    place: String,
    advice: String,
}

impl Finding {
    fn new(place: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            advice: advice.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.advice)
    }
}

/// A text file of the checkout: its path relative to the root, with forward slashes, and its content.
struct File {
    path: String,
    text: String,
}

/// Checks every rule and returns what is broken, sorted by place.
pub(crate) fn check(workspace: &Workspace) -> io::Result<Vec<Finding>> {
    let files = read_texts(workspace)?;
    let mut findings = Vec::new();
    for file in &files {
        sources::check(file, &mut findings);
    }
    documents::check(&files, &app_names(workspace)?, &mut findings);
    dependencies::check(workspace, &mut findings)?;
    findings.sort();
    Ok(findings)
}

fn app_names(workspace: &Workspace) -> io::Result<Vec<String>> {
    let apps = workspace
        .members()?
        .into_iter()
        .filter(|member| workspace.relative(member).starts_with("function_apps/"));
    Ok(apps
        .filter_map(|app| Some(app.file_name()?.to_str()?.to_owned()))
        .collect())
}

/// The text files that git tracks or would track: what a build leaves behind is nobody's business.
fn read_texts(workspace: &Workspace) -> io::Result<Vec<File>> {
    let listing = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(workspace.root())
        .output()?;
    if !listing.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&listing.stderr).into_owned()));
    }
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    let paths = listing.split('\0').filter(|path| !path.is_empty());
    let texts = paths.filter_map(|path| {
        // A file that git lists and that is gone was deleted and not committed yet; one that is not UTF-8 is data.
        let text = fs::read_to_string(workspace.path(path)).ok()?;
        Some(File {
            path: path.to_owned(),
            text,
        })
    });
    Ok(texts.collect())
}
