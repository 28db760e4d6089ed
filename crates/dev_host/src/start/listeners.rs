//! Starts the listeners, and waits for what the table shows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::app::Trigger;
use crate::host::{Host, RunningApp};
use crate::supervisor::HandlerState;
use crate::triggers::{listen_to_queue, listen_to_timer};

/// Waits until every handler is ready or down for good.
pub(super) async fn settled(host: &Host) {
    for app in &host.apps {
        let mut handler = app.handler.clone();
        while handler.state() == HandlerState::Starting {
            handler.changed().await;
        }
    }
}

/// Waits for the first look at the timers' state, which gives their next runs.
pub(super) async fn next_runs_known(host: &Host, timers: bool) {
    let known = |app: &RunningApp| {
        app.app.functions.iter().all(|function| match function.trigger {
            Trigger::Timer { .. } if timers && !function.disabled && !app.handler.is_down() => {
                let state = app.timer_state(&function.name);
                state.running || state.elsewhere || state.next.is_some()
            }
            _ => true,
        })
    };
    let mut changes = host.topics.listen();
    let waiting = async {
        while !host.apps.iter().all(|app| known(app)) {
            // Falling behind is a change too.
            if let Err(broadcast::error::RecvError::Closed) = changes.recv().await {
                return;
            }
        }
    };
    // A schedule that never occurs has no next run to wait for.
    let _ = host.clock.timeout(Duration::from_millis(500), waiting).await;
}

/// Starts a listener for every function that is not switched off.
pub(super) fn listen(host: &Arc<Host>, timers: bool, listeners: &mut JoinSet<()>) {
    for app in &host.apps {
        for function in app.app.functions.iter().filter(|function| !function.disabled) {
            let (host, app, function) = (host.clone(), app.clone(), function.clone());
            match function.trigger.clone() {
                Trigger::Queue { queue, connection } => {
                    listeners.spawn(listen_to_queue(host, app, function, queue, connection));
                }
                Trigger::Timer {
                    schedule,
                    run_on_startup,
                    use_monitor,
                    ..
                } if timers => {
                    listeners.spawn(listen_to_timer(
                        host,
                        app,
                        function,
                        schedule,
                        run_on_startup,
                        use_monitor,
                    ));
                }
                Trigger::Timer { .. } | Trigger::Http { .. } => {}
            }
        }
    }
}
