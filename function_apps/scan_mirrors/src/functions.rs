//! The declaration of the app.

use std::sync::Arc;
use std::time::Duration;

use custom_handler::{FunctionApp, HostSettings, Schedule, blob_text, function, queue_output};
use package_repos::mirror::MIRROR_REQUESTS;
use scan_status::queues::RESULTS;
use storage_access::ClaimStore;

use crate::check_mirror::check_mirror;
use crate::generate_mirror::generate_mirror;
use crate::settings::{Deps, PRIMARY, declared};

const SCHEDULE: Schedule = Schedule::setting("GenerateMirrorSchedule", "0 */3 * * * *")
    .describe("Six fields (second first) or a time span. `RequestMaxAgeSeconds` should be two of its intervals.");

/// The functions, settings and host settings of the app.
pub fn functions() -> FunctionApp<Deps> {
    declared()
        .into_iter()
        .fold(FunctionApp::new("scan_mirrors"), FunctionApp::setting)
        .payload_store(|deps: &Deps| Arc::new(ClaimStore::new(deps.storage())))
        .function(
            function("generate_mirror")
                .timer("timer", SCHEDULE)
                .input(blob_text("inputblobmirrors", "static-data/mirrors.json").connection(PRIMARY))
                .output(queue_output("msg", MIRROR_REQUESTS).connection(PRIMARY).many())
                .output(queue_output("msgresultsqueue", RESULTS).connection(PRIMARY).many())
                .handler(generate_mirror),
        )
        .function(
            function("check_mirror")
                .queue("msg", MIRROR_REQUESTS, |queue| {
                    queue.connection(PRIMARY).with_metadata()
                })
                .output(queue_output("msgout", RESULTS).connection(PRIMARY).optional())
                .handler(check_mirror),
        )
        .host(host())
}

/// A check waits for the network and hardly computes, so an instance does many at once: 256, which is a poll's 32
/// beside the threshold of 224 below which the host polls again. With few, mirrors that hang for the whole limit hold up
/// the others: at 24 at once, as the host has it by default, 100 hanging ones of 1,000 take more than 40 seconds alone.
/// Each check has one connection per address family, so 256 stay below the 600 of an instance on the Consumption plan.
fn host() -> HostSettings {
    HostSettings::new()
        .batch_size(32)
        .new_batch_threshold(224)
        .max_dequeue_count(3)
        .visibility_timeout(Duration::from_secs(5))
        // Requests come in bursts, minutes apart: the default pause of up to a minute would delay a whole round.
        .max_polling_interval(Duration::from_secs(5))
        .function_timeout(Duration::from_secs(120))
}
