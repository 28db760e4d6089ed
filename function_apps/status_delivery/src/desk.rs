//! Where results become public: state first, then the public document.
//!
//! Correctness rests on the conditional write of the state alone: any number of instances may work at once, each with a
//! copy in memory that may be out of date. Who loses the write reads again and merges again, which is idempotent.
//! An outdated copy does no harm to messages that change nothing either: what is older than an older state is older
//! than every later one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use custom_handler::Context;
use scan_status::Rejected;
use storage_access::Storage;
use tokio::sync::Mutex;

use crate::delivered::{Delivered, merge};
use crate::error::DeliveryError;
use crate::published::{PublicPlace, Published};
use crate::settings::Deps;
use crate::stored::{self, StoredState};

/// Losing so often takes a crowd of instances; the host then tries again later.
const TRIES: u32 = 20;

/// The two documents, and what this process remembers of them.
pub(crate) struct Desk {
    place: PublicPlace,
    // One writer per process: two would only take each other's version away.
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    state: Option<StoredState>,
    published: Option<Published>,
}

impl Desk {
    pub(crate) fn new(container: &str, blob: &str) -> Self {
        Self {
            place: PublicPlace::new(container, blob),
            memory: Mutex::default(),
        }
    }

    /// Merges the messages, and returns once state and public document show them. Gives for each message, in order, why
    /// it can never be merged.
    pub(crate) async fn deliver(
        &self,
        context: &Context<Deps>,
        storage: &Storage,
        messages: Arc<Vec<Delivered>>,
    ) -> Result<Vec<Option<Rejected>>, DeliveryError> {
        let mut memory = self.memory.lock().await;
        let mut seen_generation = 0;
        for attempt in 0..TRIES {
            // Taken out of the memory: if anything fails from here on, the next delivery reads it anew.
            let known = match memory.state.take() {
                Some(known) => known,
                None => stored::load(storage).await?,
            };
            let rolled_back = seen_generation > known.document.generation();
            let now = context.now();
            let (mut state, outcome, bytes) = context
                .blocking({
                    let messages = Arc::clone(&messages);
                    move || {
                        let mut state = known;
                        let outcome = merge(&mut state.document, &messages, now);
                        let bytes = (outcome.changed || rolled_back).then(|| {
                            state.document.advance(seen_generation, now);
                            state.document.to_json()
                        });
                        (state, outcome, bytes)
                    }
                })
                .await;
            if let Some(bytes) = bytes {
                match stored::save(storage, bytes, state.version.as_ref()).await? {
                    Some(version) => state.version = Some(version),
                    None => {
                        self.pause(context, attempt).await;
                        continue;
                    }
                }
            }
            let (state, published) = self.publish(context, storage, state, memory.published.take()).await?;
            let ahead = published.generation > state.document.generation();
            if ahead && !rolled_back && seen_generation < published.generation {
                // Someone else was faster, or the state was put back to an older copy: reading it again tells.
                seen_generation = published.generation;
                memory.published = Some(published);
                continue;
            }
            memory.published = Some(published);
            memory.state = Some(state);
            return Ok(outcome.rejected);
        }
        Err(DeliveryError::Contention {
            document: "the state",
            tries: TRIES,
        })
    }

    /// Brings the public document up to this state, if it is older.
    async fn publish(
        &self,
        context: &Context<Deps>,
        storage: &Storage,
        state: StoredState,
        published: Option<Published>,
    ) -> Result<(StoredState, Published), DeliveryError> {
        let generation = state.document.generation();
        let known = match published {
            Some(known) => known,
            None => self.place.look(storage).await?,
        };
        if generation == 0 || known.generation >= generation {
            return Ok((state, known));
        }
        let (state, bytes) = context
            .blocking(move || {
                let bytes = Bytes::from(scan_status::public::render(&state.document));
                (state, bytes)
            })
            .await;
        let published = self.place.publish(storage, bytes, generation, known).await?;
        Ok((state, published))
    }

    /// Spreads the losers of a write, longer each time.
    async fn pause(&self, context: &Context<Deps>, attempt: u32) {
        let longest = 20.0 * f64::from(attempt + 1);
        let pause = context.rng().between(0.0, longest);
        context.clock().sleep(Duration::from_secs_f64(pause / 1000.0)).await;
    }
}
