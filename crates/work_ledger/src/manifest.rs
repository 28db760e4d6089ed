//! What a finished epoch consists of.

use std::io::Write;

use bytes::Bytes;
use ledger_protocol::names::paths;
use ledger_protocol::{Counters, OutputName, UnitName, UnitState};
use serde::{Deserialize, Serialize};
use storage_access::{BlobHeaders, Condition};

use crate::error::LedgerError;
use crate::store::JobStore;

/// A unit that is done, and the attempt that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedUnit {
    /// The unit.
    pub unit: UnitName,
    /// Its committed attempt.
    pub attempt: u32,
    /// How many outputs that attempt has.
    pub outputs: u32,
}

/// The manifest of one epoch: every unit that is done with its committed attempt, and those that failed. Readers go
/// through it only; what it does not name is not part of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The epoch.
    pub epoch: u32,
    /// What all units counted.
    pub counters: Counters,
    /// Units done, in the order of their names.
    pub done: Vec<CommittedUnit>,
    /// Units that failed.
    pub failed: Vec<UnitName>,
}

/// A manifest is lines of JSON: one for the epoch, one for each unit. So it can be read piece by piece.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Epoch { epoch: u32, counters: Counters },
    Done(CommittedUnit),
    Failed { failed: UnitName },
}

impl Manifest {
    /// Names of all outputs, unit by unit.
    pub fn outputs(&self) -> impl Iterator<Item = OutputName> + '_ {
        self.done.iter().flat_map(|committed| {
            let CommittedUnit { unit, attempt, outputs } = *committed;
            (0..outputs).map(move |number| OutputName { unit, attempt, number })
        })
    }

    fn encode(&self, path: &str) -> Result<Bytes, LedgerError> {
        let mut text = Vec::new();
        let head = Line::Epoch {
            epoch: self.epoch,
            counters: self.counters,
        };
        let done = self.done.iter().cloned().map(Line::Done);
        let failed = self.failed.iter().map(|failed| Line::Failed { failed: *failed });
        for line in std::iter::once(head).chain(done).chain(failed) {
            serde_json::to_writer(&mut text, &line).map_err(|source| LedgerError::Json {
                path: path.to_owned(),
                source,
            })?;
            // A vector takes every byte.
            let _ = text.write_all(b"\n");
        }
        Ok(text.into())
    }

    fn decode(bytes: &[u8], path: &str) -> Result<Self, LedgerError> {
        let mut manifest = Self {
            epoch: 0,
            counters: Counters::default(),
            done: Vec::new(),
            failed: Vec::new(),
        };
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line = serde_json::from_slice(line).map_err(|source| LedgerError::Json {
                path: path.to_owned(),
                source,
            })?;
            match line {
                Line::Epoch { epoch, counters } => (manifest.epoch, manifest.counters) = (epoch, counters),
                Line::Done(committed) => manifest.done.push(committed),
                Line::Failed { failed } => manifest.failed.push(failed),
            }
        }
        Ok(manifest)
    }
}

impl JobStore {
    /// The epoch's manifest as it is stored: written by whoever came first.
    pub(crate) async fn manifest_or_write(&self, epoch: u32) -> Result<Manifest, LedgerError> {
        if let Some(found) = self.manifest(epoch).await? {
            return Ok(found);
        }
        let path = paths::manifest(&self.job, epoch);
        let manifest = self.count_up(epoch).await?;
        let headers = BlobHeaders::content_type("application/x-ndjson");
        let _ = self
            .document(&path)
            .put(manifest.encode(&path)?, Condition::IfAbsent, headers)
            .await?;
        // What is stored counts, not what was meant to be.
        match self.manifest(epoch).await? {
            Some(stored) => Ok(stored),
            None => Err(LedgerError::Gone { path }),
        }
    }

    /// The manifest of an epoch, if it is written.
    pub(crate) async fn manifest(&self, epoch: u32) -> Result<Option<Manifest>, LedgerError> {
        let path = paths::manifest(&self.job, epoch);
        match self.document(&path).get().await? {
            Some(found) => Manifest::decode(&found.bytes, &path).map(Some),
            None => Ok(None),
        }
    }

    /// The listing is complete: no unit changes while the job is finalizing.
    async fn count_up(&self, epoch: u32) -> Result<Manifest, LedgerError> {
        let mut manifest = Manifest {
            epoch,
            counters: Counters::default(),
            done: Vec::new(),
            failed: Vec::new(),
        };
        let mut listing = self.list_all_units()?;
        while let Some(page) = self.next_units(&mut listing).await? {
            for (unit, found) in page {
                let summary = found.value;
                manifest.counters.items += summary.counters.items;
                manifest.counters.errors += summary.counters.errors;
                match summary.state {
                    UnitState::Done => manifest.done.push(CommittedUnit {
                        unit,
                        attempt: summary.attempt,
                        outputs: summary.outputs,
                    }),
                    _ => manifest.failed.push(unit),
                }
            }
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger_protocol::JobId;

    #[test]
    fn a_manifest_comes_back_as_it_was_and_names_its_outputs() {
        let job = JobId::new("j").unwrap();
        let root = UnitName::root(&job);
        let manifest = Manifest {
            epoch: 2,
            counters: Counters { items: 7, errors: 1 },
            done: vec![CommittedUnit {
                unit: root,
                attempt: 3,
                outputs: 2,
            }],
            failed: vec![root.child(&job, 0)],
        };
        let bytes = manifest.encode("path").unwrap();
        assert_eq!(Manifest::decode(&bytes, "path").unwrap(), manifest);
        let numbers: Vec<u32> = manifest.outputs().map(|output| output.number).collect();
        assert_eq!(numbers, [0, 1]);
        assert!(matches!(
            Manifest::decode(b"{\"unit\":1}\n", "path"),
            Err(LedgerError::Json { .. })
        ));
    }
}
