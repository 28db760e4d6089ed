//! What a declared function needs from the host and from the settings: the source of its function.json.

use functions_protocol::FunctionJson;
use functions_protocol::function_json::{Binding, BindingKind, Retry};

pub(crate) use functions_protocol::function_json::DataType;

use crate::schedule::Schedule;
use crate::server::{LARGEST_BODY, SMALL_BODY};
use crate::trigger::{HttpTrigger, POISON_BINDING};

/// The storage connection that every function app has.
pub(crate) const DEFAULT_CONNECTION: &str = "AzureWebJobsStorage";

/// One function, as far as it is data.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) document: FunctionJson,
    pub(crate) schedule: Option<Schedule>,
    /// Settings that hold storage connections, in the order of declaration.
    pub(crate) connections: Vec<&'static str>,
    /// Bytes above which a request is refused.
    pub(crate) body_cap: usize,
}

impl Declaration {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            document: FunctionJson::default(),
            schedule: None,
            connections: Vec::new(),
            body_cap: SMALL_BODY,
        }
    }

    pub(crate) fn set_retry(&mut self, retry: Option<Retry>) {
        self.document.retry = retry;
    }

    /// The route template of an HTTP trigger that has one.
    pub(crate) fn route(&self) -> Option<&str> {
        match &self.document.trigger()?.kind {
            BindingKind::HttpTrigger { route, .. } => route.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn timer_trigger(&mut self, name: &str, schedule: &Schedule) {
        self.schedule = Some(schedule.clone());
        let kind = BindingKind::TimerTrigger {
            schedule: schedule.to_string(),
            run_on_startup: schedule.run_on_startup,
            use_monitor: schedule.use_monitor,
        };
        self.document.bindings.push(Binding::new(name, kind));
    }

    pub(crate) fn queue_trigger(&mut self, name: &str, queue: &str, connection: &'static str) {
        let connected = self.connect(connection);
        let kind = BindingKind::QueueTrigger {
            queue_name: queue.to_owned(),
            connection: connected.clone(),
        };
        self.document.bindings.push(Binding::new(name, kind));
        let queue_name = functions_protocol::names::poison_name(queue);
        let poison = BindingKind::QueueOutput {
            queue_name,
            connection: connected,
        };
        self.document.bindings.push(Binding::new(POISON_BINDING, poison));
    }

    pub(crate) fn http_trigger(&mut self, trigger: &HttpTrigger) {
        self.body_cap = LARGEST_BODY;
        let kind = BindingKind::HttpTrigger {
            auth_level: trigger.auth_level,
            methods: trigger.methods.iter().map(|method| (*method).to_owned()).collect(),
            route: trigger.route.map(str::to_owned),
        };
        self.document.bindings.push(Binding::new(trigger.binding, kind));
    }

    pub(crate) fn http_output(&mut self, name: &str) {
        self.document.bindings.push(Binding::new(name, BindingKind::HttpOutput));
    }

    pub(crate) fn queue_output(&mut self, name: &str, queue: &str, connection: &'static str) {
        let connection = self.connect(connection);
        let kind = BindingKind::QueueOutput {
            queue_name: queue.to_owned(),
            connection,
        };
        self.document.bindings.push(Binding::new(name, kind));
    }

    pub(crate) fn blob_input(&mut self, name: &str, path: &str, connection: &'static str, data_type: DataType) {
        // The blob stands in the request, and blobs may be large.
        self.body_cap = LARGEST_BODY;
        let connection = self.connect(connection);
        let kind = BindingKind::BlobInput {
            path: path.to_owned(),
            connection,
        };
        self.document
            .bindings
            .push(Binding::new(name, kind).with_data_type(data_type));
    }

    pub(crate) fn blob_output(&mut self, name: &str, path: &str, connection: &'static str) {
        let connection = self.connect(connection);
        let kind = BindingKind::BlobOutput {
            path: path.to_owned(),
            connection,
        };
        self.document.bindings.push(Binding::new(name, kind));
    }

    fn connect(&mut self, setting: &'static str) -> Option<String> {
        if !self.connections.contains(&setting) {
            self.connections.push(setting);
        }
        Some(setting.to_owned())
    }
}
