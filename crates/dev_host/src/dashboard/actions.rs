//! The buttons. Each leads back to a page, which shows what happened.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::by_hand::{self, NotRun};
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
        // The page on which a payload can be written.
        Err(NotRun::NoPayload { .. }) => Redirect::to(&format!("/functions/{app}/{function}")).into_response(),
        Err(problem) => (StatusCode::NOT_FOUND, problem.to_string()).into_response(),
    }
}

/// Starts the handler of an app that is down again.
pub(super) async fn restart(State(host): State<Arc<Host>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let Some(app) = fields.get("app").and_then(|name| host.app(name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    app.handler.restart();
    back(&fields, "/")
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

/// Puts every message of a poison queue back.
pub(super) async fn replay_all(State(host): State<Arc<Host>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let Some(queue) = fields.queue() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match queues::replay_all(&host, &queue).await {
        Ok(replayed) if replayed.failed.is_empty() => back(&fields, "/poison"),
        Ok(replayed) => {
            let mut text = format!(
                "{} messages were put back. {} were not and are still in {}:\n",
                replayed.put_back,
                replayed.failed.len(),
                queue.queue
            );
            for (id, problem) in &replayed.failed {
                text.push_str(&format!("{id}: {problem}\n"));
            }
            (StatusCode::CONFLICT, text).into_response()
        }
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
