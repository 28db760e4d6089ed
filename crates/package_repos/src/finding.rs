//! What can be wrong, named by stable codes.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::mirror::Family;

mod codes;

pub use codes::Code;

/// How much a finding matters to the people who install packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nobody is hurt.
    Notice,
    /// Some clients are slower or older than they should be, or will fail soon.
    Warning,
    /// Clients fail now.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One thing that is wrong: a stable code, and the particulars in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of fault it is. Its severity, meaning and remedy stand in the table of [`Code`].
    pub code: Code,
    /// How much it matters; the code's own severity unless the verdict had a reason to lower it.
    pub severity: Severity,
    /// The particulars, in one plain-text line. It may quote foreign text: show it as text, never as markup.
    pub message: String,
    /// The address families that it concerns; empty when it concerns all that were looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<Family>,
    /// The file that it concerns, relative to the mirror's address; none when it concerns the mirror as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl Finding {
    /// The longest message, in characters. Foreign text is cut to fit.
    pub const LONGEST_MESSAGE: usize = 400;

    /// A finding on the mirror as a whole, with the severity of its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: one_line(&message.into(), Self::LONGEST_MESSAGE),
            families: Vec::new(),
            target: None,
        }
    }

    /// The same finding, said of some address families only.
    #[must_use]
    pub fn on(mut self, families: impl IntoIterator<Item = Family>) -> Self {
        self.families = families.into_iter().collect();
        self
    }

    /// The same finding, said of one file.
    #[must_use]
    pub fn about(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into()).filter(|target| !target.is_empty());
        self
    }
}

/// `CODE: message`, as it stands in the `errors` of a mirror's status.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// Foreign text as one line of at most `longest` characters: control characters become spaces, the rest is cut.
pub fn one_line(text: &str, longest: usize) -> String {
    let mut line: String = text
        .chars()
        .take(longest)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if text.chars().nth(longest).is_some() {
        line.pop();
        line.push('…');
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_its_code_and_one_line() {
        let finding = Finding::new(Code::MirrorHttpStatus, "the server answered 500\r\nOops");
        assert_eq!(finding.to_string(), "MIRROR-HTTP-STATUS: the server answered 500  Oops");
        assert_eq!(
            serde_json::to_value(finding.on([Family::Ipv6]).about("dists/stable/InRelease")).unwrap(),
            serde_json::json!({
                "code": "MIRROR-HTTP-STATUS",
                "severity": "error",
                "message": "the server answered 500  Oops",
                "families": ["ipv6"],
                "target": "dists/stable/InRelease",
            })
        );
    }

    #[test]
    fn long_foreign_text_is_cut_by_characters() {
        assert_eq!(one_line("äöüß", 3), "äö…");
        assert_eq!(one_line("äöü", 3), "äöü");
    }
}
