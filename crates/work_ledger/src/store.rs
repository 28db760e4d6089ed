//! A job's documents in storage, and how a machine's commands are carried out on them.

use std::future::{Future, Ready};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use ledger_protocol::codec::{self, CodecError};
use ledger_protocol::names::paths;
use ledger_protocol::protocol::{
    Command, Limits, Listed, ListedOutput, Machine, Read, Reply, StoredJob, Verdict, When, Worked, Written,
};
use ledger_protocol::{Job, JobId, Unit, UnitName};
use storage_access::{
    BlobHeaders, Condition, Document, ETag, Listing, Put, SendOptions, StorageError, TimeToLive, Versioned,
};

use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::message::UnitMessage;

/// A message for a job in a newer format comes again after so long: by then the old binary may be gone.
const POSTPONED: Duration = Duration::from_secs(60);

/// The documents of one job.
#[derive(Clone, Debug)]
pub(crate) struct JobStore {
    pub(crate) ledger: Ledger,
    pub(crate) job: JobId,
}

/// The listings that a machine has under way.
#[derive(Default)]
struct Cursors {
    units: Option<Listing>,
    outputs: Option<Listing>,
}

/// Where a page begins. A machine lists from the start, or goes on where it was: the cursor is the service's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Start,
    Cursor,
}

impl From {
    fn after<N>(name: Option<N>) -> Self {
        name.map_or(Self::Start, |_| Self::Cursor)
    }
}

impl JobStore {
    pub(crate) fn new(ledger: Ledger, job: JobId) -> Self {
        Self { ledger, job }
    }

    /// Runs a machine that does no work of its own to its end.
    pub(crate) async fn drive(&self, machine: &mut impl Machine<ETag>) -> Result<Verdict, LedgerError> {
        let nothing = |unit: UnitName, _| -> Ready<_> { unreachable!("only a delivery works, and {unit} has none") };
        self.drive_working(machine, nothing).await
    }

    /// Runs a machine to its end; `work` does a unit's work. An error ends it like a death: others repair what is left.
    pub(crate) async fn drive_working<W, F>(
        &self,
        machine: &mut impl Machine<ETag>,
        mut work: W,
    ) -> Result<Verdict, LedgerError>
    where
        W: FnMut(UnitName, Unit) -> F,
        F: Future<Output = Result<Worked, LedgerError>>,
    {
        let mut cursors = Cursors::default();
        let mut command = machine.begin();
        loop {
            let reply = match command {
                Command::End(verdict) => return Ok(verdict),
                Command::Work(name, unit) => Reply::Worked(work(name, *unit).await?),
                other => self.carry_out(other, &mut cursors).await?,
            };
            command = machine.resume(reply);
        }
    }

    async fn carry_out(&self, command: Command<ETag>, cursors: &mut Cursors) -> Result<Reply<ETag>, LedgerError> {
        Ok(match command {
            Command::ReadJob => Reply::Job(self.read_job().await?),
            Command::ReadOwner(job) => Reply::Job(self.ledger.job(&job).read_job().await?),
            Command::WriteJob(job, when) => Reply::Write(self.write_job(&job, when).await?),
            Command::ReadUnit(unit) => Reply::Unit(self.read_unit(unit).await?),
            Command::WriteUnit(name, unit, when) => Reply::Write(self.write_unit(name, &unit, when).await?),
            Command::Announce { unit, delayed } => {
                self.announce(unit, delayed).await?;
                Reply::Announced
            }
            Command::ListUnits(after) => Reply::Page(self.list_units(From::after(after), &mut cursors.units).await?),
            Command::ListOutputs(after) => {
                Reply::Outputs(self.list_outputs(From::after(after), &mut cursors.outputs).await?)
            }
            Command::RemoveUnit(unit, etag) => Reply::Write(self.remove(&paths::unit(&self.job, unit), etag).await?),
            Command::RemoveJob(etag) => Reply::Write(self.remove(&paths::job(&self.job), etag).await?),
            Command::RemoveOutput(output) => {
                let document = self.document(&paths::output(&self.job, output));
                Reply::Removed(document.delete(Condition::Always).await?)
            }
            Command::RemoveOutputs => Reply::Removed(self.remove_old_outputs().await?),
            Command::CountMessages => Reply::Messages(self.ledger.0.queue.approximate_count().await?),
            Command::ReadSlot(slot) => Reply::Slot(self.read_slot(&slot).await?),
            Command::WriteSlot(slot, when) => {
                let bytes = Bytes::copy_from_slice(self.job.as_str().as_bytes());
                let document = self.document(&paths::slot(&slot));
                Reply::Write(written(
                    document.put(bytes, condition(when), BlobHeaders::default()).await,
                )?)
            }
            Command::Work(..) | Command::End(_) => unreachable!("the caller sees to these"),
        })
    }

    pub(crate) fn document(&self, path: &str) -> Document {
        self.ledger.0.container.document(path)
    }

    pub(crate) async fn read_job(&self) -> Result<Option<Read<ETag, StoredJob>>, LedgerError> {
        let path = paths::job(&self.job);
        let Some(found) = self.document(&path).get().await? else {
            return Ok(None);
        };
        let value = codec::decode_job(&found.bytes).map_err(|source| LedgerError::Document { path, source })?;
        Ok(Some(read(value, found)))
    }

    async fn write_job(&self, job: &Job, when: When<ETag>) -> Result<Written<ETag>, LedgerError> {
        let path = paths::job(&self.job);
        let encoded = codec::encode_job(job);
        let bytes = encoded.map_err(|source| LedgerError::TooLarge {
            path: path.clone(),
            source,
        })?;
        let headers = BlobHeaders {
            metadata: vec![("state".to_owned(), job.state.as_str().to_owned())],
            ..BlobHeaders::content_type("application/json")
        };
        written(self.document(&path).put(bytes.into(), condition(when), headers).await)
    }

    pub(crate) async fn read_unit(&self, unit: UnitName) -> Result<Option<Read<ETag, Unit>>, LedgerError> {
        let path = paths::unit(&self.job, unit);
        let Some(found) = self.document(&path).get().await? else {
            return Ok(None);
        };
        let value = codec::decode_unit(&found.bytes).map_err(|source| LedgerError::Document { path, source })?;
        Ok(Some(read(value, found)))
    }

    async fn write_unit(&self, name: UnitName, unit: &Unit, when: When<ETag>) -> Result<Written<ETag>, LedgerError> {
        let path = paths::unit(&self.job, name);
        let encoded = codec::encode_unit(unit);
        let bytes = encoded.map_err(|source| LedgerError::TooLarge {
            path: path.clone(),
            source,
        })?;
        let headers = BlobHeaders {
            metadata: codec::unit_metadata(unit),
            ..BlobHeaders::content_type("application/json")
        };
        written(self.document(&path).put(bytes.into(), condition(when), headers).await)
    }

    async fn announce(&self, unit: UnitName, delayed: bool) -> Result<(), LedgerError> {
        let message = UnitMessage::new(self.job.clone(), unit);
        let text = serde_json::to_vec(&message).map_err(|source| LedgerError::Json {
            path: paths::unit(&self.job, unit),
            source,
        })?;
        let options = SendOptions {
            delay: if delayed { POSTPONED } else { Duration::ZERO },
            // A long queue must not lose what stands at its end.
            time_to_live: TimeToLive::Unlimited,
        };
        self.ledger.0.queue.send(&text, options).await?;
        Ok(())
    }

    /// The next page of units under way, or the first one.
    async fn list_units(&self, from: From, cursor: &mut Option<Listing>) -> Result<Vec<Listed<ETag>>, LedgerError> {
        let prefix = paths::units(&self.job);
        let mut units = Vec::new();
        for blob in self.next_page(&prefix, from, cursor).await? {
            let Some(name) = blob.name.strip_prefix(&prefix).and_then(|name| name.parse().ok()) else {
                continue;
            };
            let value = codec::read_unit_metadata(&blob.metadata).map_err(|source| LedgerError::Document {
                path: blob.name.clone(),
                source,
            })?;
            let Some(etag) = blob.etag.clone() else { continue };
            let age = age(blob.date, blob.last_modified);
            units.push((name, Read { value, etag, age }));
        }
        Ok(units)
    }

    /// A listing of all pieces, for [`JobStore::next_units`].
    pub(crate) fn list_all_units(&self) -> Result<Option<Listing>, LedgerError> {
        let prefix = paths::units(&self.job);
        Ok(Some(self.ledger.0.container.list(&prefix, self.ledger.0.options.page)?))
    }

    /// The next page of units; `None` after the last.
    pub(crate) async fn next_units(
        &self,
        listing: &mut Option<Listing>,
    ) -> Result<Option<Vec<Listed<ETag>>>, LedgerError> {
        let page = self.list_units(From::Cursor, listing).await?;
        Ok((!page.is_empty()).then_some(page))
    }

    /// The job's input; empty if the job is gone.
    pub(crate) async fn job_input(&self) -> Result<String, LedgerError> {
        Ok(match self.read_job().await?.map(|found| found.value) {
            Some(StoredJob::Known(job)) => job.input.into(),
            _ => String::new(),
        })
    }

    async fn list_outputs(
        &self,
        mut from: From,
        cursor: &mut Option<Listing>,
    ) -> Result<Vec<ListedOutput>, LedgerError> {
        let prefix = paths::outputs(&self.job);
        loop {
            let page = self.next_page(&prefix, from, cursor).await?;
            from = From::Cursor;
            let is_last = page.is_empty();
            let outputs: Vec<ListedOutput> = page
                .into_iter()
                .filter_map(|blob| {
                    Some((
                        paths::read_output(&self.job, &blob.name)?,
                        age(blob.date, blob.last_modified),
                    ))
                })
                .collect();
            // A page of manifests alone is not the end.
            if is_last || !outputs.is_empty() {
                return Ok(outputs);
            }
        }
    }

    /// The next page that is not empty, or an empty one at the end.
    async fn next_page(
        &self,
        prefix: &str,
        from: From,
        cursor: &mut Option<Listing>,
    ) -> Result<Vec<storage_access::Listed>, LedgerError> {
        if from == From::Start {
            *cursor = Some(self.ledger.0.container.list(prefix, self.ledger.0.options.page)?);
        }
        let Some(listing) = cursor else {
            return Ok(Vec::new());
        };
        while let Some(page) = listing.next_page().await? {
            if !page.is_empty() {
                return Ok(page);
            }
        }
        Ok(Vec::new())
    }

    async fn read_slot(&self, slot: &str) -> Result<Option<Read<ETag, JobId>>, LedgerError> {
        let path = paths::slot(slot);
        let Some(found) = self.document(&path).get().await? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&found.bytes).unwrap_or_default();
        let owner = JobId::new(text).map_err(|_| LedgerError::Document {
            path,
            source: CodecError::Metadata { name: "job" },
        })?;
        Ok(Some(read(owner, found)))
    }

    async fn remove(&self, path: &str, etag: ETag) -> Result<Written<ETag>, LedgerError> {
        match self.document(path).delete(Condition::IfMatch(etag.clone())).await {
            Ok(true) => Ok(Written::Stored(etag)),
            Ok(false) => Ok(Written::Refused),
            Err(error) => uncertain(error),
        }
    }

    /// Removes what the job wrote and nobody may still be writing; true if nothing is left.
    async fn remove_old_outputs(&self) -> Result<bool, LedgerError> {
        let mut all_gone = true;
        for prefix in [paths::outputs(&self.job), paths::lives(&self.job)] {
            let mut listing = self.ledger.0.container.list(&prefix, self.ledger.0.options.page)?;
            while let Some(page) = listing.next_page().await? {
                for blob in page {
                    if age(blob.date, blob.last_modified) > Limits::KEPT {
                        self.document(&blob.name).delete(Condition::Always).await?;
                    } else {
                        all_gone = false;
                    }
                }
            }
        }
        Ok(all_gone)
    }
}

fn read<T>(value: T, found: Versioned) -> Read<ETag, T> {
    Read {
        value,
        age: age(found.date, found.last_modified),
        etag: found.etag,
    }
}

/// Both by the service's clock. Without a date the document counts as just written: nothing is done too early.
pub(crate) fn age(date: Option<Timestamp>, last_modified: Option<Timestamp>) -> Duration {
    let difference = date
        .zip(last_modified)
        .map(|(date, written)| date.duration_since(written));
    difference
        .and_then(|age| Duration::try_from(age).ok())
        .unwrap_or_default()
}

fn condition(when: When<ETag>) -> Condition {
    match when {
        When::Absent => Condition::IfAbsent,
        When::Unchanged(etag) => Condition::IfMatch(etag),
    }
}

fn written(put: Result<Put, StorageError>) -> Result<Written<ETag>, LedgerError> {
    match put {
        Ok(Put::Stored(etag)) => Ok(Written::Stored(etag)),
        Ok(Put::Conflict) => Ok(Written::Refused),
        Err(error) => uncertain(error),
    }
}

/// Without an answer the write may have been applied; the machine finds out.
fn uncertain(error: StorageError) -> Result<Written<ETag>, LedgerError> {
    if error.is_transient() {
        Ok(Written::Uncertain)
    } else {
        Err(error.into())
    }
}
