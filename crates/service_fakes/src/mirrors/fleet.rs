//! A set of mirrors that listens as long as it lives.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use determinism::Clock;
use rustls::ServerConfig;
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use super::authority::{Authority, Validity};
use super::behaviour::Behaviour;
use super::connection::serve;

/// What a mirror does, by address family. A family without a behaviour has no address.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Over IPv4.
    pub ipv4: Option<Behaviour>,
    /// Over IPv6.
    pub ipv6: Option<Behaviour>,
    /// In the clear or over TLS.
    pub transport: Transport,
}

/// In the clear or over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// http.
    Plain,
    /// https, with a certificate of the fleet's authority for the mirror's name.
    Tls(Validity),
    /// https, with a certificate of an authority that nobody trusts.
    Untrusted,
    /// https, with a certificate for another name.
    WrongName,
}

/// A fake could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum FakeError {
    /// No listener on loopback.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// No certificate.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// No TLS server.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// The clock's date is outside what certificates can express.
    #[error("the certificate's validity is outside the calendar")]
    Validity,
}

/// Mirrors on loopback. They stop listening when this is dropped.
pub struct FakeMirrors {
    clock: Clock,
    authority: Authority,
    addresses: BTreeMap<String, Vec<SocketAddr>>,
    listeners: JoinSet<()>,
    refusing: Vec<TcpSocket>,
    ipv6: bool,
}

impl Plan {
    /// The same over both families, in the clear.
    pub fn both(behaviour: Behaviour) -> Self {
        Self {
            ipv4: Some(behaviour.clone()),
            ipv6: Some(behaviour),
            transport: Transport::Plain,
        }
    }

    /// Different over the two families, in the clear.
    pub fn split(ipv4: Behaviour, ipv6: Behaviour) -> Self {
        Self {
            ipv4: Some(ipv4),
            ipv6: Some(ipv6),
            transport: Transport::Plain,
        }
    }

    /// The same with TLS.
    #[must_use]
    pub fn over(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }
}

impl FakeMirrors {
    /// An empty set. Machines without an IPv6 loopback address get IPv4 mirrors only, see [`FakeMirrors::has_ipv6`].
    pub async fn new(clock: &Clock) -> Result<Self, FakeError> {
        let ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.is_ok();
        Ok(Self {
            clock: clock.clone(),
            authority: Authority::new(clock.now())?,
            addresses: BTreeMap::new(),
            listeners: JoinSet::new(),
            refusing: Vec::new(),
            ipv6,
        })
    }

    /// Whether the mirrors have IPv6 addresses.
    pub fn has_ipv6(&self) -> bool {
        self.ipv6
    }

    /// Adds a mirror under `name`.
    pub async fn add(&mut self, name: &str, plan: &Plan) -> Result<(), FakeError> {
        let tls = self.tls(name, plan.transport)?;
        let ipv4 = plan
            .ipv4
            .as_ref()
            .map(|behaviour| (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), behaviour));
        let ipv6 = plan
            .ipv6
            .as_ref()
            .map(|behaviour| (SocketAddr::from((Ipv6Addr::LOCALHOST, 0)), behaviour));
        let mut addresses = Vec::new();
        for (address, behaviour) in [ipv4, ipv6.filter(|_| self.ipv6)].into_iter().flatten() {
            let listen = |source| FakeError::Listen { address, source };
            addresses.push(match behaviour {
                Behaviour::Refuse => self.refuse(address).map_err(listen)?,
                _ => self
                    .listen(address, behaviour.clone(), tls.clone())
                    .await
                    .map_err(listen)?,
            });
        }
        self.addresses.insert(name.to_owned(), addresses);
        Ok(())
    }

    /// The addresses of a mirror.
    pub fn addresses(&self, name: &str) -> &[SocketAddr] {
        self.addresses.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// From names to addresses, as the scanner's setting `AddressMap` has it.
    pub fn address_map_json(&self) -> String {
        let map: BTreeMap<&str, Vec<String>> = self
            .addresses
            .iter()
            .map(|(name, addresses)| (name.as_str(), addresses.iter().map(ToString::to_string).collect()))
            .collect();
        json!(map).to_string()
    }

    /// The certificate to trust, as the scanner's setting `ExtraTrustRoots` has it.
    pub fn trust_roots_pem(&self) -> String {
        self.authority.certificate_pem()
    }

    fn tls(&self, name: &str, transport: Transport) -> Result<Option<Arc<ServerConfig>>, FakeError> {
        let valid = Validity::Ends(std::time::Duration::from_secs(60 * 24 * 3600));
        match transport {
            Transport::Plain => Ok(None),
            Transport::Tls(validity) => self.authority.server(name, validity).map(Some),
            Transport::Untrusted => Authority::new(self.clock.now())?.server(name, valid).map(Some),
            Transport::WrongName => self.authority.server("elsewhere.example", valid).map(Some),
        }
    }

    /// A port that is taken and on which nobody listens: connections are refused, and no other program gets it.
    fn refuse(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        socket.bind(address)?;
        let address = socket.local_addr()?;
        self.refusing.push(socket);
        Ok(address)
    }

    async fn listen(
        &mut self,
        address: SocketAddr,
        behaviour: Behaviour,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        self.listeners
            .spawn(accept(listener, behaviour, tls, self.clock.clone()));
        Ok(address)
    }
}

async fn accept(listener: TcpListener, behaviour: Behaviour, tls: Option<Arc<ServerConfig>>, clock: Clock) {
    // Connections end with their listener.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (behaviour, tls, clock) = (behaviour.clone(), tls.clone(), clock.clone());
                connections.spawn(async move {
                    if let Err(error) = serve(stream, tls, &behaviour, &clock).await {
                        tracing::trace!(%error, "a connection to a fake mirror ended early");
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
