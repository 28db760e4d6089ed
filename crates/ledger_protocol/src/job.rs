//! A job's document.

use serde::{Deserialize, Serialize};

/// Where a job stands. The arrows between the states are all there are.
///
/// starting → running → finalizing → finished; starting, running, reopening, and finalizing whose final unit failed →
/// cancelling → cancelled; running, finished → reopening (epoch + 1) → running; finished, cancelled → deleting.
/// Unlike the others, deleting is for readers no job any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Stored, its root unit perhaps not yet.
    Starting,
    /// Units are worked on.
    Running,
    /// A retry is opening the failed units again.
    Reopening,
    /// Every unit is done or failed; the final unit is at work.
    Finalizing,
    /// The manifest of this epoch is published.
    Finished,
    /// Asked to end; workers notice within seconds.
    Cancelling,
    /// Ended without a manifest; no worker is left.
    Cancelled,
    /// Being removed; readers see no job.
    Deleting,
}

impl JobState {
    const ALL: [Self; 8] = [
        Self::Starting,
        Self::Running,
        Self::Reopening,
        Self::Finalizing,
        Self::Finished,
        Self::Cancelling,
        Self::Cancelled,
        Self::Deleting,
    ];

    /// The state as it stands in documents and metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Reopening => "reopening",
            Self::Finalizing => "finalizing",
            Self::Finished => "finished",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Deleting => "deleting",
        }
    }

    /// The state of which [`JobState::as_str`] gives this text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing more happens to the job unless somebody asks for it.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled)
    }
}

/// What is known of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Job {
    /// Format of this job's documents, fixed at start.
    pub format: u16,
    /// Where it stands.
    pub state: JobState,
    /// From 1; each retry is a new one.
    pub epoch: u32,
    /// The last finished epoch, whose manifest readers use; 0 before the first.
    pub published: u32,
    /// The job type's name in the app.
    pub kind: Box<str>,
    /// The slot of a single-run job: at most one job of that name runs at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Box<str>>,
    /// When it was started, RFC 3339, as the starter saw it: shown, never decided by.
    pub created: Box<str>,
    /// The job type's input, as JSON text.
    pub input: Box<str>,
    /// What the finisher counted.
    #[serde(default)]
    pub totals: Totals,
    /// Why it is being cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
}

/// What the finisher counted when it closed the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Totals {
    /// Units done.
    pub done: u64,
    /// Units failed.
    pub failed: u64,
}

impl Job {
    /// Whether its pieces may be worked on.
    pub fn is_live(&self) -> bool {
        matches!(self.state, JobState::Starting | JobState::Running | JobState::Reopening)
    }

    /// Whether this unit may be worked on: a piece while the job is live, the final unit while its epoch is closing.
    pub fn lets_work(&self, unit: crate::UnitName) -> bool {
        match unit {
            crate::UnitName::Piece { .. } => self.is_live(),
            crate::UnitName::Final { epoch } => self.state == JobState::Finalizing && self.epoch == epoch,
        }
    }

    /// The same job in another state.
    #[must_use]
    pub fn in_state(&self, state: JobState) -> Self {
        Self { state, ..self.clone() }
    }
}
