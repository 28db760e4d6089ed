//! How the client behaves.

use std::time::Duration;

use crate::address_map::AddressMap;
use crate::trust::ExtraRoots;

/// How the client behaves.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// What the client calls itself. It should have an address where its operator can be asked.
    pub user_agent: String,
    /// Names with addresses of their own.
    pub address_map: AddressMap,
    /// Trust roots beside the system's.
    pub extra_roots: ExtraRoots,
    /// How long each step may take.
    pub times: TimeLimits,
    /// The largest head of an answer, in bytes. At least 8,192.
    pub largest_head: usize,
    /// The most redirects that are followed.
    pub most_redirects: usize,
    /// The most addresses of a name that are tried until one takes the connection.
    pub most_addresses: usize,
    /// The most requests at once, over all hosts.
    pub most_at_once: usize,
    /// Requests per second to one host that are always allowed.
    pub per_host_rate: f64,
    /// Requests to one host that may follow each other at once.
    pub per_host_burst: u32,
}

/// How long the steps of an exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// Resolving a name.
    pub dns: Duration,
    /// Making a TCP connection, to all tried addresses together.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// From the request to the head of the answer.
    pub first_byte: Duration,
    /// All of it, redirects included, without waiting for one's turn.
    pub total: Duration,
}

impl Default for TimeLimits {
    /// 10 seconds for all: package clients wait longer, and people do not. Half of it for names and connections.
    fn default() -> Self {
        Self {
            dns: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            tls: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            total: Duration::from_secs(10),
        }
    }
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            user_agent: concat!("repo_client/", env!("CARGO_PKG_VERSION")).to_owned(),
            address_map: AddressMap::default(),
            extra_roots: ExtraRoots::default(),
            times: TimeLimits::default(),
            largest_head: 64 * 1024,
            most_redirects: 10,
            most_addresses: 3,
            most_at_once: 512,
            // packages.microsoft.com turns away clients above 13.3 requests per second.
            per_host_rate: 10.0,
            per_host_burst: 20,
        }
    }
}
