//! A job type as an app has it, against the storage emulator in process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod formats;
mod running;
#[path = "../../examples/word_count.rs"]
#[expect(dead_code, reason = "the example's main and connect are its own")]
mod word_count;

use std::time::Duration;

use bytes::Bytes;
use custom_handler::testing::TestApp;
use custom_handler::{Clock, HttpAnswer, HttpBody, HttpRequest, Rng};
use determinism::ManualClock;
use serde_json::Value;
use storage_access::{Connection, ConnectionLost, Queue, Storage, Transport};
use storage_emulator::{Emulator, Endpoints};
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
}

impl Site {
    fn new() -> Self {
        let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        let emulator = Emulator::builder()
            .clock(clock.clone())
            .rng(Rng::seeded(7))
            .build()
            .unwrap();
        let text = emulator.connection_string(&Endpoints::in_process());
        let transport = Transport::in_process(move |request: http::Request<Bytes>| {
            let emulator = emulator.clone();
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
