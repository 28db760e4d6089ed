//! Names of jobs, units and outputs, and where each lies in storage.
//!
//! A unit's name is its place in the tree: generation first, in fixed width, so that a child always sorts after its
//! parent and a listing in ascending order cannot pass a unit whose parent it has still to see.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A job's id: 1 to 100 characters of `[A-Za-z0-9_-]`. It is the caller's key or the occurrence of a schedule, so that
/// a second start of the same thing is the same job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(Box<str>);

/// Why a text is no job id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job id has 1 to 100 characters of A-Z, a-z, 0-9, _ and -; this one has {length} characters{wrong}")]
pub struct JobIdError {
    length: usize,
    wrong: Box<str>,
}

impl JobId {
    /// Reads a job id.
    ///
    /// # Errors
    /// [`JobIdError`] when it is empty, too long, or has other characters.
    pub fn new(text: &str) -> Result<Self, JobIdError> {
        let foreign = text
            .chars()
            .find(|character| !(character.is_ascii_alphanumeric() || "_-".contains(*character)));
        if foreign.is_none() && (1..=100).contains(&text.len()) {
            return Ok(Self(text.into()));
        }
        let wrong = foreign
            .map(|character| format!(", {character:?} among them"))
            .unwrap_or_default();
        Err(JobIdError {
            length: text.chars().count(),
            wrong: wrong.into(),
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for JobId {
    type Error = JobIdError;

    fn try_from(text: String) -> Result<Self, JobIdError> {
        Self::new(&text)
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0.into()
    }
}

/// One unit of a job: a piece of its work, or the final unit of an epoch.
///
/// The order is the order of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum UnitName {
    /// A piece of work.
    Piece {
        /// 0 for the root, else the parent's generation + 1.
        generation: u32,
        /// The first 64 bits of SHA-256 over job, parent and ordinal.
        key: u64,
    },
    /// What ends an epoch: manifest and effects.
    Final {
        /// The epoch that it ends.
        epoch: u32,
    },
}

impl UnitName {
    /// The unit with which a job starts.
    pub fn root(job: &JobId) -> Self {
        Self::Piece {
            generation: 0,
            key: key(job, "", 0),
        }
    }

    /// The child of this unit with that ordinal. A final unit has none: asking for one gives a name below generation 0.
    #[must_use]
    pub fn child(self, job: &JobId, ordinal: u32) -> Self {
        let generation = match self {
            Self::Piece { generation, .. } => generation + 1,
            Self::Final { .. } => 0,
        };
        Self::Piece {
            generation,
            key: key(job, &self.to_string(), ordinal),
        }
    }
}

/// Separated by a character that no part holds, so that no two triples read the same.
fn key(job: &JobId, parent: &str, ordinal: u32) -> u64 {
    let digest = Sha256::digest(format!("{job}\n{parent}\n{ordinal}"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

impl fmt::Display for UnitName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Piece { generation, key } => write!(formatter, "{generation:06}-{key:016x}"),
            Self::Final { epoch } => write!(formatter, "final-{epoch}"),
        }
    }
}

/// A text is no unit name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no unit has such a name: a unit is named like 000001-0123456789abcdef or final-1")]
pub struct UnitNameError;

impl FromStr for UnitName {
    type Err = UnitNameError;

    fn from_str(text: &str) -> Result<Self, UnitNameError> {
        let name = match text.split_once('-').ok_or(UnitNameError)? {
            ("final", epoch) => Self::Final {
                epoch: epoch.parse().map_err(|_| UnitNameError)?,
            },
            (generation, key) => Self::Piece {
                generation: generation.parse().map_err(|_| UnitNameError)?,
                key: u64::from_str_radix(key, 16).map_err(|_| UnitNameError)?,
            },
        };
        // One spelling per name: blobs are found by it.
        if name.to_string() == text {
            Ok(name)
        } else {
            Err(UnitNameError)
        }
    }
}

impl TryFrom<String> for UnitName {
    type Error = UnitNameError;

    fn try_from(text: String) -> Result<Self, UnitNameError> {
        text.parse()
    }
}

impl From<UnitName> for String {
    fn from(name: UnitName) -> Self {
        name.to_string()
    }
}

/// One output: written by an attempt of a unit, named so that no other attempt can write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutputName {
    /// The unit that wrote it.
    pub unit: UnitName,
    /// The attempt in which it was written, from 1.
    pub attempt: u32,
    /// Its number within the attempt, from 0.
    pub number: u32,
}

/// Paths within the ledger's container.
pub mod paths {
    use super::{JobId, OutputName, UnitName};

    /// A job's document.
    pub fn job(job: &JobId) -> String {
        format!("jobs/{job}")
    }

    /// A unit's document.
    pub fn unit(job: &JobId, unit: UnitName) -> String {
        match unit {
            UnitName::Piece { .. } => format!("units/{job}/{unit}"),
            UnitName::Final { epoch } => format!("final/{job}/{epoch}"),
        }
    }

    /// What all pieces of a job begin with.
    pub fn units(job: &JobId) -> String {
        format!("units/{job}/")
    }

    /// An output.
    pub fn output(job: &JobId, output: OutputName) -> String {
        let OutputName { unit, attempt, number } = output;
        format!("out/{job}/{unit}/{attempt:04}-{number}")
    }

    /// What all outputs and manifests of a job begin with.
    pub fn outputs(job: &JobId) -> String {
        format!("out/{job}/")
    }

    /// The output that lies there; `None` for a manifest, or anything else.
    pub fn read_output(job: &JobId, path: &str) -> Option<OutputName> {
        let (unit, rest) = path.strip_prefix(&outputs(job))?.split_once('/')?;
        let (attempt, number) = rest.split_once('-')?;
        let name = OutputName {
            unit: unit.parse().ok()?,
            attempt: attempt.parse().ok()?,
            number: number.parse().ok()?,
        };
        (output(job, name) == path).then_some(name)
    }

    /// The manifest of an epoch.
    pub fn manifest(job: &JobId, epoch: u32) -> String {
        format!("out/{job}/manifest-{epoch}")
    }

    /// The slot that single-run jobs of one name share.
    pub fn slot(name: &str) -> String {
        format!("slots/{name}")
    }

    /// What all live counters of a job begin with.
    pub fn lives(job: &JobId) -> String {
        format!("live/{job}/")
    }

    /// Live counters of one worker: shown, never trusted.
    pub fn live(job: &JobId, worker: &str) -> String {
        format!("live/{job}/{worker}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> JobId {
        JobId::new("nightly-2026-11-20").unwrap()
    }

    #[test]
    fn job_ids_are_checked_and_the_error_names_the_character() {
        for text in ["a", "A_b-9", &"x".repeat(100)] {
            assert_eq!(JobId::new(text).unwrap().as_str(), text);
        }
        for text in ["", "a/b", "ü", &"x".repeat(101)] {
            JobId::new(text).unwrap_err();
        }
        assert!(JobId::new("a b").unwrap_err().to_string().contains("' '"));
    }

    #[test]
    fn a_child_sorts_after_its_parent_as_name_and_as_path() {
        let mut parent = UnitName::root(&job());
        for ordinal in 0..20 {
            let child = parent.child(&job(), ordinal);
            assert!(parent < child);
            assert!(paths::unit(&job(), parent) < paths::unit(&job(), child));
            parent = child;
        }
    }

    #[test]
    fn siblings_and_the_same_place_in_another_job_have_other_names() {
        let root = UnitName::root(&job());
        let other = JobId::new("other").unwrap();
        assert_ne!(root.child(&job(), 0), root.child(&job(), 1));
        assert_ne!(root, UnitName::root(&other));
        assert_ne!(root.child(&job(), 0), root.child(&other, 0));
    }

    #[test]
    fn an_outputs_path_is_read_back_and_a_manifest_is_none() {
        let name = OutputName {
            unit: UnitName::root(&job()),
            attempt: 12,
            number: 3,
        };
        assert_eq!(paths::read_output(&job(), &paths::output(&job(), name)), Some(name));
        assert_eq!(paths::read_output(&job(), &paths::manifest(&job(), 1)), None);
        assert_eq!(paths::read_output(&job(), "out/other/final-1/0001-0"), None);
    }

    #[test]
    fn names_are_read_back_in_one_spelling_only() {
        for name in [
            UnitName::root(&job()),
            UnitName::root(&job()).child(&job(), 3),
            UnitName::Final { epoch: 2 },
        ] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        for text in [
            "",
            "final-",
            "final-01",
            "0-0",
            "000000-0123456789ABCDEF",
            "000000-123",
            "+00000-0123456789abcdef",
        ] {
            assert_eq!(text.parse::<UnitName>(), Err(UnitNameError), "{text}");
        }
    }
}
