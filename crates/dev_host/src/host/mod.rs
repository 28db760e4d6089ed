//! The running development host: what every part of it shares.

mod running_app;
mod under_way;
mod warnings;

use std::sync::Arc;

use determinism::{Clock, Rng};
use host_rules::function::Keys;
use jiff::tz::TimeZone;
use tokio::sync::{broadcast, watch};

pub use running_app::{Active, RunningApp};
pub use under_way::UnderWay;
pub use warnings::Warnings;

use crate::console::Console;
use crate::handler_client::HandlerClient;
use crate::journal::Journal;
use crate::settings::Redactor;
use crate::storage::{Connections, Leases};
use crate::topics::Topics;

/// What every part of the development host shares.
pub struct Host {
    /// The one time. Faults and a moved clock come in here.
    pub clock: Clock,
    /// The one source of chance.
    pub rng: Rng,
    /// The zone of schedules and of times shown: this machine's, as in the real host.
    pub zone: TimeZone,
    /// The terminal.
    pub console: Console,
    /// What changed.
    pub topics: Topics,
    /// What happened.
    pub journal: Journal,
    /// Keeps secrets out of what is shown.
    pub redactor: Redactor,
    /// Storage by connection name.
    pub connections: Connections,
    /// By which this development host holds the locks of timers.
    pub holder: String,
    /// Messages held by listeners.
    pub leases: Leases,
    /// HTTP to handlers.
    pub client: HandlerClient,
    /// Where this host is kinder than Azure, said once.
    pub warnings: Warnings,
    /// Function keys; none when keys are not enforced.
    pub keys: Option<Keys>,
    /// Queues that got a poison copy, for their listeners.
    pub poison_notices: broadcast::Sender<String>,
    /// The apps, by name.
    pub apps: Vec<Arc<RunningApp>>,
    /// Every invocation that has begun and not ended, whatever started it.
    pub under_way: UnderWay,
    /// Becomes true when the host stops.
    pub stop: watch::Sender<bool>,
}

impl Host {
    /// The app with this name.
    pub fn app(&self, name: &str) -> Option<&Arc<RunningApp>> {
        self.apps.iter().find(|app| app.app.name == name)
    }

    /// Waits until the host stops.
    pub async fn stopping(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives in this struct.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// A new invocation id.
    pub fn new_id(&self) -> String {
        self.rng.uuid()
    }
}
