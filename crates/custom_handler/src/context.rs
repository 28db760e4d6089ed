//! What a handler knows beside its input.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use determinism::{Clock, Rng};
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::blocking::BlockingPool;

/// One invocation: what the handler was given to work with. Clones are cheap and mean the same invocation.
///
/// `D` is the app's own type for its dependencies (clients, settings); it is made once at start.
pub struct Context<D> {
    deps: Arc<D>,
    invocation: Arc<Invocation>,
}

/// The part of a [`Context`] that is the same for every app.
pub(crate) struct Invocation {
    pub(crate) function: &'static str,
    pub(crate) id: String,
    pub(crate) attempt: u32,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) blocking: BlockingPool,
    pub(crate) cancellation: Cancellation,
    pub(crate) stopping: Cancellation,
}

/// A flag that is raised once and wakes everyone who waits for it.
#[derive(Clone, Default)]
pub(crate) struct Cancellation(Arc<Flag>);

#[derive(Default)]
struct Flag {
    raised: AtomicBool,
    waiting: Notify,
}

impl Cancellation {
    pub(crate) fn raise(&self) {
        self.0.raised.store(true, Ordering::SeqCst);
        self.0.waiting.notify_waiters();
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    pub(crate) async fn raised(&self) {
        let mut notified = std::pin::pin!(self.0.waiting.notified());
        // Enlisted before the look at the flag: a raise in between would otherwise be missed.
        notified.as_mut().enable();
        if !self.is_raised() {
            notified.await;
        }
    }
}

impl<D> Context<D> {
    pub(crate) fn new(deps: Arc<D>, invocation: Arc<Invocation>) -> Self {
        Self { deps, invocation }
    }

    pub(crate) fn cancellation(&self) -> Cancellation {
        self.invocation.cancellation.clone()
    }

    /// What the app made at start: clients, settings.
    pub fn deps(&self) -> &D {
        &self.deps
    }

    /// The time to use instead of the machine's: the development host and tests move it.
    pub fn clock(&self) -> &Clock {
        &self.invocation.clock
    }

    /// The present moment of [`Context::clock`].
    pub fn now(&self) -> Timestamp {
        self.invocation.clock.now()
    }

    /// Randomness that a test can repeat.
    pub fn rng(&self) -> &Rng {
        &self.invocation.rng
    }

    /// Name of the function, as declared.
    pub fn function(&self) -> &'static str {
        self.invocation.function
    }

    /// The host's id of this delivery. A redelivered message has a new one; attempts of a retry policy share one.
    pub fn invocation_id(&self) -> &str {
        &self.invocation.id
    }

    /// How often this input was tried, from 1: the dequeue count of a queue message, or the attempt of a retry policy.
    pub fn attempt(&self) -> u32 {
        self.invocation.attempt
    }

    /// When the invocation is ended with a failure, on [`Context::clock`]; `None` without a limit.
    ///
    /// It lies before the host's own limit, at which the host would kill the process and everything else in it.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.invocation.deadline
    }

    /// True once the work should end: the deadline has passed or the process was asked to stop. For loops inside
    /// [`Context::blocking`], which cannot be interrupted from outside.
    pub fn is_cancelled(&self) -> bool {
        self.invocation.cancellation.is_raised() || self.invocation.stopping.is_raised()
    }

    /// Waits until the work should end, see [`Context::is_cancelled`].
    pub async fn cancelled(&self) {
        let invocation = &self.invocation;
        tokio::select! {
            () = invocation.cancellation.raised() => {}
            () = invocation.stopping.raised() => {}
        }
    }

    /// Runs CPU work of more than about 10 ms on a pool of one thread per core, so that the server and the other
    /// invocations stay responsive. A panic of `work` becomes a panic of the caller.
    pub async fn blocking<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.invocation.blocking.run(work).await
    }
}

impl<D> Clone for Context<D> {
    fn clone(&self) -> Self {
        Self {
            deps: Arc::clone(&self.deps),
            invocation: Arc::clone(&self.invocation),
        }
    }
}

impl<D> fmt::Debug for Context<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("function", &self.function())
            .field("invocation_id", &self.invocation_id())
            .field("attempt", &self.attempt())
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}
