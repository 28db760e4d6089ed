//! From the list of mirrors to one request for each.

use custom_handler::{Context, TimerInfo};
use jiff::Timestamp;
use package_repos::mirror::{ListError, MirrorList, MirrorRequest, UnusableEntry};
use package_repos::{Code, Finding};
use scan_status::StatusMessage;

use crate::settings::Deps;
use crate::status::entry_status;

/// The list cannot be used. Nothing is sent then: an empty list would wipe every mirror's status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateError {
    #[error("there is no blob static-data/mirrors.json: upload the list of mirrors")]
    NoList,
    #[error("static-data/mirrors.json cannot be used, so no mirror is checked")]
    Unusable(#[from] ListError),
}

/// Requests for all mirrors; the list of them, and the status of entries that cannot be used, for the delivery app.
pub(crate) async fn generate_mirror(
    ctx: Context<Deps>,
    (timer, mirrors): (TimerInfo, Option<String>),
) -> Result<(Vec<MirrorRequest>, Vec<StatusMessage>), GenerateError> {
    let observed_at = ctx.now();
    if timer.is_past_due {
        tracing::info!("an occurrence was missed; this run makes up for it");
    }
    let mut list = MirrorList::read(&mirrors.ok_or(GenerateError::NoList)?)?;
    for entry in &list.unusable {
        tracing::warn!(
            index = entry.index,
            "an entry of static-data/mirrors.json cannot be used: {}",
            entry.problem
        );
    }
    // In another order each time: when the scanner cannot keep up and skips old requests, it is not always the end of
    // the list that goes unchecked.
    ctx.rng().shuffle(&mut list.requests);
    let everything = StatusMessage::mirror_list(observed_at, list.addresses().map(str::to_owned));
    let unusable = list
        .unusable
        .iter()
        .filter_map(|entry| unusable_status(entry, observed_at));
    let messages = std::iter::once(everything).chain(unusable).collect();
    tracing::info!(
        mirrors = list.requests.len(),
        unusable = list.unusable.len(),
        "sending requests to check mirrors"
    );
    Ok((list.requests, messages))
}

fn unusable_status(entry: &UnusableEntry, observed_at: Timestamp) -> Option<StatusMessage> {
    let finding = Finding::new(
        Code::EntryInvalid,
        format!("entry {} of the list: {}", entry.index, entry.problem),
    );
    Some(entry_status(entry.url.as_deref()?, observed_at, &finding))
}
