//! Leaving hosts alone: so many requests per second, and none at all where a host asks for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// The most hosts that are remembered. Above it, those that have been quiet are forgotten.
const MOST_HOSTS: usize = 4096;

/// A token bucket for each host. A new host has a full one.
#[derive(Debug)]
pub(crate) struct HostGate {
    rate: f64,
    burst: f64,
    hosts: Mutex<HashMap<String, Host>>,
}

#[derive(Debug)]
struct Host {
    /// Below zero when requests are waiting for their turn.
    tokens: f64,
    filled_at: Timestamp,
    held_until: Option<Timestamp>,
}

impl HostGate {
    pub(crate) fn new(rate: f64, burst: u32) -> Self {
        Self {
            rate: rate.max(0.001),
            burst: f64::from(burst.max(1)),
            hosts: Mutex::default(),
        }
    }

    /// How long to wait before a request to `host` may be sent; the request counts as sent then. An error while the
    /// host wants to be left alone, with the end of that.
    pub(crate) fn admit(&self, host: &str, now: Timestamp) -> Result<Duration, Timestamp> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS {
            hosts.retain(|_, host| {
                host.fill(now, self.rate, self.burst);
                host.tokens < self.burst || host.held_until.is_some_and(|until| until > now)
            });
        }
        let new = || Host {
            tokens: self.burst,
            filled_at: now,
            held_until: None,
        };
        let host = hosts.entry(host.to_owned()).or_insert_with(new);
        if let Some(until) = host.held_until.filter(|until| *until > now) {
            return Err(until);
        }
        host.fill(now, self.rate, self.burst);
        host.tokens -= 1.0;
        Ok(Duration::from_secs_f64((-host.tokens / self.rate).max(0.0)))
    }

    /// The host asks to be left alone until then.
    pub(crate) fn hold(&self, host: &str, until: Timestamp) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get_mut(host) {
            host.held_until = Some(until);
        }
    }
}

impl Host {
    fn fill(&mut self, now: Timestamp, rate: f64, burst: f64) {
        // A clock that was set back fills nothing.
        let passed = now.duration_since(self.filled_at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + passed * rate).min(burst);
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_one_request_each_interval() {
        let gate = HostGate::new(2.0, 2);
        let waits: Vec<_> = (0..4).map(|_| gate.admit("a", at(0)).unwrap().as_millis()).collect();
        assert_eq!(waits, [0, 0, 500, 1000]);
        assert_eq!(
            gate.admit("b", at(0)),
            Ok(Duration::ZERO),
            "hosts do not wait for each other"
        );
        assert_eq!(gate.admit("a", at(10)), Ok(Duration::ZERO), "the bucket fills again");
    }

    #[test]
    fn a_host_is_left_alone_until_the_moment_that_it_names() {
        let gate = HostGate::new(2.0, 2);
        gate.admit("a", at(0)).unwrap();
        gate.hold("a", at(60));
        assert_eq!(gate.admit("a", at(59)), Err(at(60)));
        assert_eq!(gate.admit("a", at(60)), Ok(Duration::ZERO));
    }

    #[test]
    fn many_hosts_do_not_fill_the_memory() {
        let gate = HostGate::new(10.0, 2);
        for host in 0..3 * i64::try_from(MOST_HOSTS).unwrap() {
            gate.admit(&host.to_string(), at(host)).unwrap();
        }
        assert!(gate.hosts.lock().unwrap().len() <= MOST_HOSTS);
    }
}
