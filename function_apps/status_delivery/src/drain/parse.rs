//! Reading drained messages.

use custom_handler::{Context, Failure, PayloadStore, unwrap_message};
use scan_status::StatusMessage;
use storage_access::Received;

use crate::settings::Deps;

/// Why a message cannot be read.
pub(super) enum Unread {
    /// It is no result, and never will be.
    Never(String),
    /// Something that it refers to cannot be reached.
    Later(String),
}

/// Reads messages, in order. The text of all of them is parsed off the server's threads: a page of the largest messages
/// takes more than ten milliseconds.
pub(super) async fn all(
    context: &Context<Deps>,
    received: Vec<Received>,
    claims: &dyn PayloadStore,
) -> Vec<(Received, Result<StatusMessage, Unread>)> {
    let mut texts = Vec::with_capacity(received.len());
    for message in received {
        let text = text(&message, claims).await;
        texts.push((message, text));
    }
    context
        .blocking(move || {
            let parse = |text: String| StatusMessage::parse(&text).map_err(|error| Unread::Never(error.to_string()));
            texts
                .into_iter()
                .map(|(message, text)| (message, text.and_then(parse)))
                .collect()
        })
        .await
}

async fn text(message: &Received, claims: &dyn PayloadStore) -> Result<String, Unread> {
    let bytes = message.body.clone().map_err(|error| Unread::Never(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| Unread::Never(error.to_string()))?;
    unwrap_message(text, Some(claims))
        .await
        .map_err(|failure| match failure {
            Failure::Known(permanent) => Unread::Never(permanent.reason().to_owned()),
            Failure::Retry(error) => Unread::Later(error.to_string()),
        })
}
