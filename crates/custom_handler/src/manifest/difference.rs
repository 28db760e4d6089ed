//! How a file in an app's folder differs from what is declared.

use std::fmt;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 2;

/// A file that is not as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The file is not there.
    Missing {
        /// Path below the app's folder.
        path: String,
    },
    /// The file has another text.
    Differs {
        /// Path below the app's folder.
        path: String,
        /// Its lines, with `-` before those found and `+` before those declared.
        diff: String,
    },
    /// The file has no place for the settings table.
    NoMarkers {
        /// Path below the app's folder.
        path: String,
    },
    /// A function that is no longer declared; the host would still load it.
    LeftOver {
        /// Path below the app's folder.
        path: String,
    },
}

impl Difference {
    /// Path of the file below the app's folder.
    pub fn path(&self) -> &str {
        match self {
            Self::Missing { path }
            | Self::Differs { path, .. }
            | Self::NoMarkers { path }
            | Self::LeftOver { path } => path,
        }
    }

    pub(super) fn between(path: &str, found: &str, declared: &str) -> Option<Self> {
        (found != declared).then(|| Self::Differs {
            path: path.to_owned(),
            diff: diff(found, declared),
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "{path}: missing"),
            Self::Differs { path, diff } => write!(f, "{path}: differs (- found, + declared)\n{}", diff.trim_end()),
            Self::NoMarkers { path } => {
                write!(
                    f,
                    "{path}: lacks the lines <!-- settings:begin --> and <!-- settings:end --> for its table"
                )
            }
            Self::LeftOver { path } => write!(f, "{path}: left over, no such function is declared"),
        }
    }
}

/// The lines of both texts along their longest common subsequence, far-away common ones left out.
fn diff(found: &str, declared: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (found.lines().collect(), declared.lines().collect());
    // common[i][j]: length of the longest common subsequence of old[i..] and new[j..]. The files are small.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines: Vec<(char, &str)> = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    if lines.iter().all(|(mark, _)| *mark == ' ') {
        return "  the texts differ in line ends only\n".to_owned();
    }
    near_changes(&lines)
}

fn near_changes(lines: &[(char, &str)]) -> String {
    let is_near = |index: usize| {
        let from = index.saturating_sub(CONTEXT);
        lines[from..(index + CONTEXT + 1).min(lines.len())]
            .iter()
            .any(|(mark, _)| *mark != ' ')
    };
    let mut text = String::new();
    let mut skipping = false;
    for (index, (mark, line)) in lines.iter().enumerate() {
        if is_near(index) {
            text.push_str(&format!("  {mark} {line}\n"));
        } else if !skipping {
            text.push_str("    ...\n");
        }
        skipping = !is_near(index);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_the_changed_lines_and_a_little_around_them() {
        let found = "a\nb\nc\nd\ne\nf\n";
        let declared = "a\nb\nc\nD\ne\nf\n";
        assert_eq!(
            diff(found, declared),
            "    ...\n    b\n    c\n  - d\n  + D\n    e\n    f\n"
        );
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(Difference::between("host.json", "a\n", "a\n"), None);
        let line_ends = Difference::between("host.json", "a\r\n", "a\n").unwrap().to_string();
        assert!(line_ends.contains("line ends"), "{line_ends}");
    }
}
