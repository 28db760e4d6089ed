//! What runs by the clock: sweeps each minute, removal of what nobody needs each day.

use std::collections::BTreeMap;

use ledger_protocol::codec::read_unit_metadata;
use ledger_protocol::names::paths;
use ledger_protocol::protocol::{Collect, Limits, Listed, Orphans, Read, Sweep};
use ledger_protocol::{JobId, JobState};
use storage_access::{Condition, ETag};

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::store::age;

impl Ledger {
    /// Sweeps every job that is not at rest. Any number of sweeps may run at once. A job that cannot be swept does not keep
    /// the others from it.
    ///
    /// # Errors
    /// The last error of a job, after all jobs; or the listing's.
    pub async fn sweep(&self) -> Result<(), LedgerError> {
        let mut last = Ok(());
        for (job, state) in self.list_jobs().await? {
            if state.is_some_and(JobState::is_ended) {
                continue;
            }
            if let Err(error) = self.sweep_job(&job).await {
                tracing::warn!(%job, "the sweep of a job failed: {error}");
                last = Err(error);
            }
        }
        last
    }

    /// Sweeps one job.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn sweep_job(&self, job: &JobId) -> Result<(), LedgerError> {
        let mut machine = Sweep::new(self.subject(job));
        self.job(job).drive(&mut machine).await?;
        Ok(())
    }

    /// Removes outputs of attempts that did not commit, and what has no job.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn clean(&self) -> Result<(), LedgerError> {
        for (job, _) in self.list_jobs().await? {
            self.job(&job).drive(&mut Collect::new()).await?;
        }
        match self.remove_what_has_no_job().await {
            Err(LedgerError::Storage(error)) if error.is_not_found() => Ok(()),
            outcome => outcome,
        }
    }

    async fn remove_what_has_no_job(&self) -> Result<(), LedgerError> {
        self.remove_units_without_job().await?;
        for prefix in ["final/", "out/", "live/"] {
            self.remove_blobs_without_job(prefix).await?;
        }
        Ok(())
    }

    /// Every job and its state, if this binary knows it.
    async fn list_jobs(&self) -> Result<Vec<(JobId, Option<JobState>)>, LedgerError> {
        const PREFIX: &str = "jobs/";
        let mut jobs = Vec::new();
        let mut listing = self.0.container.list(PREFIX, self.0.options.page)?;
        loop {
            let page = match listing.next_page().await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                // An app that has never started a job has no container.
                Err(error) if error.is_not_found() => break,
                Err(error) => return Err(error.into()),
            };
            for blob in page {
                let Some(job) = blob.name.strip_prefix(PREFIX).and_then(|name| JobId::new(name).ok()) else {
                    continue;
                };
                let state = blob
                    .metadata
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case("state"));
                jobs.push((job, state.and_then(|(_, state)| JobState::from_text(state))));
            }
        }
        Ok(jobs)
    }

    async fn remove_units_without_job(&self) -> Result<(), LedgerError> {
        let mut listing = self.0.container.list("units/", self.0.options.page)?;
        while let Some(page) = listing.next_page().await? {
            let mut by_job: BTreeMap<JobId, Vec<Listed<ETag>>> = BTreeMap::new();
            for blob in page {
                let Some((job, unit)) = blob.name.strip_prefix("units/").and_then(|name| name.split_once('/')) else {
                    continue;
                };
                let (Ok(job), Ok(unit), Ok(value)) =
                    (JobId::new(job), unit.parse(), read_unit_metadata(&blob.metadata))
                else {
                    continue;
                };
                let Some(etag) = blob.etag else { continue };
                let age = age(blob.date, blob.last_modified);
                by_job.entry(job).or_default().push((unit, Read { value, etag, age }));
            }
            for (job, units) in by_job {
                self.job(&job).drive(&mut Orphans::new(units)).await?;
            }
        }
        Ok(())
    }

    /// The same rule for blobs that are never written twice: listed first, then the job, and only what is old.
    async fn remove_blobs_without_job(&self, prefix: &str) -> Result<(), LedgerError> {
        let mut listing = self.0.container.list(prefix, self.0.options.page)?;
        while let Some(page) = listing.next_page().await? {
            let mut by_job: BTreeMap<JobId, Vec<(String, ETag)>> = BTreeMap::new();
            for blob in page {
                let job = blob
                    .name
                    .strip_prefix(prefix)
                    .and_then(|name| JobId::new(name.split('/').next()?).ok());
                let is_old = age(blob.date, blob.last_modified) > Limits::KEPT;
                if let (Some(job), Some(etag), true) = (job, blob.etag, is_old) {
                    by_job.entry(job).or_default().push((blob.name, etag));
                }
            }
            for (job, blobs) in by_job {
                let store = self.job(&job);
                if store.document(&paths::job(&job)).properties().await?.is_some() {
                    continue;
                }
                for (path, etag) in blobs {
                    store.document(&path).delete(Condition::IfMatch(etag)).await?;
                }
            }
        }
        Ok(())
    }
}
