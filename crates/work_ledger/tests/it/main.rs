//! A job type as an app has it, against the storage emulator in process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod formats;
mod running;
#[path = "../../examples/word_count.rs"]
#[expect(dead_code, reason = "the example's main and connect are its own")]
mod word_count;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use custom_handler::testing::TestApp;
use custom_handler::{Clock, HttpAnswer, HttpBody, HttpRequest, Rng};
use determinism::ManualClock;
use serde_json::Value;
use storage_access::{Connection, ConnectionLost, Queue, Storage, Transport};
use storage_emulator::{Emulator, Endpoints, Operation};
use work_ledger::{Ledger, LedgerOptions, LedgerPlace, UnitMessage};

const PLACE: LedgerPlace = LedgerPlace {
    container: "word-count-ledger",
    queue: "word-count-units",
};

/// The word count app with its account, and the host's side of its queue.
struct Site {
    app: TestApp<word_count::Deps>,
    storage: Storage,
    queue: Queue,
    hands: ManualClock,
    emulator: Emulator,
}

/// Requests so far: each by its operation and its blob's name.
struct Requests(Arc<Mutex<Vec<(Operation, String)>>>);

impl Requests {
    fn count(&self, operation: Operation, prefix: &str) -> u64 {
        let seen = self.0.lock().unwrap();
        let alike = seen
            .iter()
            .filter(|(known, name)| *known == operation && name.starts_with(prefix));
        u64::try_from(alike.count()).unwrap()
    }
}

impl Site {
    /// Counts the requests from now on.
    fn count_requests(&self) -> Requests {
        let requests = Requests(Arc::default());
        let seen = Arc::clone(&requests.0);
        self.emulator.observe(move |event| {
            let name = event.blob.clone().unwrap_or_default();
            seen.lock().unwrap().push((event.operation, name));
        });
        requests
    }

    fn new() -> Self {
        let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        let emulator = Emulator::builder()
            .clock(clock.clone())
            .rng(Rng::seeded(7))
            .build()
            .unwrap();
        let text = emulator.connection_string(&Endpoints::in_process());
        let account = emulator.clone();
        let transport = Transport::in_process(move |request: http::Request<Bytes>| {
            let emulator = account.clone();
            async move { emulator.exchange(request).await.map_err(|_| ConnectionLost) }
        });
        let storage = Storage::connect(&Connection::from_string("Store", &text).unwrap(), transport).unwrap();
        let options = LedgerOptions {
            finish_pause: Duration::ZERO,
            ..LedgerOptions::for_function_timeout(Some(Duration::from_secs(300)))
        };
        let deps = word_count::Deps {
            ledger: Ledger::new(&storage, PLACE, options, clock.clone(), Rng::seeded(3)),
            texts: storage.container("texts"),
        };
        Self {
            app: TestApp::new(word_count::functions(), deps).clock(clock),
            queue: storage.queue(PLACE.queue),
            storage,
            hands,
            emulator,
        }
    }

    fn ledger(&self) -> &Ledger {
        &self.app.deps().ledger
    }

    async fn ask(&self, function: &str, request: &HttpRequest) -> HttpAnswer {
        self.app.http(function, request).run().await.http()
    }

    async fn start(&self, query: &str, input: Value) -> HttpAnswer {
        let url = format!("http://localhost:7071/api/word_count{query}");
        let request = HttpRequest::new("POST", url).with_body(HttpBody::Text(input.to_string()));
        self.ask("word_count_start", &request).await
    }

    /// Asks something of a job by its id.
    async fn about(&self, function: &str, job: &str) -> HttpAnswer {
        let request =
            HttpRequest::new("GET", format!("http://localhost:7071/api/word_count/{job}")).with_param("id", job);
        self.ask(&format!("word_count_{function}"), &request).await
    }

    /// Takes the next message as the host does; false if there is none.
    async fn deliver_one(&self) -> bool {
        let Some(message) = self.queue.receive(1, Duration::from_secs(60)).await.unwrap().pop() else {
            return false;
        };
        let unit: UnitMessage = serde_json::from_slice(message.body.as_deref().unwrap()).unwrap();
        let run = self
            .app
            .queue("word_count_unit", &unit)
            .attempt(message.dequeue_count)
            .run()
            .await;
        if run.failure().is_none() {
            self.queue.delete(&message.id, &message.pop_receipt).await.unwrap();
        }
        true
    }

    async fn deliver_all(&self) {
        while self.deliver_one().await {}
    }
}

fn json(answer: &HttpAnswer) -> Value {
    serde_json::from_str(answer.body()).unwrap()
}
