//! Where a ledger lies, and by which times it works.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use custom_handler::{SettingProblem, Settings};
use determinism::{Clock, Rng};
use ledger_protocol::JobId;
use ledger_protocol::protocol::{Limits, Subject};
use storage_access::{Access, Connection, ConnectionError, Container, Queue, Storage, Transport};

use crate::error::LedgerError;
use crate::store::JobStore;

/// The container and the queue of a ledger. One of each for an app's jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerPlace {
    /// Holds jobs, units and outputs.
    pub container: &'static str,
    /// Holds the units' messages.
    pub queue: &'static str,
}

/// By which times a ledger works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerOptions {
    /// Budget of a unit, and how often it may fail.
    pub limits: Limits,
    /// A worker asks this often whether its job is still wanted.
    pub look: Duration,
    /// A process looks at most this often whether a job can be finished.
    pub finish_pause: Duration,
    /// It looks only if the queue holds at most this many messages: a look lists every unit of the job.
    pub finish_below: u64,
    /// Blobs that one page of a listing has.
    pub page: u16,
}

impl LedgerOptions {
    /// The protocol's own times, for functions that may run so long.
    pub fn for_function_timeout(function_timeout: Option<Duration>) -> Self {
        Self {
            limits: Limits::for_function_timeout(function_timeout),
            look: Duration::from_secs(5),
            finish_pause: Duration::from_secs(2),
            finish_below: 64,
            page: 5000,
        }
    }
}

/// The jobs of an app, in its storage account. Clones share one.
#[derive(Clone)]
pub struct Ledger(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) container: Container,
    pub(crate) queue: Queue,
    pub(crate) options: LedgerOptions,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    /// Names this process among the live counters.
    pub(crate) worker: String,
    last_look: Mutex<Option<Duration>>,
    pub(crate) tallies: Mutex<crate::progress::Tallies>,
}

impl Ledger {
    /// A ledger in this account. Sends nothing yet.
    pub fn new(storage: &Storage, place: LedgerPlace, options: LedgerOptions, clock: Clock, rng: Rng) -> Self {
        let worker = format!("{:016x}", rng.next_u64());
        Self(Arc::new(Parts {
            container: storage.container(place.container),
            queue: storage.queue(place.queue),
            options,
            clock,
            rng,
            worker,
            last_look: Mutex::new(None),
            tallies: Mutex::default(),
        }))
    }

    /// The ledger of an app with these settings, in the account of the connection that the setting `connection` holds.
    ///
    /// # Errors
    /// The setting is missing or cannot be used.
    pub fn connect(
        settings: &Settings,
        connection: &str,
        place: LedgerPlace,
        options: LedgerOptions,
    ) -> Result<(Self, Storage), SettingProblem> {
        let unusable = |error: ConnectionError| SettingProblem::new(connection, error.to_string());
        let setting = |name: &str| settings.get(name).map(str::to_owned);
        let found = Connection::from_settings(connection, &setting).map_err(unusable)?;
        let storage = Storage::connect(&found, Transport::http()).map_err(unusable)?;
        let ledger = Self::new(&storage, place, options, Clock::system(), Rng::from_entropy());
        Ok((ledger, storage))
    }

    /// Creates the container and the queue unless they exist: before the first job.
    ///
    /// # Errors
    /// [`LedgerError::Storage`].
    pub async fn prepare(&self) -> Result<(), LedgerError> {
        self.0.container.create_if_absent(Access::Private).await?;
        self.0.queue.create_if_absent().await?;
        Ok(())
    }

    /// By which times it works.
    pub fn options(&self) -> &LedgerOptions {
        &self.0.options
    }

    pub(crate) fn subject(&self, job: &JobId) -> Subject {
        Subject {
            job: job.clone(),
            limits: self.0.options.limits,
        }
    }

    pub(crate) fn job(&self, job: &JobId) -> JobStore {
        JobStore::new(self.clone(), job.clone())
    }

    /// How long this worker must wait before it looks whether a job can be finished: not at all if nobody has looked
    /// lately, else until it is time again. `None`: another worker of this process is waiting already.
    pub(crate) fn turn_to_look(&self) -> Option<Duration> {
        let now = self.0.clock.monotonic();
        let mut last = self.0.last_look.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.map_or(now, |last| last + self.0.options.finish_pause);
        if due > now + self.0.options.finish_pause {
            return None;
        }
        let at = due.max(now);
        *last = Some(at);
        Some(at - now)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Ledger")
            .field("container", &self.0.container.name())
            .field("queue", &self.0.queue.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage_access::Transport;

    #[test]
    fn one_worker_looks_at_once_one_waits_and_the_others_leave_it_to_them() {
        let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        let connection = Connection::from_string("Store", "UseDevelopmentStorage=true").unwrap();
        let storage = Storage::connect(&connection, Transport::http()).unwrap();
        let place = LedgerPlace {
            container: "ledger",
            queue: "units",
        };
        let options = LedgerOptions::for_function_timeout(None);
        let ledger = Ledger::new(&storage, place, options, clock, Rng::seeded(1));
        let second = Duration::from_secs(1);
        assert_eq!(ledger.turn_to_look(), Some(Duration::ZERO));
        hands.advance(second);
        assert_eq!(ledger.turn_to_look(), Some(second));
        assert_eq!(ledger.turn_to_look(), None);
        hands.advance(2 * second);
        assert_eq!(ledger.turn_to_look(), Some(second));
        hands.advance(60 * second);
        assert_eq!(ledger.turn_to_look(), Some(Duration::ZERO));
    }
}
