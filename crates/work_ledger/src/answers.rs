//! What callers get: the shapes of Durable Functions, without keys in addresses.

use custom_handler::{HttpAnswer, HttpRequest, PayloadError};
use ledger_protocol::JobId;
use serde::Serialize;

use crate::status::JobStatus;

/// Seconds after which a caller should ask again.
const ASK_AGAIN: &str = "10";

/// Addresses of a job. Callers send their key again: an address that carries it would end in logs.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Started<'j> {
    id: &'j JobId,
    status_query_get_uri: String,
    terminate_post_uri: String,
    retry_post_uri: String,
    purge_history_delete_uri: String,
}

/// 202 with the job's addresses.
pub(crate) fn started(job: &JobId, request: &HttpRequest) -> Result<HttpAnswer, PayloadError> {
    let url = request.url.split(['?', '#']).next().unwrap_or_default();
    let one = format!("{}/{job}", url.trim_end_matches('/'));
    let body = Started {
        id: job,
        status_query_get_uri: one.clone(),
        terminate_post_uri: format!("{one}/terminate"),
        retry_post_uri: format!("{one}/retry"),
        purge_history_delete_uri: one.clone(),
    };
    Ok(HttpAnswer::json(202, &body)?
        .header("Location", one)
        .header("Retry-After", ASK_AGAIN))
}

/// 202 until the end, then 200.
pub(crate) fn status(status: &JobStatus) -> Result<HttpAnswer, PayloadError> {
    if status.runtime_status.is_ended() {
        HttpAnswer::json(200, status)
    } else {
        Ok(HttpAnswer::json(202, status)?.header("Retry-After", ASK_AGAIN))
    }
}
