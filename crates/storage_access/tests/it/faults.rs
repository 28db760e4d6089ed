//! Busy services, broken connections, lost answers.

use std::time::Duration;

use bytes::Bytes;
use determinism::{Clock, Rng};
use storage_access::{Access, BlobHeaders, Cause, Condition, Put, Retry, SendOptions};
use storage_emulator::{Fault, FaultRule, Operation, RequestFilter};

use crate::{connect, emulator, in_process, storage};

fn rule(operation: Operation, fault: Fault) -> FaultRule {
    FaultRule::new(RequestFilter::operations(&[operation]), fault)
}

#[tokio::test]
async fn passing_faults_are_outlasted() {
    for fault in [
        Fault::ServerBusy,
        Fault::TooManyRequests,
        Fault::InternalError,
        Fault::Reset,
    ] {
        let (emulator, _) = emulator();
        let container = storage(&emulator).container("box");
        container.create_if_absent(Access::Private).await.unwrap();
        emulator.faults().add(rule(Operation::PutBlob, fault).times(3));
        emulator.faults().add(rule(Operation::GetBlob, fault).times(3));
        let document = container.document("a");
        let put = document
            .put(Bytes::from_static(b"x"), Condition::IfAbsent, BlobHeaders::default())
            .await;
        assert!(matches!(put, Ok(Put::Stored(_))), "{fault:?}: {put:?}");
        assert!(document.get().await.unwrap().is_some(), "{fault:?}");
    }
}

#[tokio::test]
async fn lasting_faults_end_after_four_tries_and_say_what_happened() {
    for (fault, expected) in [
        (Fault::ServerBusy, "the service answered 503 ServerBusy"),
        (Fault::Reset, "no answer: the connection broke before an answer came"),
    ] {
        let (emulator, _) = emulator();
        emulator.faults().add(rule(Operation::GetBlob, fault));
        let events = crate::watch(&emulator);
        let error = storage(&emulator)
            .container("box")
            .document("a")
            .get()
            .await
            .unwrap_err();
        assert!(error.is_transient());
        assert!(error.cause().to_string().starts_with(expected), "{:?}", error.cause());
        assert_eq!(events.lock().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn waiting_between_tries_is_done_on_the_given_clock() {
    let (emulator, _) = emulator();
    emulator
        .faults()
        .add(rule(Operation::CreateQueue, Fault::ServerBusy).times(1));
    let (clock, hands) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
    let transport = in_process(&emulator)
        .with_retry(Retry::default())
        .with_clock(clock, Rng::seeded(1));
    let queue = connect(&emulator, transport).queue("work");
    let create = queue.create_if_absent();
    tokio::pin!(create);
    for _ in 0..100 {
        assert!(futures::poll!(&mut create).is_pending());
    }
    hands.advance(Duration::from_secs(1));
    create.await.unwrap();
}

#[tokio::test]
async fn a_conditional_write_whose_answer_is_lost_conflicts_with_itself_and_reading_tells() {
    let (emulator, _) = emulator();
    let container = storage(&emulator).container("box");
    container.create_if_absent(Access::Private).await.unwrap();
    let document = container.document("a");
    emulator
        .faults()
        .add(rule(Operation::PutBlob, Fault::LoseAnswer).times(1));
    let put = document
        .put(Bytes::from_static(b"mine"), Condition::IfAbsent, BlobHeaders::default())
        .await
        .unwrap();
    assert_eq!(put, Put::Conflict);
    assert_eq!(document.get().await.unwrap().unwrap().bytes.as_ref(), b"mine");
}

#[tokio::test]
async fn a_send_whose_answer_is_lost_may_leave_two_messages() {
    let (emulator, _) = emulator();
    let queue = storage(&emulator).queue("work");
    queue.create_if_absent().await.unwrap();
    emulator
        .faults()
        .add(rule(Operation::PutMessage, Fault::LoseAnswer).times(1));
    queue.send(b"x", SendOptions::default()).await.unwrap();
    assert_eq!(queue.approximate_count().await.unwrap(), 2);
}

#[tokio::test]
async fn without_retries_each_request_is_sent_once() {
    let (emulator, _) = emulator();
    let storage = connect(&emulator, in_process(&emulator).with_retry(Retry::NEVER));
    emulator
        .faults()
        .add(rule(Operation::CreateQueue, Fault::Reset).times(1));
    let error = storage.queue("work").create_if_absent().await.unwrap_err();
    assert!(matches!(error.cause(), Cause::NoAnswer { .. }));
    storage.queue("work").create_if_absent().await.unwrap();
}
