//! The client.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use determinism::Clock;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use crate::addresses::{Addresses, Family, resolve};
use crate::connect::{Stream, Tls, connect};
use crate::exchange::{Budget, Exchanged, exchange, is_redirect};
use crate::failure::{Failure, NameFailure, Phase};
use crate::fetch::{Answer, Fetch, Latency, Wanted};
use crate::politeness::HostGate;
use crate::redirect::{Way, check_destination};
use crate::settings::ClientSettings;

/// Fetches files from package repositories, one connection for each request. Clones are the same client.
#[derive(Clone)]
pub struct RepoClient {
    shared: Arc<Shared>,
    clock: Clock,
}

struct Shared {
    settings: ClientSettings,
    tls: Tls,
    gate: HostGate,
    turns: Semaphore,
}

impl RepoClient {
    /// A client. Nothing is read or connected yet.
    pub fn new(settings: ClientSettings, clock: Clock) -> Self {
        let tls = Tls::new(settings.extra_roots.clone());
        let gate = HostGate::new(settings.per_host_rate, settings.per_host_burst);
        let turns = Semaphore::new(settings.most_at_once.clamp(1, Semaphore::MAX_PERMITS));
        Self {
            shared: Arc::new(Shared {
                settings,
                tls,
                gate,
                turns,
            }),
            clock,
        }
    }

    /// The same client, its limits included, on another clock.
    #[must_use]
    pub fn with_clock(&self, clock: &Clock) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            clock: clock.clone(),
        }
    }

    /// All addresses of the URL's host, of both families.
    pub async fn resolve(&self, url: &Url) -> Result<Addresses, NameFailure> {
        let settings = &self.shared.settings;
        resolve(url, &settings.address_map, &self.clock, settings.times.dns).await
    }

    /// Fetches `url` from `addresses` (from [`RepoClient::resolve`]) over `family` alone, also on the hosts to which
    /// it redirects. Nothing is tried twice; where an address does not take the connection, the name's next one is
    /// tried as clients do, and the fetch says so.
    ///
    /// Waiting for one's turn has no limit here. Dropping the future gives the turn up.
    pub async fn get(&self, url: &Url, addresses: &Addresses, family: Family, wanted: Wanted) -> Fetch {
        let mut fetch = Fetch {
            address: None,
            broken_addresses: Vec::new(),
            latency: Latency {
                dns: addresses.took,
                ..Latency::default()
            },
            certificate: None,
            redirects: 0,
            downgraded: false,
            outcome: Err(Failure::NoAddress),
        };
        let mut way = Way::from(url, self.shared.settings.most_redirects);
        let mut run = Run {
            client: self,
            family,
            wanted,
            fetch: &mut fetch,
            budget: None,
        };
        let outcome = run.follow(url.clone(), addresses.clone(), &mut way).await;
        fetch.outcome = outcome;
        fetch.redirects = way.redirects();
        fetch.downgraded = way.downgraded();
        fetch
    }
}

impl fmt::Debug for RepoClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RepoClient")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

/// One call of [`RepoClient::get`] under way.
struct Run<'a> {
    client: &'a RepoClient,
    family: Family,
    wanted: Wanted,
    fetch: &'a mut Fetch,
    /// Begins with the first connection: waiting for one's turn is not the server's fault.
    budget: Option<Budget>,
}

impl<'a> Run<'a> {
    async fn follow(&mut self, mut url: Url, mut addresses: Addresses, way: &mut Way) -> Result<Answer, Failure> {
        loop {
            let host = url.host_str().unwrap_or_default().to_owned();
            let turn = self.wait_for_turn(&host).await?;
            let clock = &self.client.clock;
            let started = clock.monotonic();
            let budget = self
                .budget
                .get_or_insert_with(|| Budget::new(clock, self.client.shared.settings.times.total))
                .clone();
            let exchanged = self.hop(&url, &addresses, &budget).await;
            drop(turn);
            self.fetch.latency.total += self.client.clock.monotonic().saturating_sub(started);
            let exchanged = exchanged?;
            if !is_redirect(exchanged.status, &exchanged.headers) {
                return Ok(self.answer(exchanged, &host));
            }
            url = way.follow(&exchanged.headers)?;
            addresses = budget.rest(Phase::Connect, self.client.resolve(&url)).await??;
            check_destination(self.fetch.address, &addresses)?;
            self.fetch.latency = Latency {
                dns: addresses.took,
                total: self.fetch.latency.total,
                ..Latency::default()
            };
            self.fetch.certificate = None;
        }
    }

    /// Waits until the host and then the client as a whole have room: a host that is slow to admit requests must not
    /// take the room of the others. None only if the semaphore were closed, which it never is.
    async fn wait_for_turn(&self, host: &str) -> Result<Option<SemaphorePermit<'a>>, Failure> {
        let gate = &self.client.shared.gate;
        gate.admit(host, &self.client.clock).await.map_err(Failure::HeldBack)?;
        let client = self.client;
        Ok(client.shared.turns.acquire().await.ok())
    }

    async fn hop(&mut self, url: &Url, addresses: &Addresses, budget: &Budget) -> Result<Exchanged, Failure> {
        let clock = &self.client.clock;
        let shared = &self.client.shared;
        let limits = shared.settings.times;

        let started = clock.monotonic();
        let connecting = self.connect(addresses.of(self.family));
        let connected = budget.limit(Phase::Connect, limits.connect, connecting).await??;
        self.fetch.latency.connect = Some(clock.monotonic().saturating_sub(started));

        let stream: Box<dyn Stream> = if url.scheme() == "https" {
            let started = clock.monotonic();
            let host = url.host_str().unwrap_or_default();
            let handshake = shared.tls.handshake(connected, host, clock);
            let (stream, certificate) = budget.limit(Phase::Handshake, limits.tls, handshake).await?;
            self.fetch.certificate = certificate;
            self.fetch.latency.tls = Some(clock.monotonic().saturating_sub(started));
            stream?
        } else {
            Box::new(connected)
        };
        let first_byte = &mut self.fetch.latency.first_byte;
        exchange(stream, url, self.wanted, &shared.settings, budget, first_byte).await
    }

    async fn connect(&mut self, addresses: &[SocketAddr]) -> Result<tokio::net::TcpStream, Failure> {
        let most = self.client.shared.settings.most_addresses.max(1);
        let mut broken = Vec::new();
        let mut last = Failure::NoAddress;
        for address in addresses.iter().take(most) {
            self.fetch.address = Some(*address);
            match connect(*address).await {
                Ok(stream) => {
                    self.fetch.broken_addresses.append(&mut broken);
                    return Ok(stream);
                }
                Err(failure) => {
                    broken.push(*address);
                    last = failure;
                }
            }
        }
        Err(last)
    }

    fn answer(&self, exchanged: Exchanged, host: &str) -> Answer {
        let Exchanged { status, headers, body } = exchanged;
        let answer = Answer { status, headers, body };
        if matches!(status, 429 | 503)
            && let Some(until) = answer.retry_after(self.client.clock.now())
        {
            self.client.shared.gate.hold(host, until);
        }
        answer
    }
}
