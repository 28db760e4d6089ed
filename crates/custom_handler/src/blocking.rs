//! CPU work beside the server, without taking it over.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tracing::Span;

use crate::context::Invocation;
use crate::logs;

/// At most one piece of blocking work per core; the rest waits its turn.
#[derive(Clone)]
pub(crate) struct BlockingPool(Arc<Semaphore>);

impl BlockingPool {
    pub(crate) fn one_per_core() -> Self {
        Self::with_size(std::thread::available_parallelism().map_or(1, NonZero::get))
    }

    pub(crate) fn with_size(size: usize) -> Self {
        Self(Arc::new(Semaphore::new(size)))
    }

    pub(crate) async fn run<T, F>(&self, invocation: Arc<Invocation>, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let permit = Arc::clone(&self.0)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let span = Span::current();
        let running = tokio::task::spawn_blocking(move || {
            // Held by the work and not by the waiting future: work whose caller was dropped still occupies its core.
            let _permit = permit;
            let _entered = logs::enter(&invocation);
            span.in_scope(work)
        });
        match running.await {
            Ok(value) => value,
            Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic()),
            // Only a runtime that shuts down cancels blocking work; nobody is left to be answered then.
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn no_more_than_the_size_runs_at_once() {
        let invocation = Invocation::for_tests(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = (0..20).map(|_| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            invocation.process.blocking.run(Arc::clone(&invocation), move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::hint::black_box((0..100_000_u64).fold(0, |a, b| a ^ b));
                running.fetch_sub(1, Ordering::SeqCst);
            })
        });
        futures::future::join_all(work).await;
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?} at once");
    }
}
