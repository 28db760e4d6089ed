//! Running a function because a person wants to, with a payload of theirs or an example.

use std::path::PathBuf;
use std::sync::Arc;

use host_rules::wire::HttpCall;
use serde::{Deserialize, Serialize};

use crate::app::{Function, Trigger};
use crate::host::{Host, RunningApp};
use crate::invoke::{Event, invoke};
use crate::journal::{Content, LogLine, Output};

/// What a run by hand did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// Its id.
    pub invocation: String,
    /// Why it failed; none when it succeeded.
    pub failure: Option<String>,
    /// Milliseconds from start to the last output.
    pub milliseconds: u64,
    /// What was written.
    pub outputs: Vec<Output>,
    /// The `Logs` of the answer.
    pub logs: Vec<String>,
    /// Lines that the handler printed.
    pub printed: Vec<LogLine>,
    /// What an HTTP caller would see: status and body.
    pub http: Option<(u16, Content)>,
}

/// There is nothing to run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRun {
    /// No such app.
    #[error("there is no app {name:?}; the apps that run are: {known}")]
    App {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// No such function.
    #[error("app {app} has no function {name:?}; it has: {known}")]
    Function {
        /// The app.
        app: String,
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// The function cannot run.
    #[error("function {function} cannot run: {reason}")]
    Unusable {
        /// The function.
        function: String,
        /// Why not.
        reason: String,
    },
    /// Nobody can guess a message.
    #[error(
        "{function} is triggered by a queue, and nobody can guess its messages: give one with --data or --file, or put an \
         example into {}", .file.display()
    )]
    NoPayload {
        /// The function.
        function: String,
        /// Where its example would be.
        file: PathBuf,
    },
}

/// Runs the function and waits for its end. Without `input` the app's example is used, or one that fits the trigger.
///
/// # Errors
pub async fn run(host: &Arc<Host>, app: &str, function: &str, input: Option<String>) -> Result<Finished, NotRun> {
    let known = || {
        host.apps
            .iter()
            .map(|app| app.app.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let app = host.app(app).ok_or_else(|| NotRun::App {
        name: app.to_owned(),
        known: known(),
    })?;
    let function = find(app, function)?;
    let input = match input {
        Some(input) => input,
        None => example(app, function).ok_or_else(|| NotRun::NoPayload {
            function: function.name.clone(),
            file: example_file(app, function, "json"),
        })?,
    };
    let event = match &function.trigger {
        Trigger::Http { .. } => Event::ManualHttp(http_call(app, function, input)),
        _ => Event::by_hand(function, input),
    };
    let ended = invoke(host, app, function, event).await;
    let printed = host.journal.look(|ring| {
        ring.get(&ended.invocation)
            .map(|invocation| invocation.printed.clone())
            .unwrap_or_default()
    });
    let http = ended
        .http
        .map(|http| (http.status, Content::keep(&http.body, &host.redactor)));
    Ok(Finished {
        invocation: ended.invocation,
        failure: ended.failure,
        milliseconds: ended.milliseconds,
        outputs: ended.outputs,
        logs: ended.logs,
        printed,
        http,
    })
}

fn find<'a>(app: &'a RunningApp, name: &str) -> Result<&'a Function, NotRun> {
    if let Some(function) = app.app.function(name) {
        return Ok(function);
    }
    if let Some(problem) = app
        .app
        .problems
        .iter()
        .find(|problem| problem.function.eq_ignore_ascii_case(name))
    {
        let (function, reason) = (problem.function.clone(), problem.reason.clone());
        return Err(NotRun::Unusable { function, reason });
    }
    let known = app
        .app
        .functions
        .iter()
        .map(|function| function.name.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    Err(NotRun::Function {
        app: app.app.name.clone(),
        name: name.to_owned(),
        known,
    })
}

/// `function_apps/<app>/dev/examples/<function>.json` or `.txt`; otherwise the empty payload that timers and HTTP functions
/// can do with. None for a queue function without an example.
pub fn example(app: &RunningApp, function: &Function) -> Option<String> {
    for extension in ["json", "txt"] {
        if let Ok(text) = std::fs::read_to_string(example_file(app, function, extension)) {
            return Some(text.trim_end().to_owned());
        }
    }
    match &function.trigger {
        Trigger::Timer { .. } | Trigger::Http { .. } => Some(String::new()),
        Trigger::Queue { .. } => None,
    }
}

fn example_file(app: &RunningApp, function: &Function, extension: &str) -> PathBuf {
    let folder = app.app.folder.join("dev").join("examples");
    folder.join(format!("{}.{extension}", function.name))
}

/// A request with the payload as body. Route parameters are taken from the payload's members of the same names.
fn http_call(app: &RunningApp, function: &Function, input: String) -> HttpCall {
    let Trigger::Http { template, methods, .. } = &function.trigger else {
        return HttpCall::new("POST", "/");
    };
    let prefers = |wanted: &str| methods.is_empty() || methods.iter().any(|method| method == wanted);
    let method = match (input.is_empty(), methods.first()) {
        (true, _) if prefers("GET") => "GET",
        (false, _) if prefers("POST") => "POST",
        (_, first) => first.map_or("POST", String::as_str),
    };
    let members: serde_json::Value = serde_json::from_str(&input).unwrap_or_default();
    let value = |name: &str| match members.get(name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    };
    let (path, values) = fill(template, value);
    let prefix = app.app.host.extensions.http.route_prefix();
    let target = if prefix.is_empty() {
        format!("/{path}")
    } else {
        format!("/{prefix}/{path}")
    };
    let mut call = HttpCall::new(method, &target);
    call.headers = vec![("Host".to_owned(), format!("localhost:{}", app.front_port))];
    if !input.is_empty() {
        let kind = if members.is_null() {
            "text/plain; charset=utf-8"
        } else {
            "application/json"
        };
        call.headers.push(("Content-Type".to_owned(), kind.to_owned()));
        call.headers
            .push(("Content-Length".to_owned(), input.len().to_string()));
    }
    call.body = input.into_bytes();
    call.route_values = values;
    call
}

/// A path of this route template, parameters replaced by their values; one without a value is left out.
fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> (String, Vec<(String, Option<String>)>) {
    let (mut path, mut values) = (String::new(), Vec::new());
    let mut rest = template;
    while let Some((before, (inside, after))) = rest
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        let name = inside
            .trim_start_matches('*')
            .split([':', '?', '='])
            .next()
            .unwrap_or_default();
        let found = value(name).or_else(|| inside.split_once('=').map(|(_, default)| default.to_owned()));
        path.push_str(before);
        if let Some(found) = &found {
            path.extend(percent_encoding::utf8_percent_encode(
                found,
                percent_encoding::NON_ALPHANUMERIC,
            ));
        }
        values.push((name.to_owned(), found));
        rest = after;
    }
    path.push_str(rest);
    (path.trim_end_matches('/').to_owned(), values)
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn a_route_is_filled_with_values_and_defaults() {
        let value = |name: &str| (name == "id").then(|| "a b".to_owned());
        let (path, values) = fill("items/{id:int}/{page=1}/{kind?}", value);
        assert_eq!(path, "items/a%20b/1");
        let text = |(name, value): (String, Option<String>)| format!("{name}={}", value.unwrap_or_default());
        assert_eq!(
            values.into_iter().map(text).collect::<Vec<_>>(),
            ["id=a b", "page=1", "kind="]
        );
    }
}
