//! What a unit has to work with.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use determinism::{Clock, Rng};
use futures::{StreamExt, TryStreamExt};
use ledger_protocol::names::paths;
use ledger_protocol::{Child, Counters, JobId, OutputName, Unit, UnitName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage_access::{BlobHeaders, Condition};

use crate::error::LedgerError;
use crate::store::JobStore;

/// Children of one unit at most; more go through intermediate units.
pub(crate) const MOST_CHILDREN: usize = 256;

/// Inputs of children that are written at once.
const WRITES_AT_ONCE: usize = 8;

/// One attempt at one unit: its input, its budget, and where its results go.
///
/// Outputs are named after the attempt, so that no other attempt can overwrite or complete them; they count when the
/// attempt commits. Children are made after the commit.
#[derive(Debug)]
pub struct UnitContext {
    store: JobStore,
    name: UnitName,
    kind: Box<str>,
    attempt: u32,
    input: Bytes,
    started: Duration,
    results: Mutex<Results>,
}

#[derive(Debug, Default)]
struct Results {
    outputs: u32,
    children: Vec<(Box<str>, Bytes)>,
    counters: Counters,
}

impl UnitContext {
    /// Reads the unit's input: the job's for a root, else an output of its parent.
    pub(crate) async fn open(
        store: JobStore,
        name: UnitName,
        unit: &Unit,
        job_input: &str,
    ) -> Result<Self, LedgerError> {
        let input = match unit.input {
            None => Bytes::copy_from_slice(job_input.as_bytes()),
            Some(output) => read_output(&store, output).await?,
        };
        let started = store.ledger.0.clock.monotonic();
        Ok(Self {
            store,
            name,
            kind: unit.kind.clone(),
            attempt: unit.attempt,
            input,
            started,
            results: Mutex::default(),
        })
    }

    /// The job.
    pub fn job(&self) -> &JobId {
        &self.store.job
    }

    /// The unit.
    pub fn name(&self) -> UnitName {
        self.name
    }

    /// The unit kind's name.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The clock to use instead of the machine's.
    pub fn clock(&self) -> &Clock {
        &self.store.ledger.0.clock
    }

    /// Randomness that a test can repeat.
    pub fn rng(&self) -> &Rng {
        &self.store.ledger.0.rng
    }

    /// The unit's input.
    ///
    /// # Errors
    /// [`LedgerError::Json`]: it is no `T`.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, LedgerError> {
        serde_json::from_slice(&self.input).map_err(|source| LedgerError::Json {
            path: paths::unit(&self.store.job, self.name),
            source,
        })
    }

    /// Whether the budget is spent: time to write what there is and to leave the rest to a child. At twice the budget the
    /// attempt is ended as an error.
    pub fn is_spent(&self) -> bool {
        self.clock().monotonic().saturating_sub(self.started) >= self.store.ledger.0.options.limits.budget
    }

    /// Writes an output of this attempt. Readers see it once the attempt has committed and the job is finished.
    ///
    /// # Errors
    /// [`LedgerError::Storage`].
    pub async fn output(&self, content: impl Into<Bytes>) -> Result<(), LedgerError> {
        let number = self.with(|results| {
            results.outputs += 1;
            results.outputs - 1
        });
        let name = OutputName {
            unit: self.name,
            attempt: self.attempt,
            number,
        };
        write(self.store.clone(), name, content.into()).await
    }

    /// Writes a value as an output of this attempt, in JSON.
    ///
    /// # Errors
    /// [`LedgerError::Json`], [`LedgerError::Storage`].
    pub async fn output_json(&self, value: &impl Serialize) -> Result<(), LedgerError> {
        self.output(self.encode(value)?).await
    }

    /// Leaves work to a child of this kind, which is made after the commit. The children of a unit are told apart by
    /// their order.
    ///
    /// # Errors
    /// [`LedgerError::TooManyChildren`], [`LedgerError::Json`].
    pub fn child(&self, kind: &str, input: &impl Serialize) -> Result<(), LedgerError> {
        let input = self.encode(input)?;
        self.with(|results| {
            if results.children.len() >= MOST_CHILDREN {
                return Err(LedgerError::TooManyChildren);
            }
            results.children.push((kind.into(), input));
            Ok(())
        })
    }

    /// Counts items for progress and totals: those that came out right, and those that did not.
    pub fn count(&self, items: u64, errors: u64) {
        self.with(|results| {
            results.counters.items += items;
            results.counters.errors += errors;
        });
    }

    /// Writes the children's inputs, after the attempt's own outputs, and says what a commit has to name.
    pub(crate) async fn close(&self) -> Result<(u32, Vec<Child>, Counters), LedgerError> {
        let Results {
            outputs,
            children,
            counters,
        } = std::mem::take(&mut *self.results.lock().unwrap_or_else(PoisonError::into_inner));
        let (unit, attempt) = (self.name, self.attempt);
        let mut named = Vec::with_capacity(children.len());
        let mut writes = Vec::with_capacity(children.len());
        for (number, (kind, input)) in (outputs..).zip(children) {
            let input_name = OutputName { unit, attempt, number };
            named.push(Child {
                kind,
                input: input_name,
            });
            writes.push(write(self.store.clone(), input_name, input));
        }
        futures::stream::iter(writes)
            .buffer_unordered(WRITES_AT_ONCE)
            .try_collect::<()>()
            .await?;
        Ok((outputs, named, counters))
    }

    fn encode(&self, value: &impl Serialize) -> Result<Bytes, LedgerError> {
        let encoded = serde_json::to_vec(value).map_err(|source| LedgerError::Json {
            path: paths::unit(&self.store.job, self.name),
            source,
        })?;
        Ok(encoded.into())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Results) -> T) -> T {
        change(&mut self.results.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn write(store: JobStore, name: OutputName, content: Bytes) -> Result<(), LedgerError> {
    let document = store.document(&paths::output(&store.job, name));
    // A conflict is this very write, applied by a try whose answer was lost: nobody else has this attempt.
    let _ = document
        .put(content, Condition::IfAbsent, BlobHeaders::default())
        .await?;
    Ok(())
}

/// An output's content.
pub(crate) async fn read_output(store: &JobStore, output: OutputName) -> Result<Bytes, LedgerError> {
    let path = paths::output(&store.job, output);
    match store.document(&path).get().await? {
        Some(found) => Ok(found.bytes),
        None => Err(LedgerError::Gone { path }),
    }
}
