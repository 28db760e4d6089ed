//! The lock by which one host at a time fires a timer: a leased blob beside the timer's state, as in Azure.

use std::time::Duration;

use bytes::Bytes;
use storage_access::{Access, BlobHeaders, Condition, Lease, Storage, StorageError};

use crate::app::Function;
use crate::console::Level;
use crate::error_chain::chain;
use crate::host::{Host, RunningApp};
use crate::topics::Topic;

/// The container in which the host keeps its own state.
pub(super) const HOSTS: &str = "azure-webjobs-hosts";
/// How long the lock outlives its holder.
const PERIOD: Duration = Duration::from_secs(60);
/// Half the period leaves time for several more tries.
const RENEWAL: Duration = Duration::from_secs(30);
const NEXT_TRY: Duration = Duration::from_secs(1);
const LONGEST_TRY: Duration = Duration::from_secs(10);
/// How often those who do not have it ask again.
const RECOVERY: Duration = Duration::from_secs(60);

/// The lock of one timer function.
pub(super) struct Singleton<'a> {
    host: &'a Host,
    app: &'a RunningApp,
    function: &'a Function,
    storage: Option<&'a Storage>,
}

/// The right to fire.
pub(super) struct Hold<'a> {
    host: &'a Host,
    /// None without storage: nobody could be kept from firing.
    lease: Option<Lease>,
}

impl<'a> Singleton<'a> {
    pub(super) fn new(
        host: &'a Host,
        app: &'a RunningApp,
        function: &'a Function,
        storage: Option<&'a Storage>,
    ) -> Self {
        Self {
            host,
            app,
            function,
            storage,
        }
    }

    /// Waits until this host holds the lock; none when the host stops first.
    pub(super) async fn acquire(&self) -> Option<Hold<'a>> {
        let mut told = false;
        loop {
            let problem = match self.lease().await {
                Ok(Some(hold)) => {
                    self.elsewhere(false);
                    return Some(hold);
                }
                Ok(None) => "another host holds its lock and fires it".to_owned(),
                Err(error) => format!("its lock cannot be had, so it does not fire: {}", chain(&error)),
            };
            self.elsewhere(true);
            if !std::mem::replace(&mut told, true) {
                let text = format!(
                    "timer {}: {problem}; asking again every {} s",
                    self.function.name,
                    RECOVERY.as_secs()
                );
                self.host.console.line(&self.app.app.name, Level::Warn, None, &text);
            }
            tokio::select! {
                () = self.host.clock.sleep(RECOVERY) => {}
                () = self.host.stopping() => return None,
            }
        }
    }

    async fn lease(&self) -> Result<Option<Hold<'a>>, StorageError> {
        let host = self.host;
        let Some(storage) = self.storage else {
            return Ok(Some(Hold { host, lease: None }));
        };
        let container = storage.container(HOSTS);
        let blob = container.document(&format!(
            "locks/{}/Host.Functions.{}.Listener",
            self.app.app.host_id(),
            self.function.name
        ));
        let leased = match blob.lease(&host.holder, PERIOD).await {
            Err(error) if error.is_not_found() => {
                container.create_if_absent(Access::Private).await?;
                // A conflict means that another host was faster to make it, not that it has the lock.
                let _ = blob
                    .put(Bytes::new(), Condition::IfAbsent, BlobHeaders::default())
                    .await?;
                blob.lease(&host.holder, PERIOD).await?
            }
            outcome => outcome?,
        };
        Ok(leased.map(|lease| Hold {
            host,
            lease: Some(lease),
        }))
    }

    fn elsewhere(&self, elsewhere: bool) {
        self.app.timer(&self.function.name, |timer| timer.elsewhere = elsewhere);
        self.host.topics.changed(Topic::Timers);
    }
}

impl Hold<'_> {
    /// Renews the lock, and returns when it is lost.
    pub(super) async fn lost(&self) {
        let Some(lease) = &self.lease else {
            return std::future::pending().await;
        };
        let clock = &self.host.clock;
        let mut renewed = clock.monotonic();
        let mut wait = RENEWAL;
        loop {
            clock.sleep(wait).await;
            let asked = clock.monotonic();
            match clock.timeout(LONGEST_TRY, lease.renew()).await {
                Ok(Ok(true)) => (renewed, wait) = (asked, RENEWAL),
                Ok(Ok(false)) => return,
                // Storage may be away for a moment; nobody else can have the lock before the period is over.
                Ok(Err(_)) | Err(_) if clock.monotonic().saturating_sub(renewed) < PERIOD => wait = NEXT_TRY,
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    /// Lets another host fire at once instead of after the period.
    pub(super) async fn release(self) {
        if let Some(lease) = self.lease {
            // It runs out by itself otherwise.
            let _ = self.host.clock.timeout(LONGEST_TRY, lease.release()).await;
        }
    }
}
