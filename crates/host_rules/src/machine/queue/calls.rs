use std::collections::BTreeMap;

use determinism::Rng;
use jiff::{SignedDuration, Timestamp};

use super::storage::{CallId, StorageAnswer, StorageCall, StorageFailure};

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose<Run> {
    CheckQueue,
    Receive,
    Renew(Run),
    Finish(Run),
    Undecodable,
}

/// The calls under way, with the storage client's retries: five more tries after 0.8, 1.6, 3.2, 6.4 and 12.8 seconds, each
/// x random(0.8..1.2).
#[derive(Debug)]
pub(super) struct Calls<Run> {
    pending: BTreeMap<CallId, Pending<Run>>,
    next_id: u64,
}

#[derive(Debug)]
struct Pending<Run> {
    call: StorageCall,
    purpose: Purpose<Run>,
    tries: u32,
    retry_at: Option<Timestamp>,
}

const RETRIES: u32 = 5;
const FIRST_DELAY_SECONDS: f64 = 0.8;

impl<Run: Copy + PartialEq> Calls<Run> {
    pub(super) fn new() -> Self {
        Self {
            pending: BTreeMap::new(),
            next_id: 0,
        }
    }

    pub(super) fn start(&mut self, purpose: Purpose<Run>, call: StorageCall) -> CallId {
        let id = CallId(self.next_id);
        self.next_id += 1;
        self.pending.insert(
            id,
            Pending {
                call,
                purpose,
                tries: 1,
                retry_at: None,
            },
        );
        id
    }

    /// Takes an answer: the purpose with the final result, or nothing when the call will be tried again (or is unknown).
    pub(super) fn answered(
        &mut self,
        id: CallId,
        answer: StorageAnswer,
        now: Timestamp,
        rng: &Rng,
    ) -> Option<(Purpose<Run>, Result<StorageAnswer, StorageFailure>)> {
        let pending = self.pending.get_mut(&id)?;
        let result = match answer {
            StorageAnswer::Failed(failure) if failure.is_retried() && pending.tries <= RETRIES => {
                let doubled = f64::from(1_u32 << (pending.tries - 1));
                let delay = FIRST_DELAY_SECONDS * doubled * rng.between(0.8, 1.2);
                pending.tries += 1;
                pending.retry_at = now.checked_add(SignedDuration::from_secs_f64(delay)).ok();
                return None;
            }
            StorageAnswer::Failed(failure) => Err(failure),
            answer => Ok(answer),
        };
        let purpose = pending.purpose;
        self.pending.remove(&id);
        Some((purpose, result))
    }

    /// The calls whose retry is due, to be made again.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<(CallId, StorageCall)> {
        let due = self
            .pending
            .iter_mut()
            .filter(|(_, pending)| pending.retry_at.is_some_and(|at| at <= now));
        due.map(|(id, pending)| {
            pending.retry_at = None;
            (*id, pending.call.clone())
        })
        .collect()
    }

    pub(super) fn next_retry(&self) -> Option<Timestamp> {
        self.pending.values().filter_map(|pending| pending.retry_at).min()
    }

    pub(super) fn any(&self, wanted: impl Fn(Purpose<Run>) -> bool) -> bool {
        self.pending.values().any(|pending| wanted(pending.purpose))
    }

    /// Forgets the calls of one kind; their answers no longer count.
    pub(super) fn abandon(&mut self, unwanted: impl Fn(Purpose<Run>) -> bool) -> Vec<CallId> {
        let ids: Vec<CallId> = self
            .pending
            .iter()
            .filter(|(_, pending)| unwanted(pending.purpose))
            .map(|(id, _)| *id)
            .collect();
        for id in &ids {
            self.pending.remove(id);
        }
        ids
    }
}
