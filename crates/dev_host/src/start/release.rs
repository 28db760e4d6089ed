//! Frees the messages that a killed run held.

use std::time::Duration;

use crate::app::App;
use crate::console::{Console, Level};
use crate::error_chain::chain;
use crate::storage::{Connections, Held, Leases, Use, calls};

/// Makes each held message visible again. One that is gone or has been taken over is left alone.
pub(super) async fn release(
    held: &[Held],
    leases: &Leases,
    apps: &[App],
    connections: &Connections,
    console: &Console,
) {
    let mut freed = 0;
    for message in held {
        // An app that is not started now keeps its messages on the list.
        let Some(app) = apps.iter().find(|app| app.name == message.app) else {
            continue;
        };
        let storage = match connections.storage(&app.settings, &message.connection, Use::Bindings) {
            Ok(storage) => storage,
            Err(error) => {
                console.line(
                    &app.name,
                    Level::Warn,
                    None,
                    &format!("a held message waits: {}", chain(&error)),
                );
                continue;
            }
        };
        let queue = calls::raw(&storage, &message.queue);
        match queue
            .update(&message.id, &message.pop_receipt, Duration::ZERO, None)
            .await
        {
            Ok(_) => freed += 1,
            Err(error) if matches!(error.status(), Some(400 | 404)) => {}
            Err(error) => {
                console.line(
                    &app.name,
                    Level::Warn,
                    None,
                    &format!("a held message waits: {}", chain(&error)),
                );
                continue;
            }
        }
        if let Err(error) = leases.free(&message.queue, &message.id) {
            console.host(
                Level::Warn,
                &format!("cannot write down which messages are held: {error}"),
            );
        }
    }
    if freed > 0 {
        console.host(
            Level::Info,
            &format!("freed {freed} queue messages that a killed run had held"),
        );
    }
}
