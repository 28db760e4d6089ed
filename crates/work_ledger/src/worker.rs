//! A message's way through a worker.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use ledger_protocol::names::paths;
use ledger_protocol::protocol::{Cancel, Deliver, Delivery, Finish, Poison, StoredJob, Verdict, Worked};
use ledger_protocol::{JobId, OutputName, Unit, UnitName};
use storage_access::Read;

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::manifest::Manifest;
use crate::message::UnitMessage;
use crate::progress::Step;
use crate::store::JobStore;
use crate::unit_context::{UnitContext, read_output};

/// Outputs that a final unit reads at once.
const READS_AT_ONCE: usize = 16;

/// How an attempt's own work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is complete, or what is left is with children.
    Finished,
    /// Another attempt may help.
    Retryable(String),
    /// No other attempt will.
    Permanent(String),
}

/// What an app does: its unit kinds, and its final unit.
pub trait Work: Send + Sync {
    /// Works on one unit, by its kind.
    fn unit(&self, unit: Arc<UnitContext>) -> BoxFuture<'_, Ended>;

    /// Ends an epoch: external effects under [`FinalUnit::effect_id`], and the job's output as JSON. It may run again if
    /// its worker dies.
    fn last(&self, last: Arc<FinalUnit>) -> BoxFuture<'_, Result<serde_json::Value, Ended>>;
}

/// What a final unit has to work with: the epoch's manifest.
#[derive(Debug)]
pub struct FinalUnit {
    store: JobStore,
    manifest: Manifest,
}

/// What to do with the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Nothing more is to be done for it.
    Delete,
    /// It must come again.
    DeliverAgain,
}

impl FinalUnit {
    /// The job.
    pub fn job(&self) -> &JobId {
        &self.store.job
    }

    /// What is done, and what failed.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Under which id to do external effects: the same however often the final unit runs.
    pub fn effect_id(&self) -> String {
        format!("{}-{}", self.store.job, self.manifest.epoch)
    }

    /// Hands every output to `take`, as they come, several read at once.
    ///
    /// # Errors
    /// [`LedgerError`]: one cannot be read.
    pub async fn for_each_output(&self, mut take: impl FnMut(OutputName, Bytes) + Send) -> Result<(), LedgerError> {
        let reads = self
            .manifest
            .outputs()
            .map(|name| async move { Ok((name, read_output(&self.store, name).await?)) });
        futures::stream::iter(reads)
            .buffer_unordered(READS_AT_ONCE)
            .try_for_each(|(name, content): (OutputName, Bytes)| {
                take(name, content);
                futures::future::ready(Ok::<(), LedgerError>(()))
            })
            .await
    }
}

impl Ledger {
    /// Sees to a message of the ledger's queue. `message` and `dequeue` are what the queue says of it; `stopping` ends
    /// the work without blame.
    ///
    /// # Errors
    /// [`LedgerError`]: the message must come again.
    pub fn deliver(
        &self,
        unit: UnitMessage,
        message: String,
        dequeue: u32,
        work: Arc<dyn Work>,
        stopping: BoxFuture<'static, ()>,
    ) -> BoxFuture<'static, Result<Acknowledgement, LedgerError>> {
        // With all it needs: of a future that borrows through this depth the compiler cannot see that it may be sent.
        let ledger = self.clone();
        ledger.deliver_here(unit, message, dequeue, work, stopping).boxed()
    }

    async fn deliver_here(
        self,
        unit: UnitMessage,
        message: String,
        dequeue: u32,
        work: Arc<dyn Work>,
        stopping: BoxFuture<'static, ()>,
    ) -> Result<Acknowledgement, LedgerError> {
        let store = self.job(&unit.job);
        let delivery = Delivery {
            unit: unit.unit,
            message: message.into(),
            dequeue,
        };
        let mut machine = Deliver::new(self.subject(&unit.job), delivery, self.0.rng.next_u64());
        let counted = Arc::new(OnceLock::new());
        let mut hands = Some((store.clone(), work, Arc::clone(&counted), stopping));
        let attempt = move |name: UnitName, unit: Unit| {
            let (store, work, counted, stopping) = hands.take().expect("a delivery works once");
            async move {
                let attempt = Attempt { store, name, unit };
                let worked = tokio::select! {
                    biased;
                    worked = attempt.perform(work) => worked?,
                    () = stopping => Worked::Interrupted,
                };
                let _ = counted.set(Step::of(&worked));
                Ok(worked)
            }
        };
        let verdict = store.drive_working(&mut machine, attempt).await?;
        if let Some(step) = counted.get() {
            self.tally(&store, *step).await;
        }
        match verdict {
            Verdict::DeliverAgain => return Ok(Acknowledgement::DeliverAgain),
            Verdict::AcknowledgeAndFinish => self.look_for_end(&store).await?,
            Verdict::CancelJob(reason) => {
                store.drive(&mut Cancel::new(&reason)).await?;
            }
            _ => {}
        }
        Ok(Acknowledgement::Delete)
    }

    /// Sees to a message that the host gave up.
    ///
    /// # Errors
    /// [`LedgerError`]; the message may be dropped all the same, the sweep does what is left.
    pub async fn poison(&self, unit: &UnitMessage) -> Result<(), LedgerError> {
        let store = self.job(&unit.job);
        store
            .drive(&mut Poison::new(self.subject(&unit.job), unit.unit))
            .await?;
        Ok(())
    }

    /// Looks whether the job can be finished. At most one worker of a process looks at a time and seldom, since a look
    /// lists the job's units; the last worker of a job finds its turn or waits for it, so that small jobs end at once.
    async fn look_for_end(&self, store: &JobStore) -> Result<(), LedgerError> {
        let Some(wait) = self.turn_to_look() else {
            return Ok(());
        };
        if !wait.is_zero() {
            self.0.clock.sleep(wait).await;
        }
        if self.0.queue.approximate_count().await? <= self.0.options.finish_below {
            store.drive(&mut Finish::new()).await?;
        }
        Ok(())
    }
}

/// One attempt at one unit.
struct Attempt {
    store: JobStore,
    name: UnitName,
    unit: Unit,
}

impl Attempt {
    /// Does the work, as long as it is wanted and time is left.
    fn perform(self, work: Arc<dyn Work>) -> BoxFuture<'static, Result<Worked, LedgerError>> {
        async move {
            let (clock, limit) = {
                let parts = &self.store.ledger.0;
                (parts.clock.clone(), parts.options.limits.budget * 2)
            };
            let too_long = format!("it took longer than {} seconds", limit.as_secs());
            let unwanted = until_unwanted(self.store.clone(), self.name).boxed();
            tokio::select! {
                biased;
                worked = self.work(work) => worked,
                unwanted = unwanted => unwanted.map(|()| Worked::Unwanted),
                () = clock.sleep(limit) => Ok(Worked::Retryable(too_long.into())),
            }
        }
        .boxed()
    }

    fn work(self, work: Arc<dyn Work>) -> BoxFuture<'static, Result<Worked, LedgerError>> {
        match self.name {
            UnitName::Piece { .. } => async move { self.piece(&*work).await }.boxed(),
            UnitName::Final { epoch } => async move { self.last(&*work, epoch).await }.boxed(),
        }
    }

    async fn piece(self, work: &dyn Work) -> Result<Worked, LedgerError> {
        let input = match self.unit.input {
            Some(_) => String::new(),
            None => self.store.job_input().await?,
        };
        let context = Arc::new(UnitContext::open(self.store, self.name, &self.unit, &input).await?);
        match work.unit(Arc::clone(&context)).await {
            Ended::Finished => {
                let (outputs, children, counters) = context.close().await?;
                Ok(Worked::Finished {
                    outputs,
                    children,
                    counters,
                })
            }
            ended => Ok(failed(ended)),
        }
    }

    async fn last(self, work: &dyn Work, epoch: u32) -> Result<Worked, LedgerError> {
        let manifest = self.store.manifest_or_write(epoch).await?;
        let counters = manifest.counters;
        let last = Arc::new(FinalUnit {
            store: self.store.clone(),
            manifest,
        });
        let output = match work.last(last).await {
            Ok(output) => output,
            Err(ended) => return Ok(failed(ended)),
        };
        let unit = Unit {
            input: None,
            ..self.unit
        };
        let context = UnitContext::open(self.store, self.name, &unit, "").await?;
        context.output_json(&output).await?;
        Ok(Worked::Finished {
            outputs: 1,
            children: Vec::new(),
            counters,
        })
    }
}

fn failed(ended: Ended) -> Worked {
    match ended {
        Ended::Permanent(reason) => Worked::Permanent(cut(reason)),
        Ended::Retryable(reason) => Worked::Retryable(cut(reason)),
        Ended::Finished => Worked::Permanent("the final unit has no output".into()),
    }
}

/// A reason is for people, and a unit's document has a limit.
fn cut(reason: String) -> Box<str> {
    const LONGEST: usize = 2000;
    match reason.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &reason[..end]).into(),
        None => reason.into(),
    }
}

/// Ends when the job no longer wants the unit. A look costs an answer without a body as long as nothing has changed.
async fn until_unwanted(store: JobStore, unit: UnitName) -> Result<(), LedgerError> {
    let (clock, look): (_, Duration) = (&store.ledger.0.clock, store.ledger.0.options.look);
    let mut known = None;
    loop {
        clock.sleep(look).await;
        if let Some(etag) = &known {
            let document = store.document(&paths::job(&store.job));
            if document.get_if_changed(etag).await? == Read::Unchanged {
                continue;
            }
        }
        match store.read_job().await? {
            Some(found) => match found.value {
                StoredJob::Known(job) if job.lets_work(unit) => known = Some(found.etag),
                _ => return Ok(()),
            },
            None => return Ok(()),
        }
    }
}
