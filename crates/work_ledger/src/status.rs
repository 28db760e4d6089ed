//! What a job's state looks like from outside: the shapes of a Durable Functions status.

use jiff::Timestamp;
use ledger_protocol::{Job, JobId, JobState, Totals, Unit, UnitState};
use serde::Serialize;

use crate::progress::Progress;

/// The state as callers of Durable Functions know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RuntimeStatus {
    /// Stored, and not yet running.
    Pending,
    /// Under way; the phase is in [`JobStatus::custom_status`].
    Running,
    /// Finished. Units may have failed: the counts say so.
    Completed,
    /// The final unit failed: somebody must retry or cancel.
    Failed,
    /// Cancelled.
    Terminated,
}

impl RuntimeStatus {
    /// Whether nothing more happens unless somebody asks for it.
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStatus {
    /// The job's id.
    pub instance_id: JobId,
    /// The state.
    pub runtime_status: RuntimeStatus,
    /// When it was started, as the starter saw it.
    pub created_time: String,
    /// When its document was last changed.
    pub last_updated_time: String,
    /// What the final unit gave.
    pub output: Option<serde_json::Value>,
    /// Phase and counts.
    pub custom_status: CustomStatus,
}

/// What a job tells beyond its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomStatus {
    /// The protocol's own name of the state.
    pub phase: &'static str,
    /// Which run of the job this is: each retry is a new one. A retry names it.
    pub epoch: u32,
    /// Live counters: shown, never exact.
    pub progress: Progress,
    /// Exact counts of the last complete epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<UnitTotals>,
    /// Why it was cancelled, or why its final unit failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Units of a complete epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UnitTotals {
    /// Units done.
    pub done: u64,
    /// Units failed.
    pub failed: u64,
}

impl JobStatus {
    pub(crate) fn new(
        id: JobId,
        job: &Job,
        last: Option<&Unit>,
        progress: Progress,
        output: Option<serde_json::Value>,
        changed: Timestamp,
    ) -> Self {
        let failed_end = last.filter(|unit| job.state == JobState::Finalizing && unit.state == UnitState::Failed);
        let runtime_status = match job.state {
            JobState::Starting => RuntimeStatus::Pending,
            JobState::Finalizing if failed_end.is_some() => RuntimeStatus::Failed,
            JobState::Running | JobState::Reopening | JobState::Finalizing | JobState::Cancelling => {
                RuntimeStatus::Running
            }
            JobState::Finished => RuntimeStatus::Completed,
            JobState::Cancelled | JobState::Deleting => RuntimeStatus::Terminated,
        };
        let has_totals = matches!(job.state, JobState::Finalizing | JobState::Finished);
        let Totals { done, failed } = job.totals;
        let reason = failed_end
            .and_then(|unit| unit.reason.as_deref())
            .or(job.reason.as_deref());
        Self {
            instance_id: id,
            runtime_status,
            created_time: job.created.to_string(),
            last_updated_time: changed.to_string(),
            output,
            custom_status: CustomStatus {
                phase: job.state.as_str(),
                epoch: job.epoch,
                progress,
                totals: has_totals.then_some(UnitTotals { done, failed }),
                reason: reason.map(str::to_owned),
            },
        }
    }

    /// A job that a newer binary started: this one cannot read more of it.
    pub(crate) fn newer(id: JobId) -> Self {
        Self {
            instance_id: id,
            runtime_status: RuntimeStatus::Running,
            created_time: String::new(),
            last_updated_time: String::new(),
            output: None,
            custom_status: CustomStatus {
                phase: "newer",
                epoch: 0,
                progress: Progress::default(),
                totals: None,
                reason: Some("a newer version of this app started the job".to_owned()),
            },
        }
    }
}
