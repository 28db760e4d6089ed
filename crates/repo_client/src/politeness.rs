//! Leaving hosts alone: so many requests per second, and none at all where a host asks for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use determinism::Clock;
use jiff::Timestamp;
use tokio::sync::Mutex as AsyncMutex;

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
    tokens: f64,
    filled_at: Timestamp,
    held_until: Option<Timestamp>,
    /// Requests wait here in the order in which they came, and take a token when it is their turn. So one that is given
    /// up while it waits has taken nothing from those behind it.
    turn: Arc<AsyncMutex<()>>,
}

/// Rounding must not make a request wait for a billionth of a token.
const ENOUGH: f64 = 1.0 - 1e-6;

impl HostGate {
    pub(crate) fn new(rate: f64, burst: u32) -> Self {
        Self {
            rate: rate.max(0.001),
            burst: f64::from(burst.max(1)),
            hosts: Mutex::default(),
        }
    }

    /// Returns when a request to `host` may be sent; it counts as sent then. An error while the host wants to be left
    /// alone, with the end of that.
    pub(crate) async fn admit(&self, host: &str, clock: &Clock) -> Result<(), Timestamp> {
        let turn = self.turn(host, clock.now())?;
        let _turn = turn.lock().await;
        loop {
            let wait = self.take(host, clock.now())?;
            if wait.is_zero() {
                return Ok(());
            }
            clock.sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    fn turn(&self, host: &str, now: Timestamp) -> Result<Arc<AsyncMutex<()>>, Timestamp> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS {
            hosts.retain(|_, host| {
                host.fill(now, self.rate, self.burst);
                let waited_for = Arc::strong_count(&host.turn) > 1;
                waited_for || host.tokens < self.burst || host.held_until.is_some_and(|until| until > now)
            });
        }
        let host = self.host(&mut hosts, host, now);
        host.check_hold(now)?;
        Ok(Arc::clone(&host.turn))
    }

    /// Takes a token, or says how long there will be none.
    fn take(&self, host: &str, now: Timestamp) -> Result<Duration, Timestamp> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = self.host(&mut hosts, host, now);
        // It may have asked for it since the request began to wait.
        host.check_hold(now)?;
        host.fill(now, self.rate, self.burst);
        if host.tokens >= ENOUGH {
            host.tokens -= 1.0;
            Ok(Duration::ZERO)
        } else {
            Ok(Duration::from_secs_f64((1.0 - host.tokens) / self.rate))
        }
    }

    fn host<'h>(&self, hosts: &'h mut HashMap<String, Host>, host: &str, now: Timestamp) -> &'h mut Host {
        hosts.entry(host.to_owned()).or_insert_with(|| Host {
            tokens: self.burst,
            filled_at: now,
            held_until: None,
            turn: Arc::default(),
        })
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
    fn check_hold(&self, now: Timestamp) -> Result<(), Timestamp> {
        match self.held_until.filter(|until| *until > now) {
            Some(until) => Err(until),
            None => Ok(()),
        }
    }

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

    use determinism::ManualClock;
    use futures::FutureExt as _;

    const START: i64 = 1_800_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(START + second).unwrap()
    }

    fn clock() -> (Clock, ManualClock) {
        Clock::manual(at(0))
    }

    /// What comes of a request that does not want to wait.
    fn now(gate: &HostGate, host: &str, clock: &Clock) -> Option<Result<(), Timestamp>> {
        gate.admit(host, clock).now_or_never()
    }

    #[tokio::test]
    async fn a_burst_passes_and_then_one_request_each_interval() {
        let (clock, hands) = clock();
        let gate = HostGate::new(2.0, 2);
        let half_a_second = Duration::from_millis(500);
        assert_eq!(now(&gate, "a", &clock), Some(Ok(())));
        assert_eq!(now(&gate, "a", &clock), Some(Ok(())));
        let (mut third, mut fourth) = (Box::pin(gate.admit("a", &clock)), Box::pin(gate.admit("a", &clock)));
        assert_eq!(
            (third.as_mut().now_or_never(), fourth.as_mut().now_or_never()),
            (None, None)
        );
        assert_eq!(
            now(&gate, "b", &clock),
            Some(Ok(())),
            "hosts do not wait for each other"
        );
        hands.advance(half_a_second);
        assert_eq!(third.as_mut().now_or_never(), Some(Ok(())));
        assert_eq!(fourth.as_mut().now_or_never(), None);
        hands.advance(half_a_second);
        assert_eq!(fourth.as_mut().now_or_never(), Some(Ok(())));
        hands.advance(Duration::from_secs(10));
        assert_eq!(now(&gate, "a", &clock), Some(Ok(())), "the bucket fills again");
    }

    #[tokio::test]
    async fn who_gives_up_waiting_takes_nothing_from_those_behind() {
        let (clock, hands) = clock();
        let gate = HostGate::new(1.0, 1);
        assert_eq!(now(&gate, "a", &clock), Some(Ok(())));
        let mut given_up: Vec<_> = (0..50).map(|_| Box::pin(gate.admit("a", &clock))).collect();
        for request in &mut given_up {
            assert_eq!(request.as_mut().now_or_never(), None);
        }
        let mut last = Box::pin(gate.admit("a", &clock));
        assert_eq!(last.as_mut().now_or_never(), None);
        drop(given_up);
        assert_eq!(last.as_mut().now_or_never(), None);
        hands.advance(Duration::from_secs(1));
        assert_eq!(last.as_mut().now_or_never(), Some(Ok(())));
        assert_eq!(now(&gate, "a", &clock), None, "and nothing is given twice");
    }

    #[tokio::test]
    async fn a_host_is_left_alone_until_the_moment_that_it_names() {
        let (clock, hands) = clock();
        let gate = HostGate::new(2.0, 1);
        assert_eq!(now(&gate, "a", &clock), Some(Ok(())));
        let mut waiting = Box::pin(gate.admit("a", &clock));
        assert_eq!(waiting.as_mut().now_or_never(), None);
        gate.hold("a", at(60));
        hands.advance(Duration::from_secs(59));
        assert_eq!(
            waiting.as_mut().now_or_never(),
            Some(Err(at(60))),
            "also who waited already"
        );
        assert_eq!(now(&gate, "a", &clock), Some(Err(at(60))));
        hands.advance(Duration::from_secs(1));
        assert_eq!(now(&gate, "a", &clock), Some(Ok(())));
    }

    #[tokio::test]
    async fn many_hosts_do_not_fill_the_memory() {
        let (clock, hands) = clock();
        let gate = HostGate::new(10.0, 2);
        for host in 0..3 * MOST_HOSTS {
            gate.admit(&host.to_string(), &clock).await.unwrap();
            hands.advance(Duration::from_secs(1));
        }
        assert!(gate.hosts.lock().unwrap().len() <= MOST_HOSTS);
    }
}
