//! Messages at their last delivery: whatever ends the process now puts all of them aside, tried or not.
//!
//! So exactly one is tried, alone and before anything else; the others are replaced by copies, whose deliveries count
//! from the beginning. What is put aside after that has itself ended a process, or met its end with nothing beside it.
//! Every such round finishes one message, so any number of killers is found, one after the other.

use scan_status::StatusMessage;
use storage_access::{Queue, SendOptions};

use super::{Drained, delete};
use crate::error::DeliveryError;

/// Puts a copy of each message into the queue and takes the original out. The copy first: a process that dies in between
/// leaves both, and merging twice changes nothing.
pub(super) async fn spare(queue: &Queue, messages: Vec<Drained>) -> Result<(), DeliveryError> {
    for Drained { received, delivered } in messages {
        let body = match undated_list(delivered.message, delivered.sent_at) {
            Some(dated) => dated.to_json().to_string().into_bytes(),
            None => received.body.clone().unwrap_or_default(),
        };
        let copy = queue.send(&body, SendOptions::default()).await;
        copy.map_err(DeliveryError::Spare)?;
        tracing::warn!(
            id = received.id,
            "replaced by a copy, as it may be handed out again and again for another's fault"
        );
        delete(queue, &[received]).await;
    }
    Ok(())
}

/// The list with its moment, if it has none: it speaks for when it was sent, and a copy is sent later.
fn undated_list(message: StatusMessage, sent_at: jiff::Timestamp) -> Option<StatusMessage> {
    match message {
        StatusMessage::List(section, mut list) if list.observed_at.is_none() => {
            list.observed_at = Some(sent_at);
            Some(StatusMessage::List(section, list))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_list_speaks_for_the_moment_at_which_the_original_was_sent() {
        let sent_at = "2026-11-20T10:00:00Z".parse().unwrap();
        let read = |text: &str| StatusMessage::parse(text).unwrap();
        let dated = undated_list(
            read(r#"{"status_type": "mirror-list", "status": ["https://a/"]}"#),
            sent_at,
        );
        let expected = StatusMessage::mirror_list(sent_at, ["https://a/".to_owned()]);
        assert_eq!(read(&dated.unwrap().to_json().to_string()), expected);
        assert_eq!(undated_list(expected, sent_at), None);
    }
}
