//! A request as the host would send it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use functions_protocol::function_json::{BindingKind, DataType};
use functions_protocol::{HttpBody, HttpRequest, ScheduleStatus, TimerInfo};
use serde_json::{Map, Value, json};

use super::TestApp;
use super::run::Run;
use crate::declaration::Declaration;

/// One call of a function, before it is made.
#[must_use = "a call does nothing until it is run"]
pub struct Request<'a, D> {
    app: &'a TestApp<D>,
    function: String,
    data: Map<String, Value>,
    metadata: Map<String, Value>,
}

impl<'a, D: Send + Sync + 'static> Request<'a, D> {
    pub(super) fn queue(app: &'a TestApp<D>, function: &str, text: &str) -> Self {
        let mut request = Self::new(app, function, encoded_text(text), "queueTrigger");
        request.put("DequeueCount", "1");
        request.put("Id", &format!("\"{}\"", app.shared.process.rng.uuid()));
        request.put("InsertionTime", &moment(app.clock.now()));
        request
    }

    pub(super) fn timer(app: &'a TestApp<D>, function: &str, timer: &TimerInfo) -> Self {
        let time = |time: Option<_>| time.map_or_else(|| "0001-01-01T00:00:00+00:00".to_owned(), moment);
        let status = timer.schedule_status.as_ref().map(
            |ScheduleStatus {
                 last,
                 next,
                 last_updated,
             }| { json!({ "Last": time(*last), "Next": time(*next), "LastUpdated": time(*last_updated) }) },
        );
        let value = json!({
            "Schedule": { "AdjustForDST": timer.adjust_for_dst },
            "ScheduleStatus": status,
            "IsPastDue": timer.is_past_due,
        });
        Self::new(app, function, value, "timerTrigger")
    }

    pub(super) fn http(app: &'a TestApp<D>, function: &str, request: &HttpRequest) -> Self {
        let headers: Map<String, Value> = request
            .headers()
            .map(|(name, lines)| (name.to_owned(), json!(lines)))
            .collect();
        let route = app.function(function).declaration.route().unwrap_or_default();
        let params = parameters(route)
            .map(|name| (name, request.param(name)))
            .collect::<BTreeMap<_, _>>();
        let query = request.url.split_once('?').map_or("", |(_, query)| query);
        let names = query
            .split('&')
            .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
        let query = names
            .filter_map(|name| Some((name, request.query(name)?)))
            .collect::<BTreeMap<_, _>>();
        let mut value = json!({
            "Url": request.url,
            "Method": request.method,
            "Query": query,
            "Params": params,
            "Headers": headers,
            "Identities": [],
        });
        match &request.body {
            None => {}
            Some(HttpBody::Text(text)) => value["Body"] = json!(text),
            Some(HttpBody::Bytes(bytes)) => value["Body"] = json!(STANDARD.encode(bytes)),
        }
        Self::new(app, function, value, "httpTrigger")
    }

    fn new(app: &'a TestApp<D>, function: &str, trigger: Value, trigger_type: &str) -> Self {
        let declaration = &app.function(function).declaration;
        let mut data = Map::new();
        for binding in &declaration.document.bindings {
            if binding.kind.type_name() == trigger_type {
                data.insert(binding.name.clone(), trigger.clone());
            } else if matches!(binding.kind, BindingKind::BlobInput { .. }) {
                data.insert(binding.name.clone(), json!("null"));
            }
        }
        let trigger_matches = declaration
            .document
            .trigger()
            .is_some_and(|own| own.kind.type_name() == trigger_type);
        assert!(trigger_matches, "{function} is not started by a {trigger_type}");
        let mut request = Self {
            app,
            function: function.to_owned(),
            data,
            metadata: Map::new(),
        };
        let system = json!({
            "MethodName": function,
            "UtcNow": app.clock.now().to_string(),
            "RandGuid": app.shared.process.rng.uuid(),
        });
        request.metadata.insert("sys".to_owned(), system);
        request
    }

    /// The content of a blob input; without it the blob is missing.
    ///
    /// # Panics
    /// When the function has no blob input of that name, or one of text gets bytes that are none.
    pub fn blob(mut self, binding: &str, content: impl AsRef<[u8]>) -> Self {
        let declaration = &self.app.function(&self.function).declaration;
        let content = content.as_ref();
        let value = match blob_type(declaration, binding) {
            Some(DataType::Binary) => json!(STANDARD.encode(content)),
            Some(_) => encoded_text(std::str::from_utf8(content).expect("a blob input of text gets UTF-8")),
            None => panic!("{} has no blob input {binding:?}", self.function),
        };
        self.data.insert(binding.to_owned(), value);
        self
    }

    /// How often the input was tried, this time included: the dequeue count of a message.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.put("DequeueCount", &attempt.to_string());
        self.metadata.insert(
            "RetryContext".to_owned(),
            json!({ "RetryCount": attempt.saturating_sub(1), "MaxRetryCount": -1, "Exception": null }),
        );
        self
    }

    /// The body of this request.
    pub fn body(&self) -> Vec<u8> {
        json!({ "Data": self.data, "Metadata": self.metadata })
            .to_string()
            .into_bytes()
    }

    /// Makes the call.
    pub async fn run(self) -> Run {
        let id = self.app.shared.process.rng.uuid();
        let reply = self.app.call(&self.function, id, self.body().into()).await;
        Run::new(&self.app.function(&self.function).declaration, reply)
    }

    fn put(&mut self, key: &str, encoded: &str) {
        self.metadata.insert(key.to_owned(), json!(encoded));
    }
}

/// Text as the host encodes it: a JSON string within a JSON string.
fn encoded_text(text: &str) -> Value {
    Value::String(Value::String(text.to_owned()).to_string())
}

/// Names of the parameters in a route template such as `items/{id:int?}/{*rest}`.
fn parameters(route: &str) -> impl Iterator<Item = &str> {
    let inside = route
        .split('{')
        .skip(1)
        .filter_map(|part| Some(part.split_once('}')?.0));
    inside.filter_map(|part| part.trim_start_matches('*').split([':', '?', '=']).next())
}

fn moment(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn blob_type(declaration: &Declaration, binding: &str) -> Option<DataType> {
    let found = declaration
        .document
        .bindings
        .iter()
        .find(|candidate| candidate.name == binding)?;
    matches!(found.kind, BindingKind::BlobInput { .. }).then(|| found.data_type.unwrap_or(DataType::String))
}
