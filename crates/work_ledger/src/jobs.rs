//! What people ask of jobs: start, status, cancel, retry, removal.

use bytes::Bytes;
use ledger_protocol::codec::FORMAT;
use ledger_protocol::protocol::{Begin, Cancel, Hide, Reopen, StoredJob, Verdict};
use ledger_protocol::{Job, JobId, JobState, OutputName, Totals, UnitName};
use serde::Serialize;

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::manifest::Manifest;
use crate::status::JobStatus;
use crate::store::JobStore;
use crate::unit_context::read_output;

/// A job to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// The caller's key or the schedule's occurrence: a second start with the same id is the same job.
    pub id: JobId,
    /// The kind of its root unit.
    pub kind: String,
    /// The root's input, as JSON.
    pub input: String,
    /// At most one job with the same slot runs at a time.
    pub slot: Option<String>,
}

impl NewJob {
    /// A job with this input.
    ///
    /// # Errors
    /// The input has no JSON.
    pub fn new(id: JobId, kind: &str, input: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id,
            kind: kind.to_owned(),
            input: serde_json::to_string(input)?,
            slot: None,
        })
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is so, or soon will be.
    Granted,
    /// Another job has the slot.
    Busy,
    /// The job is in no state in which that can be done, or there is no such job.
    Refused,
    /// Storage gave no clear answer: ask again.
    Unknown,
}

impl From<Verdict> for Asked {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Busy => Self::Busy,
            Verdict::Refused => Self::Refused,
            Verdict::Unknown => Self::Unknown,
            _ => Self::Granted,
        }
    }
}

impl Ledger {
    /// Starts a job, or goes on with the start of one that has this id.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::TooLarge`] for an input that does not fit into a job's document.
    pub async fn start(&self, new: &NewJob) -> Result<Asked, LedgerError> {
        let job = Job {
            format: FORMAT,
            state: JobState::Starting,
            epoch: 1,
            published: 0,
            kind: new.kind.as_str().into(),
            slot: new.slot.as_deref().map(Into::into),
            created: self.0.clock.now().to_string().into(),
            input: new.input.as_str().into(),
            totals: Totals::default(),
            reason: None,
        };
        let store = self.job(&new.id);
        let verdict = store.drive(&mut Begin::start(self.subject(&new.id), job)).await?;
        Ok(verdict.into())
    }

    /// Where a job stands; `None` if there is none, or none any more.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn status(&self, job: &JobId) -> Result<Option<JobStatus>, LedgerError> {
        let store = self.job(job);
        let Some(found) = store.read_job().await? else {
            return Ok(None);
        };
        let age = found.age;
        let StoredJob::Known(document) = found.value else {
            return Ok(Some(JobStatus::newer(job.clone())));
        };
        if document.state == JobState::Deleting {
            return Ok(None);
        }
        let last = store
            .read_unit(UnitName::Final { epoch: document.epoch })
            .await?
            .map(|found| found.value);
        let output = match document.published {
            0 => None,
            epoch => store.final_output(epoch).await?,
        };
        let progress = store.progress().await?;
        let changed = self
            .0
            .clock
            .now()
            .checked_sub(age)
            .unwrap_or_else(|_| self.0.clock.now());
        Ok(Some(JobStatus::new(
            job.clone(),
            &document,
            last.as_ref(),
            progress,
            output,
            changed,
        )))
    }

    /// The manifest of an epoch, if it is written. Readers take that of the last finished one.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn manifest(&self, job: &JobId, epoch: u32) -> Result<Option<Manifest>, LedgerError> {
        self.job(job).manifest(epoch).await
    }

    /// The content of an output that a manifest names.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn output(&self, job: &JobId, output: OutputName) -> Result<Bytes, LedgerError> {
        read_output(&self.job(job), output).await
    }

    /// Asks a job to end; workers notice within seconds.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn cancel(&self, job: &JobId, reason: &str) -> Result<Asked, LedgerError> {
        Ok(self.job(job).drive(&mut Cancel::new(reason)).await?.into())
    }

    /// Retries what failed in the epoch that the caller saw.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn retry(&self, job: &JobId, seen: u32) -> Result<Asked, LedgerError> {
        let mut machine = Reopen::request(self.subject(job), seen);
        Ok(self.job(job).drive(&mut machine).await?.into())
    }

    /// Hides a job that has ended, and removes it when nothing can touch it any more. Busy: it has not ended.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn remove(&self, job: &JobId) -> Result<Asked, LedgerError> {
        Ok(self.job(job).drive(&mut Hide::new()).await?.into())
    }
}

impl JobStore {
    /// What the final unit of an epoch gave as the job's output.
    async fn final_output(&self, epoch: u32) -> Result<Option<serde_json::Value>, LedgerError> {
        let unit = UnitName::Final { epoch };
        let Some(found) = self.read_unit(unit).await? else {
            return Ok(None);
        };
        let name = OutputName {
            unit,
            attempt: found.value.attempt,
            number: 0,
        };
        let content = read_output(self, name).await?;
        let value = serde_json::from_slice(&content).map_err(|source| LedgerError::Json {
            path: ledger_protocol::names::paths::output(&self.job, name),
            source,
        })?;
        Ok(Some(value))
    }
}
