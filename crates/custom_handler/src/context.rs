//! What a handler knows beside its input.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use determinism::{Clock, Rng};
use functions_protocol::MessageEncoding;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::blocking::BlockingPool;
use crate::logs::AnswerLines;

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
    pub(crate) process: Arc<Process>,
    pub(crate) clock: Clock,
    pub(crate) deadline: Option<Timestamp>,
    /// Known once the request is read; 0 until then.
    pub(crate) attempt: AtomicU32,
    pub(crate) cancellation: Cancellation,
    pub(crate) lines: AnswerLines,
}

/// What all invocations of a process share, whatever the app.
pub(crate) struct Process {
    pub(crate) encoding: MessageEncoding,
    pub(crate) rng: Rng,
    pub(crate) blocking: BlockingPool,
    pub(crate) stopping: Cancellation,
    /// Time for one invocation; `None` without a limit.
    pub(crate) time_allowed: Option<Duration>,
}

/// A flag that is raised once and wakes everyone who waits for it.
#[derive(Default)]
pub(crate) struct Cancellation {
    raised: AtomicBool,
    waiting: Notify,
}

impl Cancellation {
    pub(crate) fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
        self.waiting.notify_waiters();
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    pub(crate) async fn raised(&self) {
        let mut notified = std::pin::pin!(self.waiting.notified());
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
        &self.invocation.process.rng
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
        self.invocation.attempt.load(Ordering::Relaxed).max(1)
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
        self.invocation.cancellation.is_raised() || self.invocation.process.stopping.is_raised()
    }

    /// Waits until the work should end, see [`Context::is_cancelled`].
    pub async fn cancelled(&self) {
        let invocation = &self.invocation;
        tokio::select! {
            () = invocation.cancellation.raised() => {}
            () = invocation.process.stopping.raised() => {}
        }
    }

    /// Runs `future` as part of this invocation: its log lines carry the invocation's id wherever it is polled. Only
    /// needed for futures that are spawned as tasks of their own.
    pub async fn in_invocation<F: Future>(&self, future: F) -> F::Output {
        crate::logs::in_invocation(&self.invocation, future).await
    }

    /// Runs CPU work of more than about 10 ms on a pool of one thread per core, so that the server and the other
    /// invocations stay responsive. A panic of `work` becomes a panic of the caller.
    pub async fn blocking<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.invocation
            .process
            .blocking
            .run(Arc::clone(&self.invocation), work)
            .await
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

#[cfg(test)]
impl Invocation {
    /// An invocation that no host asked for, with a pool of `threads`.
    pub(crate) fn for_tests(threads: usize) -> Arc<Self> {
        let process = Process {
            encoding: MessageEncoding::Base64,
            rng: Rng::seeded(0),
            blocking: BlockingPool::with_size(threads),
            stopping: Cancellation::default(),
            time_allowed: None,
        };
        Arc::new(Self {
            function: "check_mirror",
            id: "3f0c9e53-6c7e-4a43-9d5e-6a8b1f1f1a11".to_owned(),
            process: Arc::new(process),
            clock: Clock::system(),
            deadline: None,
            attempt: AtomicU32::new(1),
            cancellation: Cancellation::default(),
            lines: AnswerLines::default(),
        })
    }
}
