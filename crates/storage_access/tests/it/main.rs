//! The clients against the storage emulator, in process and over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod claims;
mod documents;
mod faults;
mod identity;
mod leases;
mod network;
mod queues;
mod settings;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use determinism::{Clock, ManualClock, Rng};
use storage_access::{Connection, ConnectionLost, Retry, Storage, Transport};
use storage_emulator::{Emulator, EmulatorBuilder, Endpoints, StorageEvent};

/// An emulator in memory that repeats itself, on a clock that stands.
fn emulator() -> (Emulator, ManualClock) {
    let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
    (builder().clock(clock).build().unwrap(), hands)
}

fn builder() -> EmulatorBuilder {
    Emulator::builder().rng(Rng::seeded(7)).in_memory()
}

fn in_process(emulator: &Emulator) -> Transport {
    let emulator = emulator.clone();
    Transport::in_process(move |request: http::Request<Bytes>| {
        let emulator = emulator.clone();
        async move { emulator.exchange(request).await.map_err(|_| ConnectionLost) }
    })
    .with_retry(Retry {
        first_delay: Duration::from_millis(1),
        ..Retry::default()
    })
}

fn connect(emulator: &Emulator, transport: Transport) -> Storage {
    let text = emulator.connection_string(&Endpoints::in_process());
    Storage::connect(&Connection::from_string("Store", &text).unwrap(), transport).unwrap()
}

fn storage(emulator: &Emulator) -> Storage {
    connect(emulator, in_process(emulator))
}

/// Everything that the emulator is asked from now on.
fn watch(emulator: &Emulator) -> Arc<Mutex<Vec<StorageEvent>>> {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    emulator.observe(move |event| seen.lock().unwrap().push(event.clone()));
    events
}
