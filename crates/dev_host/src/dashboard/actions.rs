//! The buttons. Each leads back to a page, which shows what happened.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::by_hand;
use crate::error_chain::chain;
use crate::host::Host;
use crate::queues::{self, QueueName};

/// A form's fields. Read here because the pages send few and small ones.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(body: &Bytes) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn queue(&self) -> Option<QueueName> {
        let text = |name| self.get(name).map(str::to_owned);
        Some(QueueName {
            app: text("app")?,
            connection: text("connection")?,
            queue: text("queue")?,
        })
    }
}

/// Runs a function and goes to its invocation.
pub(super) async fn run(State(host): State<Arc<Host>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let (Some(app), Some(function)) = (fields.get("app"), fields.get("function")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let input = fields.get("input").map(|input| input.replace("\r\n", "\n"));
    match by_hand::run(&host, app, function, input).await {
        Ok(finished) => Redirect::to(&format!("/invocations/{}", finished.invocation)).into_response(),
        Err(problem) => (StatusCode::NOT_FOUND, problem.to_string()).into_response(),
    }
}

/// Puts one poison message back.
pub(super) async fn replay(State(host): State<Arc<Host>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let (Some(queue), Some(id)) = (fields.queue(), fields.get("message")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match queues::replay(&host, &queue, id).await {
        Ok(_) => back(&fields, "/poison"),
        Err(error) => (StatusCode::CONFLICT, chain(&error)).into_response(),
    }
}

/// Puts every message of a poison queue back that is there now.
pub(super) async fn replay_all(State(host): State<Arc<Host>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let Some(queue) = fields.queue() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let replayed = async {
        for message in queues::peek(&host, &queue).await? {
            queues::replay(&host, &queue, &message.id).await?;
        }
        Ok::<_, queues::QueueError>(())
    };
    match replayed.await {
        Ok(()) => back(&fields, "/poison"),
        Err(error) => (StatusCode::CONFLICT, chain(&error)).into_response(),
    }
}

/// Deletes a message for good.
pub(super) async fn drop_message(State(host): State<Arc<Host>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let (Some(queue), Some(id)) = (fields.queue(), fields.get("message")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match queues::remove(&host, &queue, id).await {
        Ok(()) => back(&fields, "/poison"),
        Err(error) => (StatusCode::CONFLICT, chain(&error)).into_response(),
    }
}

/// Back to the page that the form named, if it is one of ours.
fn back(fields: &Fields, otherwise: &str) -> Response {
    let page = fields
        .get("back")
        .filter(|page| page.starts_with('/') && !page.starts_with("//"));
    Redirect::to(page.unwrap_or(otherwise)).into_response()
}
