//! The emulator: what it is made of, and the way every request takes through it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use determinism::{Clock, Rng};
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

use crate::account::{Account, Endpoints};
use crate::answer::{Answer, Body};
use crate::auth::{self, BearerTokens};
use crate::call::{Call, Service};
use crate::error::{Code, ServiceResult};
use crate::faults::{Decision, Fault, FaultPlan, Moment};
use crate::observer::{Observer, StorageEvent};
use crate::operation::Operation;
use crate::store::{FolderError, Store};
use crate::{blob, cors, head, queue};

/// The service discards blocks that no block list named within a week; here that is looked at when a folder is opened.
const UNLISTED_BLOCKS_STAY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Blob and Queue storage in this process. Clones are the same storage.
#[derive(Clone)]
pub struct Emulator(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) accounts: Vec<Account>,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) signature_clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) shuffle_queues: bool,
    pub(crate) bearer_tokens: BearerTokens,
    pub(crate) largest_body: usize,
    faults: FaultPlan,
    fault_rng: Rng,
    observers: RwLock<Vec<Observer>>,
    sequence: AtomicU64,
}

/// The sender gets no answer: its connection was cut by a fault, or its process has crashed by the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection to storage was cut")]
pub struct Disconnected;

/// How an [`Emulator`] is set up.
#[derive(Clone, Debug)]
pub struct EmulatorBuilder {
    accounts: Vec<(String, String)>,
    folder: Option<PathBuf>,
    clock: Clock,
    signature_clock: Clock,
    rng: Rng,
    shuffle_queues: bool,
    faults: FaultPlan,
    bearer_tokens: BearerTokens,
    largest_body: usize,
}

/// Why an emulator cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An account key is not base64.
    #[error("the key of account {account} is not base64")]
    Key {
        /// The account.
        account: String,
        /// What is wrong with it.
        source: base64::DecodeError,
    },
    /// The storage folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl EmulatorBuilder {
    /// The time for visibility, leases, expiry, `Date` and `Last-Modified`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The time that signatures are checked against: the dates of requests, and when a SAS begins and ends. The
    /// machine's by default even if [`EmulatorBuilder::clock`] is moved, because clients sign with the machine's time.
    pub fn signature_clock(mut self, clock: Clock) -> Self {
        self.signature_clock = clock;
        self
    }

    /// Where ids, the order of shuffled queues and the chances of faults come from.
    pub fn rng(mut self, rng: Rng) -> Self {
        self.rng = rng;
        self
    }

    /// Hands out visible messages in random order: the real service promises none.
    pub fn shuffle_queues(mut self) -> Self {
        self.shuffle_queues = true;
        self
    }

    /// The faults that requests meet.
    pub fn faults(mut self, faults: FaultPlan) -> Self {
        self.faults = faults;
        self
    }

    /// Keeps everything in this folder, so that it survives the process. Made if missing.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Keeps everything in memory (the default).
    pub fn in_memory(mut self) -> Self {
        self.folder = None;
        self
    }

    /// Adds an account; `key` is base64. Without any there is [`crate::DEVELOPMENT_ACCOUNT`] with its published key.
    pub fn account(mut self, name: &str, key: &str) -> Self {
        self.accounts.push((name.to_owned(), key.to_owned()));
        self
    }

    /// Which bearer tokens are accepted over TLS; none by default.
    pub fn bearer_tokens(mut self, tokens: BearerTokens) -> Self {
        self.bearer_tokens = tokens;
        self
    }

    /// The largest request body, in bytes. 256 MiB by default; the real service takes more in one request.
    pub fn largest_body(mut self, bytes: usize) -> Self {
        self.largest_body = bytes;
        self
    }

    /// Builds it, reading the folder if there is one.
    ///
    /// # Errors
    /// [`BuildError`]: an account key that is not base64, or a folder that cannot be used.
    pub fn build(self) -> Result<Emulator, BuildError> {
        let mut accounts = Vec::new();
        for (name, key) in &self.accounts {
            let account = Account::new(name, key).map_err(|source| BuildError::Key {
                account: name.clone(),
                source,
            })?;
            accounts.push(account);
        }
        if accounts.is_empty() {
            accounts.push(Account::development());
        }
        let store = match &self.folder {
            Some(folder) => {
                let store = Store::open(folder)?;
                if store
                    .lock()
                    .discard_stale_blocks(self.clock.now(), UNLISTED_BLOCKS_STAY)
                    .is_err()
                {
                    tracing::warn!("blocks that were never listed stay until the next start");
                }
                store
            }
            None => Store::in_memory(),
        };
        Ok(Emulator(Arc::new(Parts {
            accounts,
            store,
            clock: self.clock,
            signature_clock: self.signature_clock,
            fault_rng: self.rng.fork(),
            rng: self.rng,
            shuffle_queues: self.shuffle_queues,
            bearer_tokens: self.bearer_tokens,
            largest_body: self.largest_body,
            faults: self.faults,
            observers: RwLock::default(),
            sequence: AtomicU64::new(0),
        })))
    }
}

impl Emulator {
    /// An emulator in memory with the development account, the machine's clock, and no faults, unless set otherwise.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            accounts: Vec::new(),
            folder: None,
            clock: Clock::system(),
            signature_clock: Clock::system(),
            rng: Rng::from_entropy(),
            shuffle_queues: false,
            faults: FaultPlan::none(),
            bearer_tokens: BearerTokens::none(),
            largest_body: 256 << 20,
        }
    }

    /// The connection string of the first account at these addresses.
    pub fn connection_string(&self, endpoints: &Endpoints) -> String {
        endpoints.connection_string(&self.0.accounts[0])
    }

    /// The connection string of an account; `None` if there is no such account.
    pub fn connection_string_of(&self, account: &str, endpoints: &Endpoints) -> Option<String> {
        self.0
            .accounts
            .iter()
            .find(|known| known.name == account)
            .map(|account| endpoints.connection_string(account))
    }

    /// Calls `observer` for every request from now on.
    pub fn observe(&self, observer: impl Fn(&StorageEvent) + Send + Sync + 'static) {
        self.0
            .observers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::new(observer));
    }

    /// The faults in force; rules added to it meet the next requests.
    pub fn faults(&self) -> &FaultPlan {
        &self.0.faults
    }

    /// Answers one request in this process. A cut connection becomes an empty `502 Bad Gateway`, which storage clients
    /// treat like a broken connection: they try again. [`Emulator::exchange`] tells the two apart.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.exchange(request).await.unwrap_or_else(|Disconnected| {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        })
    }

    /// Answers one request in this process, or cuts the connection as the fault plan says.
    ///
    /// # Errors
    /// [`Disconnected`]: a fault; whether the operation was done depends on which.
    pub async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Disconnected> {
        let (head, body) = self.answer(request).await?.into_parts();
        // A content file that cannot be read any more is a broken disk: over HTTP the body would break off as well.
        let body = body.collect().map_err(|_| Disconnected)?;
        Ok(Response::from_parts(head, body))
    }

    /// The way of every request: understand, meet the faults, check who asks, do it, answer.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Result<Response<Body>, Disconnected> {
        let head_only = request.method() == Method::HEAD;
        let parsed = Call::parse(request);
        let mut call = match parsed {
            Ok(call) => call,
            Err(refusal) => return Ok(self.finish(None, head_only, Err(refusal)).0),
        };
        let operation = match Operation::of(&call) {
            Ok(operation) => operation,
            Err(refusal) => return Ok(self.finish(Some(&call), head_only, Err(refusal)).0),
        };
        let Decision { delay, fault, crashed } = self.0.faults.decide(&call, operation, &self.0.fault_rng);
        if !delay.is_zero() {
            self.0.clock.sleep(delay).await;
        }
        if crashed || matches!(fault, Some(Fault::Reset | Fault::Crash(Moment::BeforeApply))) {
            let name = fault.map_or("crashed", Fault::name);
            self.tell(
                &call,
                operation,
                Outcome {
                    fault: Some(name),
                    ..Outcome::default()
                },
            );
            return Err(Disconnected);
        }
        let result = match fault {
            Some(Fault::ServerBusy) => Err(Code::ServerBusy.into()),
            Some(Fault::TooManyRequests) => Err(Code::TooManyRequests.into()),
            Some(Fault::InternalError) => Err(Code::InternalError.into()),
            _ => self.0.perform(&mut call, operation),
        };
        let message_ids = result
            .as_ref()
            .map_or_else(|_| Vec::new(), |answer| answer.message_ids.clone());
        let error_code = result.as_ref().err().map(|refusal| refusal.code.name());
        let (response, status) = self.finish(Some(&call), head_only, result);
        let answered = !matches!(fault, Some(Fault::LoseAnswer | Fault::Crash(_)));
        let name = fault.map(Fault::name).or_else(|| (!delay.is_zero()).then_some("delay"));
        self.tell(
            &call,
            operation,
            Outcome {
                status,
                error_code,
                message_ids,
                fault: name,
                answered,
            },
        );
        if answered { Ok(response) } else { Err(Disconnected) }
    }

    fn finish(&self, call: Option<&Call>, head_only: bool, result: ServiceResult<Answer>) -> (Response<Body>, u16) {
        let now = self.0.clock.now();
        let request_id = self.0.rng.uuid();
        let mut answer = match result {
            Ok(answer) => answer,
            Err(refusal) => head::refusal(&refusal, &request_id, now),
        };
        head::complete(&mut answer, call, &request_id, now);
        if let Some(call) = call {
            cors::decorate(&self.0, call, &mut answer);
        }
        let status = answer.status.as_u16();
        let mut response = Response::new(if head_only { Body::default() } else { answer.body });
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        (response, status)
    }

    fn tell(&self, call: &Call, operation: Operation, outcome: Outcome) {
        let sequence = self.0.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let observers = self.0.observers.read().unwrap_or_else(PoisonError::into_inner);
        if observers.is_empty() {
            return;
        }
        let event = StorageEvent {
            sequence,
            at: self.0.clock.now(),
            service: call.service,
            operation,
            account: call.account.clone(),
            container: call.container().map(str::to_owned),
            blob: call.blob().map(str::to_owned),
            queue: call.queue().map(str::to_owned),
            message_ids: outcome.message_ids,
            client_request_id: call.client_request_id().map(str::to_owned),
            process: call.process.clone(),
            status: outcome.status,
            error_code: outcome.error_code.map(str::to_owned),
            fault: outcome.fault,
            answered: outcome.answered,
        };
        for observer in observers.iter() {
            observer(&event);
        }
    }
}

#[derive(Default)]
struct Outcome {
    status: u16,
    error_code: Option<&'static str>,
    message_ids: Vec<String>,
    fault: Option<&'static str>,
    answered: bool,
}

impl Parts {
    fn perform(&self, call: &mut Call, operation: Operation) -> ServiceResult<Answer> {
        if operation == Operation::Preflight {
            return cors::preflight(self, call);
        }
        head::check_version(call)?;
        head::check_length(call)?;
        if call.body.len() > self.largest_body {
            return Err(Code::RequestBodyTooLarge.with("MaxLimit", self.largest_body.to_string()));
        }
        let permit = auth::authorise(self, call, operation)?;
        match call.service {
            Service::Blob => blob::perform(self, call, operation, &permit),
            Service::Queue => queue::perform(self, call, operation),
        }
    }

    pub(crate) fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Emulator")
            .field("accounts", &self.0.accounts)
            .finish_non_exhaustive()
    }
}
