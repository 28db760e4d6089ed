//! The app's declaration and its one function.

use std::sync::Arc;
use std::time::Duration;

use custom_handler::{Context, FunctionApp, HostSettings, Permanent, QueueFailure, QueueMessage, function};
use scan_status::StatusMessage;
use scan_status::queues::RESULTS;
use storage_access::ClaimStore;

use crate::delivered::Delivered;
use crate::drain::{MOST_DELIVERIES, drain};
use crate::settings::{Deps, PRIMARY, declared};

/// How long one invocation goes on taking results from the queue, after the one that started it.
pub const DRAIN_TIME: Duration = Duration::from_secs(30);

/// One message at a time and no other poll meanwhile: the function takes further messages itself, in pages, and writes
/// once a second for all of them. More invocations at once would only take each other's writes away.
///
/// An empty queue is asked every five seconds at least: results come in bursts, and the page should not wait a minute for
/// the first. A try that failed waits half a minute. The host's default of none would spend all five tries within a second, and a
/// short outage of storage would move healthy results to the poison queue.
fn host() -> HostSettings {
    HostSettings::new()
        .batch_size(1)
        .new_batch_threshold(0)
        .max_dequeue_count(MOST_DELIVERIES)
        .visibility_timeout(Duration::from_secs(30))
        .max_polling_interval(Duration::from_secs(5))
        .function_timeout(Duration::from_secs(120))
}

/// The declaration of the app.
pub fn functions() -> FunctionApp<Deps> {
    let app = declared()
        .into_iter()
        .fold(FunctionApp::new("status_delivery"), FunctionApp::setting);
    app.host(host())
        .payload_store(|deps: &Deps| Arc::new(ClaimStore::new(&deps.storage)))
        .function(
            function("publish_status_result")
                .queue("msg", RESULTS, |queue| queue.connection(PRIMARY).with_metadata())
                .handler(publish_status_result),
        )
}

/// Publishes the result that started it, then the results that wait in the queue.
async fn publish_status_result(
    context: Context<Deps>,
    result: QueueMessage<StatusMessage>,
) -> Result<(), QueueFailure> {
    let storage = context.deps().storage.for_invocation(context.invocation_id());
    let sent_at = result.metadata.insertion_time.unwrap_or_else(|| context.now());
    let delivered = Arc::new(vec![Delivered {
        message: result.payload,
        sent_at,
    }]);
    let rejected = context.deps().desk.deliver(&context, &storage, delivered).await?;
    if let Some(Some(rejected)) = rejected.first() {
        return Err(Permanent::from(rejected).into());
    }
    // A message that comes again may be the one that kills the process; it must not take others with it.
    if context.attempt() == 1
        && let Err(error) = drain(&context, &storage).await
    {
        // The result of this invocation is public. The drained ones are still in the queue and come back by themselves.
        tracing::warn!(error = &error as &dyn std::error::Error, "draining ended early");
    }
    Ok(())
}
