//! Queue messages and their life.

use std::time::Duration;

use storage_access::{MessageEncoding, Queue, SendOptions, TimeToLive, UndecodableMessage};

use crate::{emulator, storage};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_message_is_hidden_returns_and_is_deleted() {
    let (emulator, hands) = emulator();
    let queue = storage(&emulator).queue("work");
    assert!(queue.receive(1, MINUTE).await.unwrap_err().is_not_found());
    queue.create_if_absent().await.unwrap();
    queue.create_if_absent().await.unwrap();
    let sent = queue
        .send("grüße <&>".as_bytes(), SendOptions::default())
        .await
        .unwrap();

    let received = queue.receive(32, MINUTE).await.unwrap();
    assert_eq!(received.len(), 1);
    assert_eq!((&received[0].id, received[0].dequeue_count), (&sent.id, 1));
    assert_eq!(received[0].body.as_deref(), Ok("grüße <&>".as_bytes()));
    assert!(received[0].inserted.is_some() && received[0].expires.is_some());
    assert_eq!(queue.receive(32, MINUTE).await.unwrap(), []);
    assert_eq!(queue.approximate_count().await.unwrap(), 1);

    hands.advance(MINUTE);
    let again = queue.receive(32, MINUTE).await.unwrap();
    assert_eq!(again[0].dequeue_count, 2);
    let refused = queue
        .delete(&received[0].id, &received[0].pop_receipt)
        .await
        .unwrap_err();
    assert!(
        matches!(refused.code(), Some("PopReceiptMismatch" | "MessageNotFound")),
        "{refused:?}"
    );
    queue.delete(&again[0].id, &again[0].pop_receipt).await.unwrap();
    assert_eq!(queue.approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn an_update_gives_a_new_receipt_and_can_replace_the_body() {
    let (emulator, _) = emulator();
    let queue = storage(&emulator).queue("work");
    queue.create_if_absent().await.unwrap();
    queue.send(b"one", SendOptions::default()).await.unwrap();
    let message = queue.receive(1, MINUTE).await.unwrap().remove(0);
    let renewed = queue
        .update(&message.id, &message.pop_receipt, MINUTE, None)
        .await
        .unwrap();
    assert_ne!(renewed, message.pop_receipt);
    queue
        .update(&message.id, &renewed, Duration::ZERO, Some(b"two"))
        .await
        .unwrap();
    let message = queue.receive(1, MINUTE).await.unwrap().remove(0);
    assert_eq!((message.body, message.dequeue_count), (Ok(b"two".to_vec()), 2));
}

#[tokio::test]
async fn delays_and_times_to_live_are_kept() {
    let (emulator, hands) = emulator();
    let queue = storage(&emulator).queue("work");
    queue.create_if_absent().await.unwrap();
    let delayed = SendOptions {
        delay: MINUTE,
        ..Default::default()
    };
    queue.send(b"later", delayed).await.unwrap();
    queue
        .send(
            b"short",
            SendOptions {
                time_to_live: TimeToLive::For(MINUTE),
                ..Default::default()
            },
        )
        .await
        .unwrap();
    queue
        .send(
            b"for ever",
            SendOptions {
                time_to_live: TimeToLive::Unlimited,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    let bodies = async || -> Vec<Vec<u8>> {
        queue
            .peek(32)
            .await
            .unwrap()
            .into_iter()
            .map(|message| message.body.unwrap())
            .collect()
    };
    assert_eq!(bodies().await, [b"short".to_vec(), b"for ever".to_vec()]);
    hands.advance(MINUTE);
    let mut now = bodies().await;
    now.sort();
    assert_eq!(now, [b"for ever".to_vec(), b"later".to_vec()]);
    hands.advance(Duration::from_secs(8 * 86400));
    assert_eq!(bodies().await, [b"for ever".to_vec()]);
    queue.clear().await.unwrap();
    assert_eq!(bodies().await, [] as [Vec<u8>; 0]);
}

#[tokio::test]
async fn a_message_that_is_not_base64_is_kept_as_it_is() {
    let (emulator, _) = emulator();
    let queue = storage(&emulator).queue("work");
    queue.create_if_absent().await.unwrap();
    let plain = queue.clone().with_encoding(MessageEncoding::None);
    plain.send(b"not base64!", SendOptions::default()).await.unwrap();
    let received = queue.receive(1, MINUTE).await.unwrap().remove(0);
    assert_eq!(
        (received.body, received.raw.as_str()),
        (Err(UndecodableMessage), "not base64!")
    );
    assert_eq!(
        plain.send(&[0xff], SendOptions::default()).await.unwrap_err().status(),
        None
    );
}

#[tokio::test]
async fn the_largest_message_fits_and_one_byte_more_is_refused_unsent() {
    let (emulator, _) = emulator();
    let queue = storage(&emulator).queue("work");
    queue.create_if_absent().await.unwrap();
    let largest = vec![b'x'; Queue::LONGEST_TEXT / 4 * 3];
    queue.send(&largest, SendOptions::default()).await.unwrap();
    assert_eq!(
        queue.receive(1, MINUTE).await.unwrap()[0].body.as_ref().unwrap(),
        &largest
    );
    let events = crate::watch(&emulator);
    let error = queue
        .send(&vec![b'x'; largest.len() + 1], SendOptions::default())
        .await
        .unwrap_err();
    assert_eq!(
        error.cause().to_string(),
        "the message takes 65540 bytes in the queue, more than the limit of 65536"
    );
    assert!(events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_invocation_is_named_in_every_request() {
    let (emulator, _) = emulator();
    let events = crate::watch(&emulator);
    let storage = storage(&emulator);
    storage.queue("work").create_if_absent().await.unwrap();
    let invocation = storage.for_invocation("6f2c\r\nx: 1");
    invocation.queue("work").peek(1).await.unwrap();
    invocation.container("box").document("a").get().await.unwrap();
    let _ = invocation.container("box").list("", 1).unwrap().next_page().await;
    let ids: Vec<Option<String>> = events
        .lock()
        .unwrap()
        .iter()
        .map(|event| event.client_request_id.clone())
        .collect();
    assert_ne!(ids[0].as_deref(), Some("6f2cx:1"));
    assert!(ids[1..].iter().all(|id| id.as_deref() == Some("6f2cx:1")), "{ids:?}");
    assert!(ids.len() >= 4);
}
