//! One emulated account, and processes that work on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use determinism::{Clock, ManualClock, Rng};
use jiff::Timestamp;
use ledger_protocol::protocol::Limits;
use storage_access::{Connection, ConnectionLost, Queue, Retry, Storage, Transport};
use storage_emulator::{Emulator, Endpoints, FaultPlan, ProcessLabel, StorageEvent};
use work_ledger::{Ledger, LedgerOptions, LedgerPlace};

const PLACE: LedgerPlace = LedgerPlace {
    container: "ledger",
    queue: "units",
};

/// A start in time, so that a run repeats.
const START: Timestamp = Timestamp::constant(1_795_000_000, 0);

pub(crate) struct Site {
    pub(crate) emulator: Emulator,
    pub(crate) clock: Clock,
    pub(crate) hands: ManualClock,
    pub(crate) rng: Rng,
    events: Arc<Mutex<Vec<String>>>,
    /// Clients by process: to set them up costs more than a request.
    clients: Mutex<HashMap<String, Storage>>,
}

impl Site {
    pub(crate) fn new(seed: u64) -> Self {
        let (clock, hands) = Clock::manual(START);
        let rng = Rng::seeded(seed);
        let emulator = Emulator::builder()
            .clock(clock.clone())
            .rng(rng.fork())
            .shuffle_queues()
            .in_memory()
            .build()
            .expect("an emulator in memory needs nothing");
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        emulator.observe(move |event| {
            if event.process.as_deref() != Some(HOST) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(tell(event));
            }
        });
        Self {
            emulator,
            clock,
            hands,
            rng,
            events,
            clients: Mutex::default(),
        }
    }

    pub(crate) fn faults(&self) -> &FaultPlan {
        self.emulator.faults()
    }

    /// The account as a process with this name sees it. Every request stands back once, so that whoever polls decides
    /// the order of requests.
    pub(crate) fn storage(&self, process: &str) -> Storage {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let storage = clients
            .entry(process.to_owned())
            .or_insert_with(|| self.connect(process));
        storage.clone()
    }

    fn connect(&self, process: &str) -> Storage {
        let text = self.emulator.connection_string(&Endpoints::in_process());
        let connection = Connection::from_string("Store", &text).expect("the emulator's own connection string");
        let (emulator, label) = (self.emulator.clone(), process.to_owned());
        let transport = Transport::in_process(move |mut request: http::Request<Bytes>| {
            let emulator = emulator.clone();
            request.extensions_mut().insert(ProcessLabel(label.clone()));
            let stands_back = label != HOST;
            async move {
                if stands_back {
                    stand_back().await;
                }
                emulator.exchange(request).await.map_err(|_| ConnectionLost)
            }
        });
        let retry = Retry {
            attempts: 2,
            first_delay: Duration::ZERO,
            longest_delay: Duration::ZERO,
        };
        let transport = transport
            .with_retry(retry)
            .with_clock(self.clock.clone(), Rng::seeded(1));
        Storage::connect(&connection, transport).expect("a connection string with a key")
    }

    pub(crate) fn ledger(&self, process: &str) -> Ledger {
        let options = LedgerOptions {
            limits: Limits::for_function_timeout(None),
            look: Duration::from_secs(5),
            finish_pause: Duration::ZERO,
            finish_below: 64,
            page: 2,
        };
        Ledger::new(
            &self.storage(process),
            PLACE,
            options,
            self.clock.clone(),
            self.rng.fork(),
        )
    }

    /// The units' queue, as the host sees it.
    pub(crate) fn queue(&self) -> Queue {
        self.storage(HOST).queue(PLACE.queue)
    }

    pub(crate) fn poison_queue(&self) -> Queue {
        self.storage(HOST).queue("units-poison")
    }

    /// How much has happened: it stands still while nothing but the host asks for messages.
    pub(crate) fn happened(&self) -> (usize, Duration) {
        let requests = self.events.lock().unwrap_or_else(PoisonError::into_inner).len();
        (requests, self.clock.monotonic())
    }

    /// Every request of the ledger's processes so far, in words.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The process that meets no faults: the Functions host, and whoever looks at the end.
pub(crate) const HOST: &str = "host";

/// Not ready once.
async fn stand_back() {
    let mut has_waited = false;
    futures::future::poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            std::task::Poll::Ready(())
        } else {
            // Several requests under way at once are polled only when they ask to be.
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}

fn tell(event: &StorageEvent) -> String {
    let process = event.process.as_deref().unwrap_or("?");
    let target = event.blob.as_deref().or(event.queue.as_deref()).unwrap_or_default();
    let end = match (event.fault, event.answered) {
        (Some(fault), _) => format!("{} {fault}", event.status),
        (None, true) => event.status.to_string(),
        (None, false) => format!("{} unanswered", event.status),
    };
    format!(
        "{:>8} {process}: {:?} {target}: {end}",
        event.at.strftime("%H:%M:%S").to_string(),
        event.operation
    )
}
