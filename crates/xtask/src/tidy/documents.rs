//! Rules about documents.

use super::{File, Finding};

/// A map that is longer is not read.
const ARCHITECTURE_LINES_AT_MOST: usize = 130;

pub(super) fn check(files: &[File], apps: &[String], findings: &mut Vec<Finding>) {
    let find = |path: &str| files.iter().find(|file| file.path == path);
    match find("docs/ARCHITECTURE.md") {
        None => findings.push(Finding::new("docs/ARCHITECTURE.md", "is missing")),
        Some(file) => {
            let lines = file.text.lines().count();
            if lines > ARCHITECTURE_LINES_AT_MOST {
                let advice = format!("has {lines} lines; at most {ARCHITECTURE_LINES_AT_MOST}, so that it is read");
                findings.push(Finding::new(&file.path, advice));
            }
        }
    }
    let readme = find("README.md").map_or("", |file| &file.text);
    for app in apps {
        if !readme.contains(&format!("(function_apps/{app}")) {
            findings.push(Finding::new(
                "README.md",
                format!("the table of apps has no link to function_apps/{app}"),
            ));
        }
    }
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        check_links(file, files, findings);
    }
}

/// Relative links must lead somewhere: a dead link is the first sign of a document that nobody keeps.
fn check_links(file: &File, files: &[File], findings: &mut Vec<Finding>) {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for target in link_targets(&file.text) {
        let path = target.split('#').next().unwrap_or_default();
        if path.is_empty() || path.contains("://") || path.starts_with("mailto:") || path.starts_with("crate::") {
            continue;
        }
        let Some(path) = resolve(folder, path) else { continue };
        let found = files
            .iter()
            .any(|file| file.path == path || file.path.starts_with(&format!("{path}/")));
        if !found && !is_image_of(&path) {
            findings.push(Finding::new(&file.path, format!("links to {path}, which is not there")));
        }
    }
}

/// Images are not text, so they are not among the files read.
fn is_image_of(path: &str) -> bool {
    [".png", ".jpg", ".ico"].iter().any(|ending| path.ends_with(ending))
}

fn link_targets(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(start, _)| {
        let rest = &text[start + 2..];
        let target = &rest[..rest.find(')')?];
        (!target.contains(char::is_whitespace)).then_some(target)
    })
}

/// A relative link as a path from the root; none when it leaves the checkout.
fn resolve(folder: &str, link: &str) -> Option<String> {
    let mut segments: Vec<&str> = folder.split('/').filter(|segment| !segment.is_empty()).collect();
    for segment in link.trim_end_matches('/').split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            name => segments.push(name),
        }
    }
    Some(segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn dead_links_and_missing_apps_are_named() {
        let files = [
            file(
                "README.md",
                "[a](docs/ARCHITECTURE.md#code-map) [b](docs/gone.md) [x](https://example.com/y.md)\n",
            ),
            file("docs/ARCHITECTURE.md", "[up](../README.md)\n"),
        ];
        let mut findings = Vec::new();
        check(&files, &["scan_mirrors".to_owned()], &mut findings);
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            findings,
            [
                "README.md: the table of apps has no link to function_apps/scan_mirrors",
                "README.md: links to docs/gone.md, which is not there",
            ]
        );
    }
}
