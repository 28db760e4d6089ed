//! An app that runs: its handler, its front, its timers, what is going on in it.

use std::collections::{BTreeMap, HashMap};
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

/// Invocations under way, and whether their handler has printed lines for them. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Active(Arc<Mutex<HashMap<String, bool>>>);

impl Active {
    /// The invocation whose id begins so; the handler prints shortened ids. Notes that a line was printed.
    pub fn printed(&self, beginning: &str) -> Option<String> {
        let mut active = self.entries();
        let (id, printed) = active.iter_mut().find(|(id, _)| id.starts_with(beginning))?;
        *printed = true;
        Some(id.clone())
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, bool>> {
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
        self.active.entries().insert(id.to_owned(), false);
    }

    /// An invocation has ended. Gives whether the handler printed lines for it.
    pub fn end(&self, id: &str) -> bool {
        self.active.entries().remove(id).unwrap_or_default()
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
