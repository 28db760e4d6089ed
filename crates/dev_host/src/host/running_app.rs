//! An app that runs: its handler, its front, its timers, what is going on in it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::App;
use crate::supervisor::Handler;
use crate::triggers::TimerState;

/// An app that runs.
pub struct RunningApp {
    /// What it is.
    pub app: App,
    /// Its handler.
    pub handler: Handler,
    /// The port of its HTTP front.
    pub front_port: u16,
    /// The invocations under way.
    pub active: Active,
    timers: Mutex<BTreeMap<String, TimerState>>,
}

/// Invocations whose lines may still come, and whether the handler names invocations in its lines. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Active(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    ids: VecDeque<String>,
    names_invocations: bool,
}

/// The pipe from the handler is slower than its answer: lines of ended invocations are still expected.
const EXPECTED: usize = 1_024;

impl Active {
    /// An invocation begins.
    fn begin(&self, id: &str) {
        let mut entries = self.entries();
        if entries.ids.len() == EXPECTED {
            entries.ids.pop_front();
        }
        entries.ids.push_back(id.to_owned());
    }

    /// The invocation whose id begins so; the SDK prints shortened ids.
    pub fn named(&self, beginning: &str) -> Option<String> {
        self.entries()
            .ids
            .iter()
            .rev()
            .find(|id| id.starts_with(beginning))
            .cloned()
    }

    /// The handler prints lines of the SDK's form. Those name their invocation, so that the `Logs` of answers need not be
    /// shown a second time.
    pub fn names_invocations(&self) {
        self.entries().names_invocations = true;
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningApp {
    /// The app with this handler and front.
    pub fn new(app: App, handler: Handler, front_port: u16, active: Active) -> Self {
        Self {
            app,
            handler,
            front_port,
            active,
            timers: Mutex::default(),
        }
    }

    /// An invocation begins.
    pub fn begin(&self, id: &str) {
        self.active.begin(id);
    }

    /// Whether the handler's own lines tell all that the `Logs` of its answers do.
    pub fn prints_logs(&self) -> bool {
        self.active.entries().names_invocations
    }

    /// Changes what is shown of a timer.
    pub fn timer(&self, function: &str, change: impl FnOnce(&mut TimerState)) {
        let mut timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        change(timers.entry(function.to_owned()).or_default());
    }

    /// What is shown of a timer.
    pub fn timer_state(&self, function: &str) -> TimerState {
        self.timers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(function)
            .cloned()
            .unwrap_or_default()
    }

    /// The address of the app's front.
    pub fn address(&self) -> String {
        format!("http://localhost:{}", self.front_port)
    }
}
