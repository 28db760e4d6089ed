//! Storage, a clock, and instances of the app.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use custom_handler::Settings;
use custom_handler::testing::TestApp;
use determinism::{Clock, ManualClock, Rng};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use status_delivery::Deps;
use storage_access::{Connection, ConnectionLost, Queue, Retry, SendOptions, Storage, Transport};
use storage_emulator::{Emulator, Endpoints, ProcessLabel};

const PRIMARY: &str = "pmcstatusprimary_CONNECTION";

/// `minute` past ten on the day of all tests.
pub(crate) fn at(minute: i64) -> Timestamp {
    let ten: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    ten + SignedDuration::from_mins(minute)
}

/// What stands between an instance and storage.
pub(crate) type Gate = Arc<dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, Answer> + Send + Sync>;
pub(crate) type Answer = Result<http::Response<Bytes>, ConnectionLost>;

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) clock: Clock,
    /// The generations of the public document, in the order in which they were written.
    pub(crate) published: Arc<Mutex<Vec<u64>>>,
    /// The test's own way to storage, which no fault meets.
    pub(crate) storage: Storage,
}

/// The number that a test's chance starts from: that of `STATUS_DELIVERY_SEED`, or another in each run. It is printed, and
/// shown when the test fails.
#[expect(clippy::print_stdout, reason = "the test harness shows it when the test fails")]
pub(crate) fn seed() -> u64 {
    const NAME: &str = "STATUS_DELIVERY_SEED";
    let seed = Settings::from_environment()
        .get(NAME)
        .map_or_else(|| Rng::from_entropy().below(1 << 32), |text| text.parse().unwrap());
    println!("to repeat this run: {NAME}={seed}");
    seed
}

impl World {
    /// Noon by a clock that only the test moves.
    pub(crate) async fn still() -> (Self, ManualClock) {
        let (clock, hands) = Clock::manual(at(120));
        (Self::with_clock(clock).await, hands)
    }

    pub(crate) async fn with_clock(clock: Clock) -> Self {
        Self::with_clock_and_seed(clock, 3).await
    }

    /// A world whose faults and queue order follow from `seed`.
    pub(crate) async fn with_clock_and_seed(clock: Clock, seed: u64) -> Self {
        let emulator = Emulator::builder()
            .rng(Rng::seeded(seed))
            .clock(clock.clone())
            .in_memory()
            .build()
            .unwrap();
        let storage = connect(&emulator, labelled(&emulator, "test"));
        let world = Self {
            emulator,
            clock,
            published: Arc::default(),
            storage,
        };
        world.queue().create_if_absent().await.unwrap();
        world
    }

    /// An instance of the app whose requests carry `label`.
    pub(crate) fn instance(&self, label: &str) -> TestApp<Deps> {
        self.instance_behind(label, labelled_gate(&self.emulator, label))
    }

    /// An instance whose requests go through `gate`.
    pub(crate) fn instance_behind(&self, label: &str, gate: Gate) -> TestApp<Deps> {
        let published = Arc::clone(&self.published);
        let transport = Transport::in_process(move |request: http::Request<Bytes>| {
            let (gate, published) = (Arc::clone(&gate), Arc::clone(&published));
            async move {
                let generation: Option<u64> = request
                    .headers()
                    .get("x-ms-meta-generation")
                    .map(|value| value.to_str().unwrap().parse().unwrap());
                let answer = gate(request).await;
                if let (Some(generation), Ok(answer)) = (generation, &answer)
                    && answer.status() == 201
                {
                    published.lock().unwrap().push(generation);
                }
                answer
            }
        });
        let retry = Retry {
            first_delay: Duration::from_millis(1),
            longest_delay: Duration::from_millis(2),
            ..Retry::default()
        };
        let deps = Deps::with_transport(&self.settings(), transport.with_retry(retry)).unwrap();
        let seed = label.bytes().map(u64::from).sum();
        TestApp::new(status_delivery::functions(), deps)
            .clock(self.clock.clone())
            .rng(Rng::seeded(seed))
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::from_iter([
            (
                PRIMARY.to_owned(),
                self.emulator.connection_string(&Endpoints::in_process()),
            ),
            ("JsonContainerName".to_owned(), "dynamic-public-data".to_owned()),
            ("JsonBlobName".to_owned(), "repository_status.json".to_owned()),
        ])
    }

    pub(crate) fn queue(&self) -> Queue {
        self.storage.queue("results-queue")
    }

    pub(crate) async fn send(&self, texts: &[String]) {
        for text in texts {
            self.queue()
                .send(text.as_bytes(), SendOptions::default())
                .await
                .unwrap();
        }
    }

    pub(crate) async fn waiting(&self) -> u64 {
        self.queue().approximate_count().await.unwrap()
    }

    pub(crate) async fn public(&self) -> Option<Value> {
        self.json("dynamic-public-data", "repository_status.json").await
    }

    pub(crate) async fn state(&self) -> Option<Value> {
        self.json("status-state", "state.json").await
    }

    /// What was put aside, as JSON where it is JSON.
    pub(crate) async fn poisoned(&self) -> Vec<Value> {
        let peeked = match self.storage.queue("results-queue-poison").peek(Queue::PAGE).await {
            Err(error) if error.is_not_found() => return Vec::new(),
            peeked => peeked.unwrap(),
        };
        let text = |body: Vec<u8>| String::from_utf8(body).unwrap();
        peeked
            .into_iter()
            .map(|message| serde_json::from_str(&text(message.body.unwrap())).unwrap())
            .collect()
    }

    async fn json(&self, container: &str, blob: &str) -> Option<Value> {
        let found = self.storage.container(container).document(blob).get().await.unwrap()?;
        Some(serde_json::from_slice(&found.bytes).unwrap())
    }
}

pub(crate) fn connect(emulator: &Emulator, transport: Transport) -> Storage {
    let text = emulator.connection_string(&Endpoints::in_process());
    Storage::connect(&Connection::from_string(PRIMARY, &text).unwrap(), transport).unwrap()
}

/// Straight to the emulator, under this label.
pub(crate) fn labelled_gate(emulator: &Emulator, label: &str) -> Gate {
    let (emulator, label) = (emulator.clone(), ProcessLabel(label.to_owned()));
    Arc::new(move |mut request: http::Request<Bytes>| {
        let emulator = emulator.clone();
        request.extensions_mut().insert(label.clone());
        Box::pin(async move { emulator.exchange(request).await.map_err(|_| ConnectionLost) })
    })
}

fn labelled(emulator: &Emulator, label: &str) -> Transport {
    let gate = labelled_gate(emulator, label);
    Transport::in_process(move |request| gate(request))
}
