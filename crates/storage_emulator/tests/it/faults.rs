//! Faults, and what an observer learns.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use determinism::{Clock, Rng};
use http::{Method, Request};
use storage_emulator::{
    Disconnected, Emulator, Fault, FaultPlan, FaultRule, Moment, Operation, ProcessLabel, RequestFilter, StorageEvent,
};

use crate::wire::Target;

fn target(plan: &FaultPlan) -> (Target, Emulator) {
    let emulator = Emulator::builder()
        .faults(plan.clone())
        .rng(Rng::seeded(7))
        .build()
        .unwrap();
    (Target::of(emulator.clone()), emulator)
}

fn from_process(mut request: Request<Bytes>, process: &str) -> Request<Bytes> {
    request.extensions_mut().insert(ProcessLabel(process.to_owned()));
    request
}

#[tokio::test]
async fn refusals_come_as_often_as_asked_and_change_nothing() {
    let plan = FaultPlan::none();
    let (target, _) = target(&plan);
    let path = format!("/{}/blob", target.container().await);
    for (fault, status, code) in [
        (Fault::ServerBusy, 503, "ServerBusy"),
        (Fault::TooManyRequests, 429, "TooManyRequests"),
        (Fault::InternalError, 500, "InternalError"),
    ] {
        plan.add(FaultRule::new(RequestFilter::operations(&[Operation::PutBlob]), fault).times(2));
        for _ in 0..2 {
            target
                .blob(Method::PUT, &path)
                .put_blob("x")
                .send()
                .await
                .refused(status, code);
        }
        target.get(&path).await.refused(404, "BlobNotFound");
    }
    assert_eq!(plan.rules().iter().map(|(_, _, struck)| struck).sum::<u64>(), 6);
    target.put(&path, "x").await;
}

#[tokio::test]
async fn a_lost_answer_was_applied_and_a_reset_was_not() {
    let plan = FaultPlan::none();
    let (target, emulator) = target(&plan);
    let name = target.container().await;
    let put = |blob: &str| {
        target
            .blob(Method::PUT, &format!("/{name}/{blob}"))
            .put_blob("x")
            .into_request()
    };
    plan.add(FaultRule::new(RequestFilter::operations(&[Operation::PutBlob]), Fault::LoseAnswer).times(1));
    assert_eq!(emulator.exchange(put("lost")).await.unwrap_err(), Disconnected);
    plan.add(FaultRule::new(RequestFilter::operations(&[Operation::PutBlob]), Fault::Reset).times(1));
    assert_eq!(emulator.handle(put("reset")).await.status(), 502);
    target.get(&format!("/{name}/lost")).await.expect(200);
    target.get(&format!("/{name}/reset")).await.refused(404, "BlobNotFound");
}

#[tokio::test]
async fn a_crash_at_every_request_leaves_exactly_the_requests_before_it() {
    for k in 1..=5_u64 {
        for moment in [Moment::BeforeApply, Moment::AfterApply] {
            let plan = FaultPlan::none();
            let (target, emulator) = target(&plan);
            let name = target.container().await;
            let rule = plan.add(FaultRule::crash(k, moment, RequestFilter::process("app")));
            for number in 1..=5 {
                let put = target
                    .blob(Method::PUT, &format!("/{name}/{number}"))
                    .put_blob("x")
                    .into_request();
                let answered = emulator.exchange(from_process(put, "app")).await.is_ok();
                assert_eq!(answered, number < k);
            }
            assert!(plan.has_crashed(rule));
            let list = target
                .blob(Method::GET, &format!("/{name}"))
                .query("restype", "container")
                .query("comp", "list");
            let expected = if moment == Moment::AfterApply { k } else { k - 1 };
            assert_eq!(list.send().await.expect(200).all("Name").len() as u64, expected);
            plan.remove(rule);
            let put = target
                .blob(Method::PUT, &format!("/{name}/again"))
                .put_blob("x")
                .into_request();
            emulator.exchange(from_process(put, "app")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_delay_passes_on_the_emulators_clock() {
    let plan = FaultPlan::none();
    let (clock, hands) = Clock::manual("2026-11-21T10:00:00Z".parse().unwrap());
    let emulator = Emulator::builder().clock(clock).faults(plan.clone()).build().unwrap();
    let target = Target::of(emulator.clone());
    let name = target.container().await;
    plan.add(FaultRule::new(
        RequestFilter::default(),
        Fault::Delay(Duration::from_secs(60)),
    ));
    let put = target
        .blob(Method::PUT, &format!("/{name}/slow"))
        .put_blob("x")
        .into_request();
    let waiting = tokio::spawn(async move { emulator.handle(put).await });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    hands.advance(Duration::from_secs(60));
    assert_eq!(waiting.await.unwrap().status(), 201);
}

#[tokio::test]
async fn chances_repeat_with_the_seed() {
    async fn run() -> Vec<u16> {
        let plan = FaultPlan::none();
        let (target, _) = target(&plan);
        let path = format!("/{}/blob", target.container().await);
        plan.add(FaultRule::new(RequestFilter::default(), Fault::ServerBusy).with_chance(0.5));
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(target.blob(Method::PUT, &path).put_blob("x").send().await.status);
        }
        statuses
    }
    let first = run().await;
    assert_eq!(first, run().await);
    assert!(first.contains(&201) && first.contains(&503));
}

#[tokio::test]
async fn observers_hear_of_every_request() {
    let plan = FaultPlan::none();
    let (target, emulator) = target(&plan);
    let events: Arc<Mutex<Vec<StorageEvent>>> = Arc::default();
    let sink = Arc::clone(&events);
    emulator.observe(move |event| sink.lock().unwrap().push(event.clone()));
    let queue = target.new_queue().await;
    let path = format!("/{queue}/messages");
    let sent = target
        .queue(Method::POST, &path)
        .header("x-ms-client-request-id", "run-1")
        .message("x")
        .send()
        .await;
    target.get("/no-such-box/blob").await.refused(404, "ContainerNotFound");
    plan.add(FaultRule::new(RequestFilter::operations(&[Operation::GetMessages]), Fault::Reset).times(1));
    target.queue(Method::GET, &path).send().await;
    let events = events.lock().unwrap();
    let put = &events[1];
    assert_eq!(
        (put.operation, put.queue.as_deref(), put.status),
        (Operation::PutMessage, Some(queue.as_str()), 201)
    );
    assert_eq!(
        (put.message_ids.as_slice(), put.client_request_id.as_deref()),
        (&[sent.one("MessageId")][..], Some("run-1"))
    );
    let missing = &events[2];
    assert_eq!(
        (missing.container.as_deref(), missing.blob.as_deref()),
        (Some("no-such-box"), Some("blob"))
    );
    assert_eq!(
        (missing.status, missing.error_code.as_deref()),
        (404, Some("ContainerNotFound"))
    );
    assert_eq!(
        (events[3].fault, events[3].answered, events[3].status),
        (Some("reset"), false, 0)
    );
    assert_eq!(
        events.iter().map(|event| event.sequence).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
}
