//! Which invocation a line belongs to.
//!
//! The invocation is noted per thread while its future is polled. A `tracing` span would say the same and travel with
//! spawned tasks, but making one costs a microsecond, which is a tenth of what a small invocation costs as a whole.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use crate::context::Invocation;

/// Lines of one invocation that its answer carries; the rest is on stdout alone.
const LINES_IN_ANSWER: usize = 200;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Invocation>>> = const { RefCell::new(None) };
}

/// Lines of an invocation, kept for its answer.
#[derive(Default)]
pub(crate) struct AnswerLines(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    lines: Vec<String>,
    left_out: usize,
}

impl AnswerLines {
    /// Keeps a line, unless there are too many.
    pub(super) fn keep(&self, line: impl FnOnce() -> String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.lines.len() < LINES_IN_ANSWER {
            kept.lines.push(line());
        } else {
            kept.left_out += 1;
        }
    }

    /// Takes the lines, with a note if some were left out.
    pub(crate) fn take(&self) -> Vec<String> {
        let Kept { mut lines, left_out } = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if left_out > 0 {
            lines.push(format!("{left_out} more lines are in the log stream of the app"));
        }
        lines
    }
}

/// Polls `future` as part of `invocation`.
pub(crate) async fn in_invocation<F: Future>(invocation: &Arc<Invocation>, future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        let _entered = enter(invocation);
        future.as_mut().poll(context)
    })
    .await
}

/// Makes this thread's lines belong to `invocation` until the guard is dropped.
pub(crate) fn enter(invocation: &Arc<Invocation>) -> Entered {
    Entered(CURRENT.replace(Some(Arc::clone(invocation))))
}

/// Gives the thread back to the invocation it was in before.
pub(crate) struct Entered(Option<Arc<Invocation>>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Calls `look` with the invocation that this thread works for.
pub(super) fn with_current<R>(look: impl FnOnce(Option<&Invocation>) -> R) -> R {
    // A line written while the thread exits belongs to none.
    let current = CURRENT.try_with(|current| current.borrow().clone()).ok().flatten();
    look(current.as_deref())
}
