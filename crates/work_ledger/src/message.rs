//! The message that brings a worker to a unit.

use custom_handler::JsonPayload;
use ledger_protocol::{JobId, UnitName};
use serde::{Deserialize, Serialize};

/// Names a unit and nothing else: whatever is to be known stands in its blob, so a message may come twice, late, or
/// after its job is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitMessage {
    /// Version of the message.
    #[serde(rename = "v")]
    pub version: u8,
    /// The job.
    pub job: JobId,
    /// The unit.
    pub unit: UnitName,
}

impl UnitMessage {
    /// A message for this unit.
    pub fn new(job: JobId, unit: UnitName) -> Self {
        Self { version: 1, job, unit }
    }
}

impl JsonPayload for UnitMessage {}
