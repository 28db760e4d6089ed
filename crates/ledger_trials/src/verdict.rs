//! What must be so when everything is over.

use ledger_protocol::JobId;
use storage_access::{Container, StorageError};
use work_ledger::{JobStatus, Ledger, RuntimeStatus};

use crate::counting::Items;
use crate::site::{HOST, Site};

/// What is wrong at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The job did not end in the time given.
    #[error("the job does not end: it is {0}")]
    Endless(String),
    /// Items are missing from the manifest, or in it twice.
    #[error("the manifest of epoch {epoch} names the items {found:?}, not {expected:?}")]
    Items {
        /// The epoch.
        epoch: u32,
        /// Items of the outputs that the manifest names.
        found: Vec<u32>,
        /// Items of the job.
        expected: Vec<u32>,
    },
    /// A unit is neither done nor failed.
    #[error("{0} is left open")]
    LeftOpen(String),
    /// Another number of units failed than those with a poison item.
    #[error("{found} units failed, not {expected}")]
    Failures {
        /// Units that failed.
        found: usize,
        /// Units with a poison item.
        expected: usize,
    },
    /// A message stays in the queue.
    #[error("{0} messages are left")]
    Messages(u64),
    /// The account could not be looked at, or the ledger gave an error where nothing was wrong any more.
    #[error("looking at the end failed: {0}")]
    Unreadable(String),
}

impl From<StorageError> for Wrong {
    fn from(error: StorageError) -> Self {
        Self::Unreadable(format!("{error}: {}", error.cause()))
    }
}

impl From<work_ledger::LedgerError> for Wrong {
    fn from(error: work_ledger::LedgerError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Checks a finished job.
pub(crate) async fn check(site: &Site, ledger: &Ledger, job: &JobId, items: Items, epoch: u32) -> Result<(), Wrong> {
    let manifest = ledger.manifest(job, epoch).await?.ok_or(Wrong::Items {
        epoch,
        found: Vec::new(),
        expected: (items.first..items.last).collect(),
    })?;
    let mut found: Vec<u32> = Vec::new();
    for output in manifest.outputs() {
        let content = ledger.output(job, output).await?;
        found.push(serde_json::from_slice(&content).map_err(|error| Wrong::Unreadable(error.to_string()))?);
    }
    found.sort_unstable();
    let expected: Vec<u32> = (items.first..items.last)
        .filter(|item| Some(*item) != items.poison)
        .collect();
    if found != expected {
        return Err(Wrong::Items { epoch, found, expected });
    }
    let failures = usize::from(items.poison.is_some());
    if manifest.failed.len() != failures {
        return Err(Wrong::Failures {
            found: manifest.failed.len(),
            expected: failures,
        });
    }
    nothing_is_open(&site.storage(HOST).container("ledger"), job).await
}

async fn nothing_is_open(container: &Container, job: &JobId) -> Result<(), Wrong> {
    for prefix in [format!("units/{job}/"), format!("final/{job}/")] {
        let mut listing = container.list(&prefix, 1000)?;
        while let Some(page) = listing.next_page().await? {
            for blob in page {
                let state = blob
                    .metadata
                    .iter()
                    .find(|(name, _)| name == "state")
                    .map(|(_, state)| state.as_str());
                // A worker that died after the job was finished leaves its final unit committed: nothing follows from it.
                let is_final = prefix.starts_with("final");
                let is_settled = matches!(state, Some("done" | "failed")) || (is_final && state == Some("committed"));
                if !is_settled {
                    return Err(Wrong::LeftOpen(format!("{} ({})", blob.name, state.unwrap_or("?"))));
                }
            }
        }
    }
    Ok(())
}

/// Whether the job is finished; an error if it ended in another way.
pub(crate) fn is_finished(status: Option<&JobStatus>, epoch: u32) -> bool {
    status
        .is_some_and(|status| status.runtime_status == RuntimeStatus::Completed && status.custom_status.epoch >= epoch)
}
