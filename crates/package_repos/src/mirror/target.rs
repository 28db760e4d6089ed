//! The files that package clients ask a mirror for first.

use url::Url;

/// One file to fetch from a mirror.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    kind: TargetKind,
    path: String,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// The mirror's own address: a page with links.
    FrontPage,
    /// An apt suite's signed `InRelease`.
    InRelease,
    /// A yum repository's `repodata/repomd.xml`.
    Repomd,
}

impl Target {
    /// The mirror's own address.
    pub fn front_page() -> Self {
        Self {
            kind: TargetKind::FrontPage,
            path: String::new(),
        }
    }

    /// The `InRelease` of a suite. A suite that ends in a slash is a flat repository: a path below the mirror, without
    /// `dists/`, as in sources.list(5).
    pub fn in_release(suite: &str) -> Self {
        let path = if suite.is_empty() || suite.ends_with('/') {
            joined(suite, "InRelease")
        } else {
            format!("dists/{suite}/InRelease")
        };
        Self {
            kind: TargetKind::InRelease,
            path,
        }
    }

    /// The `repomd.xml` of a yum repository; an empty path is the mirror's own address.
    pub fn repomd(repo: &str) -> Self {
        Self {
            kind: TargetKind::Repomd,
            path: joined(repo, "repodata/repomd.xml"),
        }
    }

    /// What the file is.
    pub fn kind(&self) -> TargetKind {
        self.kind
    }

    /// The path below the mirror's address; empty for the front page.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The suite that an `InRelease` below `dists/` was asked for by.
    pub fn suite(&self) -> Option<&str> {
        self.path.strip_prefix("dists/")?.strip_suffix("/InRelease")
    }

    /// The address of the file at the mirror `base`; none when `base` is no address that paths can be added to.
    pub fn url_below(&self, base: &str) -> Option<Url> {
        let mut url = Url::parse(base).ok()?;
        if self.path.is_empty() {
            return Some(url);
        }
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(self.path.split('/').filter(|part| !matches!(*part, "" | ".")));
        Some(url)
    }
}

fn joined(folder: &str, file: &str) -> String {
    let folder = folder.strip_prefix("./").unwrap_or(folder).trim_end_matches('/');
    if folder.is_empty() || folder == "." {
        file.to_owned()
    } else {
        format!("{folder}/{file}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_where_clients_look_for_them() {
        let url = |target: Target, base| target.url_below(base).unwrap().to_string();
        assert_eq!(url(Target::front_page(), "http://a.example"), "http://a.example/");
        assert_eq!(url(Target::front_page(), "http://a.example/x"), "http://a.example/x");
        assert_eq!(
            url(Target::in_release("stable"), "http://a.example/debian"),
            "http://a.example/debian/dists/stable/InRelease"
        );
        assert_eq!(
            url(Target::in_release("stable/updates"), "http://a.example/debian/"),
            "http://a.example/debian/dists/stable/updates/InRelease"
        );
        assert_eq!(
            url(Target::in_release("./"), "http://a.example/x/"),
            "http://a.example/x/InRelease"
        );
        assert_eq!(
            url(Target::in_release("flat/"), "http://a.example/x"),
            "http://a.example/x/flat/InRelease"
        );
        assert_eq!(
            url(Target::repomd(""), "http://a.example/x"),
            "http://a.example/x/repodata/repomd.xml"
        );
        assert_eq!(
            url(Target::repomd("9/os/"), "http://a.example"),
            "http://a.example/9/os/repodata/repomd.xml"
        );
    }

    #[test]
    fn the_suite_is_known_below_dists_only() {
        assert_eq!(Target::in_release("stable/updates").suite(), Some("stable/updates"));
        assert_eq!(Target::in_release("./").suite(), None);
        assert_eq!(Target::repomd("x").suite(), None);
    }
}
