//! One check of one mirror.

use std::convert::Infallible;
use std::time::Duration;

use custom_handler::{Context, QueueMessage};
use package_repos::mirror::{MirrorRequest, judge};
use scan_status::StatusMessage;

use crate::observe::observe;
use crate::settings::Deps;
use crate::status::check_status;

/// Checks a mirror. It cannot fail: whatever could not be done is a finding.
///
/// A request that has waited too long is superseded and needs no result: the timer has put a newer one for the same
/// mirror behind it, if that is still in the list, and working through both would only make the backlog permanent.
pub(crate) async fn check_mirror(
    ctx: Context<Deps>,
    message: QueueMessage<MirrorRequest>,
) -> Result<Option<StatusMessage>, Infallible> {
    let request = message.payload;
    let observed_at = ctx.now();
    let waited = message
        .metadata
        .insertion_time
        .map(|inserted| observed_at.duration_since(inserted));
    if let Some(waited) = waited.and_then(|waited| Duration::try_from(waited).ok())
        && waited > ctx.deps().request_max_age
    {
        let waited = waited.as_secs();
        tracing::warn!(
            url = request.url(),
            waited,
            "superseded: the request has waited for longer than RequestMaxAgeSeconds, and newer rounds have sent their own"
        );
        return Ok(None);
    }
    let observation = observe(ctx.deps(), ctx.clock(), &request, observed_at, ctx.deadline()).await;
    let verdict = judge(&observation, &ctx.deps().limits);
    tracing::info!(
        url = request.url(),
        running = verdict.is_running(),
        findings = verdict.findings.len(),
        "checked"
    );
    Ok(Some(check_status(request.url(), &observation, verdict, ctx.now())))
}
