//! How documents stand in blobs: JSON with a format number, and a unit's summary as metadata.
//!
//! A job's format is fixed when it starts, and all its documents have it. A binary reads and writes its own format and
//! the one before, so that jobs outlive a deployment and a deployment can be taken back; a newer one it leaves alone.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::job::Job;
use crate::protocol::StoredJob;
use crate::unit::{Counters, Unit, UnitState, UnitSummary};

/// The newest format that this binary reads and writes. Format 2 added counters and totals to format 1.
pub const FORMAT: u16 = 2;

/// The oldest.
pub const OLDEST: u16 = FORMAT - 1;

/// The largest document of a unit or a job, in bytes: one small Put Blob.
pub const LARGEST: usize = 64 << 10;

/// A document that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// It is no such document.
    #[error("the document is unreadable")]
    Unreadable(#[source] serde_json::Error),
    /// It was written by a binary that is older than one format.
    #[error("the document has format {found}, older than {OLDEST}, the oldest that this binary reads")]
    TooOld {
        /// Its format.
        found: u16,
    },
    /// It was written by a newer binary.
    #[error("the document has a newer format than {FORMAT}, the newest that this binary reads")]
    Newer,
    /// It is larger than a unit or a job may be.
    #[error("the document has {size} bytes, more than {LARGEST}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// A unit's metadata lacks this name or has something unreadable there.
    #[error("the metadata {name} is missing or unreadable")]
    Metadata {
        /// The name.
        name: &'static str,
    },
}

#[derive(Deserialize)]
struct Format {
    format: u16,
}

/// Reads a job.
///
/// # Errors
/// [`CodecError`] for anything but a job in a format that is known or newer.
pub fn decode_job(bytes: &[u8]) -> Result<StoredJob, CodecError> {
    Ok(decode(bytes)?.map_or(StoredJob::Newer, StoredJob::Known))
}

/// Reads a unit.
///
/// # Errors
/// [`CodecError`] for anything but a unit in a known format. A newer one is an error too: units are read after their
/// job, which has the same format, so only a job removed and started anew in between can bring one.
pub fn decode_unit(bytes: &[u8]) -> Result<Unit, CodecError> {
    decode(bytes)?.ok_or(CodecError::Newer)
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<T>, CodecError> {
    // The format first: of a newer document nothing else is known.
    let Format { format } = serde_json::from_slice(bytes).map_err(CodecError::Unreadable)?;
    match format {
        0..OLDEST => Err(CodecError::TooOld { found: format }),
        OLDEST..=FORMAT => serde_json::from_slice(bytes).map(Some).map_err(CodecError::Unreadable),
        _ => Ok(None),
    }
}

/// Writes a job.
///
/// # Errors
/// [`CodecError::TooLarge`]: its input and reason do not fit.
pub fn encode_job(job: &Job) -> Result<Vec<u8>, CodecError> {
    encode(job, job.format, "totals")
}

/// Writes a unit.
///
/// # Errors
/// [`CodecError::TooLarge`]: its children and reason do not fit.
pub fn encode_unit(unit: &Unit) -> Result<Vec<u8>, CodecError> {
    encode(unit, unit.format, "counters")
}

fn encode<T: serde::Serialize>(document: &T, format: u16, new_in_2: &str) -> Result<Vec<u8>, CodecError> {
    let written = if format < 2 {
        serde_json::to_value(document).and_then(|mut value| {
            if let Some(members) = value.as_object_mut() {
                members.remove(new_in_2);
            }
            serde_json::to_vec(&value)
        })
    } else {
        serde_json::to_vec(document)
    };
    let bytes = written.map_err(CodecError::Unreadable)?;
    if bytes.len() > LARGEST {
        return Err(CodecError::TooLarge { size: bytes.len() });
    }
    Ok(bytes)
}

/// A unit's summary as metadata, so that a listing tells where each unit stands. ASCII, below 2 KiB.
pub fn unit_metadata(unit: &Unit) -> Vec<(String, String)> {
    let UnitSummary {
        state,
        attempt,
        epoch,
        outputs,
        counters,
    } = unit.summary();
    [
        ("state", state.as_str().to_owned()),
        ("attempt", attempt.to_string()),
        ("epoch", epoch.to_string()),
        ("outputs", outputs.to_string()),
        ("items", counters.items.to_string()),
        ("errors", counters.errors.to_string()),
        ("format", unit.format.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Reads a unit's summary from its metadata.
///
/// # Errors
/// [`CodecError::Metadata`] names what is missing or unreadable; [`CodecError::Newer`] as in [`decode_unit`].
pub fn read_unit_metadata(metadata: &[(String, String)]) -> Result<UnitSummary, CodecError> {
    let text = |name: &'static str| {
        let found = metadata.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value.as_str())
            .ok_or(CodecError::Metadata { name })
    };
    fn number<N: std::str::FromStr>(name: &'static str, text: &str) -> Result<N, CodecError> {
        text.parse().map_err(|_| CodecError::Metadata { name })
    }
    if number::<u16>("format", text("format")?)? > FORMAT {
        return Err(CodecError::Newer);
    }
    Ok(UnitSummary {
        state: UnitState::from_text(text("state")?).ok_or(CodecError::Metadata { name: "state" })?,
        attempt: number("attempt", text("attempt")?)?,
        epoch: number("epoch", text("epoch")?)?,
        outputs: number("outputs", text("outputs")?)?,
        counters: Counters {
            items: number("items", text("items")?)?,
            errors: number("errors", text("errors")?)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::names::{JobId, UnitName};
    use crate::unit::Claim;
    use crate::{JobState, OutputName};

    fn unit() -> Unit {
        let job = JobId::new("j").unwrap();
        let root = UnitName::root(&job);
        let input = OutputName {
            unit: root,
            attempt: 1,
            number: 0,
        };
        Unit {
            parent: Some(root),
            input: Some(input),
            claim: Some(Claim {
                nonce: u64::MAX,
                message: "m".into(),
                dequeue: 3,
            }),
            reason: Some("because".into()),
            counters: Counters { items: 4, errors: 1 },
            ..Unit::open(FORMAT, "count")
        }
    }

    fn job() -> Job {
        Job {
            format: FORMAT,
            state: JobState::Running,
            epoch: 1,
            published: 0,
            kind: "count".into(),
            slot: None,
            created: "2026-11-20T10:00:00Z".into(),
            input: "{}".into(),
            totals: Default::default(),
            reason: None,
        }
    }

    #[test]
    fn documents_come_back_as_they_were() {
        let bytes = encode_unit(&unit()).unwrap();
        assert_eq!(decode_unit(&bytes).unwrap(), unit());
        let bytes = encode_job(&job()).unwrap();
        assert_eq!(decode_job(&bytes).unwrap(), StoredJob::Known(job()));
        let summary = read_unit_metadata(&unit_metadata(&unit())).unwrap();
        assert_eq!(summary, unit().summary());
    }

    #[test]
    fn a_stored_document_of_the_format_before_is_read_and_written_in_that_format() {
        let stored = include_bytes!("../fixtures/unit_format_1.json");
        let unit = decode_unit(stored).unwrap();
        assert_eq!((unit.format, unit.state, unit.attempt), (1, UnitState::Open, 2));
        let again: serde_json::Value = serde_json::from_slice(&encode_unit(&unit).unwrap()).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(stored).unwrap();
        assert_eq!(again, expected);
        let stored = include_bytes!("../fixtures/job_format_1.json");
        let StoredJob::Known(job) = decode_job(stored).unwrap() else {
            panic!("format 1 is known")
        };
        let again: serde_json::Value = serde_json::from_slice(&encode_job(&job).unwrap()).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(stored).unwrap();
        assert_eq!(again, expected);
    }

    #[test]
    fn newer_documents_are_left_alone_whatever_they_hold_and_older_ones_are_an_error() {
        assert_eq!(
            decode_job(br#"{"format":3,"state":"dreaming"}"#).unwrap(),
            StoredJob::Newer
        );
        assert!(matches!(decode_unit(br#"{"format":9}"#), Err(CodecError::Newer)));
        let newer = [("format".to_owned(), "3".to_owned())];
        assert!(matches!(read_unit_metadata(&newer), Err(CodecError::Newer)));
        assert!(matches!(
            decode_job(br#"{"format":0}"#),
            Err(CodecError::TooOld { found: 0 })
        ));
        assert!(matches!(decode_job(b"{}"), Err(CodecError::Unreadable(_))));
    }

    #[test]
    fn a_document_over_the_limit_is_refused_with_its_size() {
        let large = unit().failed(1, &"x".repeat(LARGEST));
        assert!(matches!(encode_unit(&large), Err(CodecError::TooLarge { size }) if size > LARGEST));
    }

    #[test]
    fn two_hundred_and_fifty_six_children_fit() {
        let child = crate::Child {
            kind: "k".repeat(64).into(),
            input: unit().input.unwrap(),
        };
        let unit = Unit {
            children: vec![child; 256],
            ..unit()
        };
        assert!(encode_unit(&unit).unwrap().len() < LARGEST);
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_an_error_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_job(&bytes);
            let _ = decode_unit(&bytes);
        }

        #[test]
        fn foreign_metadata_is_an_error_and_no_panic(pairs in proptest::collection::vec((".{0,8}", ".{0,8}"), 0..8)) {
            let _ = read_unit_metadata(&pairs);
        }
    }
}
