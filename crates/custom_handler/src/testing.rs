//! Calling functions in tests, without a socket and without a host.
//!
//! A call takes the way of a real one: the payload is encoded as the host would, decoded by the SDK, handled, and the
//! answer is read back as the host reads it. Time, chance and attempts are set by the test.
//!
//! ```
//! # use custom_handler::{Context, FunctionApp, Queue, QueueFailure, function, queue_output, testing::TestApp};
//! const NAMES: Queue<String> = Queue::named("names");
//! const GREETINGS: Queue<String> = Queue::named("greetings");
//!
//! fn functions() -> FunctionApp<()> {
//!     let greet = function("greet").queue("name", NAMES, |queue| queue).output(queue_output("greeting", GREETINGS));
//!     FunctionApp::new("greeter").function(greet.handler(hello))
//! }
//!
//! async fn hello(_: Context<()>, name: String) -> Result<String, QueueFailure> {
//!     Ok(format!("Hello, {name}"))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let app = TestApp::new(functions(), ());
//! let run = app.queue("greet", &"Ada".to_owned()).run().await;
//! assert_eq!(run.messages(GREETINGS), ["Hello, Ada"]);
//! # });
//! ```

mod request;
mod run;
mod server;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use determinism::{Clock, Rng};
use functions_protocol::payload::Payload;
use functions_protocol::{HttpRequest, TimerInfo};

pub use request::Request;
pub use run::Run;
pub use server::TestServer;

use crate::app::FunctionApp;
use crate::blocking::BlockingPool;
use crate::call::{Call, Shared};
use crate::context::{Cancellation, Process};
use crate::function::Function;
use crate::manifest::SharedHost;
use crate::reply::Reply;
use crate::server::{default_timeout, time_allowed};

/// An app under test, with its dependencies.
pub struct TestApp<D> {
    app: FunctionApp<D>,
    shared: Arc<Shared<D>>,
    clock: Clock,
}

impl<D: Send + Sync + 'static> TestApp<D> {
    /// An app with the machine's time, and chance that repeats.
    ///
    /// # Panics
    /// When the declaration is wrong, with all its mistakes.
    pub fn new(app: FunctionApp<D>, deps: D) -> Self {
        if let Err(error) = app.check() {
            panic!("{error}");
        }
        let process = Process {
            encoding: app.host.encoding(),
            rng: Rng::seeded(0),
            blocking: BlockingPool::one_per_core(),
            stopping: Cancellation::default(),
            time_allowed: app.host.timeout_or(default_timeout(false)).map(time_allowed),
        };
        let store = app.store.as_ref().map(|store| store(&deps));
        let shared = Shared {
            store,
            deps: Arc::new(deps),
            process: Arc::new(process),
        };
        Self {
            app,
            shared: Arc::new(shared),
            clock: Clock::system(),
        }
    }

    /// The clock that handlers see, and that ends them at their deadline.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The randomness that handlers see.
    #[must_use]
    pub fn rng(mut self, rng: Rng) -> Self {
        let shared = Arc::get_mut(&mut self.shared).expect("no call shares this before the app is complete");
        let process = Arc::get_mut(&mut shared.process).expect("nor its process");
        process.rng = rng;
        self
    }

    /// The dependencies, to look at what the handlers did with them.
    pub fn deps(&self) -> &D {
        &self.shared.deps
    }

    /// A run of a queue function for a message with this payload.
    pub fn queue<T: Payload>(&self, function: &str, payload: &T) -> Request<'_, D> {
        let text = payload
            .encode()
            .unwrap_or_else(|error| panic!("the payload has no text: {error}"));
        self.queue_text(function, &text)
    }

    /// A run of a queue function for a message with this text, whatever it is.
    pub fn queue_text(&self, function: &str, text: &str) -> Request<'_, D> {
        Request::queue(self, function, text)
    }

    /// A run of a timer function.
    pub fn timer(&self, function: &str, timer: &TimerInfo) -> Request<'_, D> {
        Request::timer(self, function, timer)
    }

    /// A run of an HTTP function.
    pub fn http(&self, function: &str, request: &HttpRequest) -> Request<'_, D> {
        Request::http(self, function, request)
    }

    /// Calls a function with the bytes of a request body, as the host would send them.
    ///
    /// # Panics
    /// When the app has no such function.
    pub async fn invoke_raw(&self, function: &str, body: impl Into<Bytes>) -> Reply {
        self.call(function, self.shared.process.rng.uuid(), body.into()).await
    }

    async fn call(&self, function: &str, id: String, body: Bytes) -> Reply {
        let function = self.function(function);
        let call = Call::new(
            &self.shared,
            function.declaration.name,
            id,
            self.clock.clone(),
            body.into(),
        );
        (function.call)(call).await
    }

    fn function(&self, name: &str) -> &Function<D> {
        let known = || self.app.function_names().collect::<Vec<_>>().join(", ");
        self.app
            .functions
            .get(name)
            .unwrap_or_else(|| panic!("no function {name:?}, but {}", known()))
    }
}

/// Fails when a generated file in the app's folder (`env!("CARGO_MANIFEST_DIR")`) is not what the declaration renders.
///
/// # Panics
/// With the differences, and the command that mends them.
pub fn assert_manifest<D: Send + Sync + 'static>(app: &FunctionApp<D>, folder: impl AsRef<Path>) {
    let folder = folder.as_ref();
    let shared = SharedHost::find(folder).unwrap_or_else(|error| panic!("{}", crate::failure::chain(&error)));
    let manifest = app.manifest(&shared).unwrap_or_else(|error| panic!("{error}"));
    let differences = manifest
        .check(folder)
        .unwrap_or_else(|error| panic!("{}", crate::failure::chain(&error)));
    if !differences.is_empty() {
        let list: Vec<String> = differences.iter().map(ToString::to_string).collect();
        panic!(
            "{}\nrun `cargo xtask manifest` to write what {} declares",
            list.join("\n"),
            app.name()
        );
    }
}
