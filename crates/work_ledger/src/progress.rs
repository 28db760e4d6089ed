//! Live counters: each process writes its own, and a reader adds them up. Shown, never trusted.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use ledger_protocol::names::paths;
use ledger_protocol::protocol::Worked;
use ledger_protocol::{Counters, JobId};
use serde::Serialize;
use storage_access::{BlobHeaders, Condition};

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::store::JobStore;

/// A process writes a job's counters at most this often.
const PAUSE: Duration = Duration::from_secs(2);

/// Jobs whose counters a process keeps; beyond it forgets all, and their counts stay as last written.
const MOST_JOBS: usize = 64;

/// How far a job is, as far as live counters tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Units whose work has ended.
    pub done: u64,
    /// Units known so far: children are known once their parent has committed.
    pub known: u64,
    /// Attempts that ended with an error.
    pub errors: u64,
    /// Items that came out right.
    pub items: u64,
    /// Items that did not.
    pub item_errors: u64,
}

/// What one attempt adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    done: u64,
    children: u64,
    errors: u64,
    counters: Counters,
}

/// What this process has counted, by job.
pub(crate) type Tallies = HashMap<JobId, Tally>;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    sum: Progress,
    written: Option<Duration>,
}

impl Step {
    pub(crate) fn of(worked: &Worked) -> Self {
        let nothing = Self {
            done: 0,
            children: 0,
            errors: 0,
            counters: Counters::default(),
        };
        match worked {
            Worked::Finished { children, counters, .. } => Self {
                done: 1,
                children: u64::try_from(children.len()).unwrap_or(u64::MAX),
                counters: *counters,
                ..nothing
            },
            Worked::Permanent(_) => Self {
                done: 1,
                errors: 1,
                ..nothing
            },
            Worked::Retryable(_) => Self { errors: 1, ..nothing },
            Worked::Unwanted | Worked::Interrupted => nothing,
        }
    }
}

impl Progress {
    fn add(&mut self, step: Step) {
        self.done += step.done;
        self.known += step.children;
        self.errors += step.errors;
        self.items += step.counters.items;
        self.item_errors += step.counters.errors;
    }

    fn fields(&mut self) -> [(&'static str, &mut u64); 5] {
        [
            ("done", &mut self.done),
            ("known", &mut self.known),
            ("errors", &mut self.errors),
            ("items", &mut self.items),
            ("item_errors", &mut self.item_errors),
        ]
    }
}

impl Ledger {
    /// Adds to this process's counters, and writes them if it is time. A failed write is no error: it is for show.
    pub(crate) async fn tally(&self, store: &JobStore, step: Step) {
        let Some(mut sum) = self.add(&store.job, step) else {
            return;
        };
        let metadata = sum
            .fields()
            .map(|(name, value)| (name.to_owned(), value.to_string()))
            .into();
        let headers = BlobHeaders {
            metadata,
            ..BlobHeaders::default()
        };
        let document = store.document(&paths::live(&store.job, &self.0.worker));
        // Only this process writes this name, so no condition is needed.
        if let Err(error) = document.put(Bytes::new(), Condition::Always, headers).await {
            tracing::debug!("live counters were not written: {error}");
        }
    }

    fn add(&self, job: &JobId, step: Step) -> Option<Progress> {
        let now = self.0.clock.monotonic();
        let mut tallies = self.0.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if tallies.len() >= MOST_JOBS && !tallies.contains_key(job) {
            tallies.clear();
        }
        let tally = tallies.entry(job.clone()).or_default();
        tally.sum.add(step);
        let is_time = tally.written.is_none_or(|written| now >= written + PAUSE);
        is_time.then(|| {
            tally.written = Some(now);
            tally.sum
        })
    }
}

impl JobStore {
    /// What all processes have counted.
    pub(crate) async fn progress(&self) -> Result<Progress, LedgerError> {
        // The root is known without anybody having counted it.
        let mut progress = Progress {
            known: 1,
            ..Progress::default()
        };
        let prefix = paths::lives(&self.job);
        let mut listing = self.ledger.0.container.list(&prefix, self.ledger.0.options.page)?;
        while let Some(page) = listing.next_page().await? {
            for blob in page {
                for (name, sum) in progress.fields() {
                    let found = blob.metadata.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                    *sum += found
                        .and_then(|(_, value)| value.parse::<u64>().ok())
                        .unwrap_or_default();
                }
            }
        }
        Ok(progress)
    }
}
