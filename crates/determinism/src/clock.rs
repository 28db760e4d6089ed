//! Time that can be real or moved by hand.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

/// Tells the time and waits. Clones share one time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System {
        started: Instant,
    },
    Manual(ManualClock),
    Shifted {
        base: Arc<Clock>,
        offset: Arc<Mutex<Duration>>,
    },
}

/// The hands of a manual [`Clock`]: waiting tasks wake when [`ManualClock::advance`] passes their moment.
#[derive(Clone, Debug)]
pub struct ManualClock {
    start: Timestamp,
    // A watch channel and not tokio's paused time: that one is per runtime and jumps ahead by itself.
    elapsed: watch::Sender<Duration>,
}

/// A [`Clock::timeout`] ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {0:?}")]
pub struct Elapsed(pub Duration);

impl Clock {
    /// The machine's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the machine's clock"
    )]
    pub fn system() -> Self {
        Self(Source::System {
            started: Instant::now(),
        })
    }

    /// A clock that stands still at `start` until its [`ManualClock`] moves it.
    pub fn manual(start: Timestamp) -> (Self, ManualClock) {
        let hands = ManualClock {
            start,
            elapsed: watch::Sender::new(Duration::ZERO),
        };
        (Self(Source::Manual(hands.clone())), hands)
    }

    /// A clock that runs with this one, `offset` ahead of it; [`Clock::shift`] moves it further.
    pub fn shifted(&self, offset: Duration) -> Self {
        Self(Source::Shifted {
            base: Arc::new(self.clone()),
            offset: Arc::new(Mutex::new(offset)),
        })
    }

    /// Moves a [`Clock::shifted`] clock ahead; waits under way see it at their next look. Others stay as they are.
    pub fn shift(&self, by: Duration) {
        if let Source::Shifted { offset, .. } = &self.0 {
            *offset.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }

    /// The present moment. It may jump when the machine's clock is set.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the machine's clock"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System { .. } => Timestamp::now(),
            Source::Manual(hands) => later(hands.start, *hands.elapsed.borrow()),
            Source::Shifted { base, offset } => {
                later(base.now(), *offset.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }

    /// Time since this clock was made. It never goes back, so measure durations with it.
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Source::System { started } => started.elapsed(),
            Source::Manual(hands) => *hands.elapsed.borrow(),
            Source::Shifted { base, offset } => {
                base.monotonic() + *offset.lock().unwrap_or_else(PoisonError::into_inner)
            }
        }
    }

    /// Waits for `duration` of this clock's time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that waits on the machine's clock"
    )]
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::System { .. } => tokio::time::sleep(duration).await,
            Source::Manual(hands) => hands.sleep(duration).await,
            Source::Shifted { base, .. } => {
                // Short looks, so that a shift in the middle of a long wait is seen.
                let end = self.monotonic() + duration;
                loop {
                    let left = end.saturating_sub(self.monotonic());
                    if left.is_zero() {
                        return;
                    }
                    Box::pin(base.sleep(left.min(Duration::from_millis(50)))).await;
                }
            }
        }
    }

    /// Waits until the clock shows `moment`; returns at once when it is past.
    pub async fn sleep_until(&self, moment: Timestamp) {
        if let Ok(left) = Duration::try_from(moment.duration_since(self.now())) {
            self.sleep(left).await;
        }
    }

    /// The future's value, or [`Elapsed`] when `limit` of this clock's time passes first.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Elapsed> {
        let mut future = pin!(future);
        let mut limit_reached = pin!(self.sleep(limit));
        tokio::select! {
            biased;
            value = &mut future => Ok(value),
            () = &mut limit_reached => Err(Elapsed(limit)),
        }
    }
}

impl ManualClock {
    /// Moves the time ahead and wakes the tasks whose moment has come.
    pub fn advance(&self, by: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed += by);
    }

    async fn sleep(&self, duration: Duration) {
        let end = *self.elapsed.borrow() + duration;
        let mut elapsed = self.elapsed.subscribe();
        // The sender lives in `self`, so the channel cannot close while this waits.
        let _ = elapsed.wait_for(|elapsed| *elapsed >= end).await;
    }
}

fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn a_manual_clock_stands_until_it_is_moved() {
        let (clock, hands) = Clock::manual(start());
        assert_eq!(clock.now(), start());
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        hands.advance(Duration::from_secs(3600));
        waiting.await.unwrap();
        assert_eq!(clock.now(), "2026-11-20T11:00:00Z".parse().unwrap());
        assert_eq!(clock.monotonic(), Duration::from_secs(3600));
    }

    #[tokio::test]
    async fn a_timeout_gives_the_value_or_says_how_long_it_waited() {
        let (clock, hands) = Clock::manual(start());
        assert_eq!(clock.timeout(Duration::from_secs(1), async { 5 }).await, Ok(5));
        let slow = clock.timeout(Duration::from_secs(1), std::future::pending::<()>());
        let (outcome, ()) = tokio::join!(slow, async { hands.advance(Duration::from_secs(1)) });
        assert_eq!(outcome, Err(Elapsed(Duration::from_secs(1))));
    }

    #[tokio::test]
    async fn a_shifted_clock_runs_ahead_of_its_base() {
        let (base, hands) = Clock::manual(start());
        let clock = base.shifted(Duration::from_secs(60));
        clock.shift(Duration::from_secs(60));
        hands.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), "2026-11-20T10:02:01Z".parse().unwrap());
        clock.sleep_until(start()).await;
    }
}
