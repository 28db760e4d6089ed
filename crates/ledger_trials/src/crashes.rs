//! A process that dies at its k-th storage request, for every k.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::FutureExt;
use ledger_protocol::JobId;
use storage_emulator::{FaultRule, Moment, RequestFilter, RuleId};
use work_ledger::{Asked, NewJob};

use crate::counting::Items;
use crate::host::Host;
use crate::site::{HOST, Site};
use crate::verdict::{Wrong, check, is_finished};

const FIRST: &str = "first";

/// Runs a small job once for every request that its first process makes, and lets the process die there. Returns how
/// many requests that were.
///
/// # Errors
/// The request at which it goes wrong, what is wrong, and every request up to then.
pub fn crash_at_every_request(moment: Moment, poison: Option<u32>) -> Result<u64, String> {
    for request in 1.. {
        let site = Site::new(request);
        let rule = site
            .faults()
            .add(FaultRule::crash(request, moment, RequestFilter::process(FIRST)));
        let run = complete(run(&site, rule, poison));
        if let Err(wrong) = run {
            let trace = site.trace().join("\n");
            return Err(format!("dying at request {request} ({moment:?}): {wrong}\n{trace}"));
        }
        if !site.faults().has_crashed(rule) {
            return Ok(request - 1);
        }
    }
    unreachable!("a run has an end, and then so many requests are not made")
}

/// One process does everything until it dies, another one the rest.
async fn run(site: &Site, rule: RuleId, poison: Option<u32>) -> Result<(), Wrong> {
    let job = JobId::new("small").expect("it is a job id");
    let items = Items {
        first: 0,
        last: 4,
        poison,
    };
    let new = NewJob::new(job.clone(), "count", &items).expect("items have JSON");
    let host = Host::new(site);
    let observer = site.ledger(HOST);
    host.prepare().await?;
    observer.prepare().await?;
    let mut process = site.ledger(FIRST);
    let second = site.ledger("second");
    if !matches!(process.start(&new).await, Ok(Asked::Granted)) {
        process = second.clone();
        process.start(&new).await?;
    }
    for _ in 0..200 {
        // A process that has died is replaced.
        if site.faults().has_crashed(rule) {
            process = second.clone();
        }
        if let Some(message) = host.next().await? {
            host.hand_over(&process, &message).await?;
            continue;
        }
        if host.waiting().await? == 0 && is_finished(observer.status(&job).await?.as_ref(), 1) {
            return check(site, &observer, &job, items, 1).await;
        }
        site.hands.advance(Duration::from_secs(61));
        // An error is the process's death; the next sweep is another one's.
        let _ = process.sweep().await;
        host.drain_poison(&second).await?;
    }
    let status = observer.status(&job).await?;
    Err(Wrong::Endless(status.map_or_else(
        || "gone".to_owned(),
        |status| status.custom_status.phase.to_owned(),
    )))
}

/// Polls a run to its end: nothing in it waits for anything but its turn.
pub(crate) fn complete<T>(run: impl Future<Output = T>) -> T {
    let mut run = std::pin::pin!(run.fuse());
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = run.as_mut().poll(&mut context) {
            return value;
        }
    }
}
