//! One binding of a function.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A binding: a trigger, an input or an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The name under which requests and answers carry its value.
    pub name: String,
    /// How the value travels, where that is not the type's own way.
    pub data_type: Option<DataType>,
    /// What it is bound to.
    pub kind: BindingKind,
}

/// What a binding is bound to. `connection` is the name of an app setting, or the common part of several for
/// identity-based connections; none means `AzureWebJobsStorage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingKind {
    /// `httpTrigger`.
    HttpTrigger {
        /// Which key a caller must present.
        auth_level: AuthLevel,
        /// The methods; empty for all.
        methods: Vec<String>,
        /// The route template below the route prefix; none for the function's name.
        route: Option<String>,
    },
    /// `http`: the answer to the caller of an HTTP trigger.
    HttpOutput,
    /// `timerTrigger`.
    TimerTrigger {
        /// A cron expression with seconds, a duration, or a setting that holds one (`%NAME%`).
        schedule: String,
        /// Run at each start of the host, also when it scales out.
        run_on_startup: bool,
        /// Remember the schedule in storage, so that missed occurrences are made up for.
        use_monitor: bool,
    },
    /// `queueTrigger`.
    QueueTrigger {
        /// The queue, or a setting that names it (`%NAME%`).
        queue_name: String,
        /// Where the queue is.
        connection: Option<String>,
    },
    /// `queue`.
    QueueOutput {
        /// The queue, a setting that names it (`%NAME%`), or an expression of trigger values (`{x}`).
        queue_name: String,
        /// Where the queue is.
        connection: Option<String>,
    },
    /// `blob`, read before the function runs.
    BlobInput {
        /// `container/path`, with settings (`%NAME%`) and trigger values (`{x}`).
        path: String,
        /// Where the blob is.
        connection: Option<String>,
    },
    /// `blob`, written after the function ran.
    BlobOutput {
        /// `container/path`, with settings (`%NAME%`) and trigger values (`{x}`).
        path: String,
        /// Where the blob goes.
        connection: Option<String>,
    },
    /// A type that this crate does not know. Read, never rendered.
    Unknown {
        /// The type as written.
        binding_type: String,
        /// The direction as written.
        direction: Direction,
    },
}

/// Which way a binding's value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the function.
    In,
    /// From the function.
    Out,
    /// Both ways.
    InOut,
}

/// How a value travels where a binding leaves the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// As text.
    String,
    /// As base64.
    Binary,
    /// As base64 too; it differs for .NET functions only.
    Stream,
}

/// Which key the caller of an HTTP function must present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthLevel {
    /// None.
    Anonymous,
    /// The function's or the app's.
    #[default]
    Function,
    /// The master key.
    Admin,
}

impl Binding {
    /// A binding without a data type.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: BindingKind) -> Self {
        Self {
            name: name.into(),
            data_type: None,
            kind,
        }
    }

    /// Sets the data type.
    #[must_use]
    pub fn with_data_type(mut self, data_type: DataType) -> Self {
        self.data_type = Some(data_type);
        self
    }
}

impl BindingKind {
    /// The `type` in function.json.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::HttpTrigger { .. } => "httpTrigger",
            Self::HttpOutput => "http",
            Self::TimerTrigger { .. } => "timerTrigger",
            Self::QueueTrigger { .. } => "queueTrigger",
            Self::QueueOutput { .. } => "queue",
            Self::BlobInput { .. } | Self::BlobOutput { .. } => "blob",
            Self::Unknown { binding_type, .. } => binding_type,
        }
    }

    /// The `direction` in function.json.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::HttpTrigger { .. }
            | Self::TimerTrigger { .. }
            | Self::QueueTrigger { .. }
            | Self::BlobInput { .. } => Direction::In,
            Self::HttpOutput | Self::QueueOutput { .. } | Self::BlobOutput { .. } => Direction::Out,
            Self::Unknown { direction, .. } => *direction,
        }
    }

    /// Whether the binding starts the function: the host tells by the ending of the type.
    #[must_use]
    pub fn is_trigger(&self) -> bool {
        self.type_name().to_ascii_lowercase().ends_with("trigger")
    }

    /// The setting, or common part of settings, that says where the binding's storage is; none for a binding without
    /// storage.
    #[must_use]
    pub fn connection(&self) -> Option<&str> {
        match self {
            Self::QueueTrigger { connection, .. }
            | Self::QueueOutput { connection, .. }
            | Self::BlobInput { connection, .. }
            | Self::BlobOutput { connection, .. } => Some(connection.as_deref().unwrap_or("AzureWebJobsStorage")),
            _ => None,
        }
    }
}

impl Direction {
    /// The text in function.json.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::InOut => "inout",
        }
    }
}

impl DataType {
    /// The text in function.json.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Binary => "binary",
            Self::Stream => "stream",
        }
    }
}

impl AuthLevel {
    /// The text in function.json.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Function => "function",
            Self::Admin => "admin",
        }
    }
}

impl Serialize for Binding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("name", &self.name)?;
        members.serialize_entry("type", self.kind.type_name())?;
        members.serialize_entry("direction", self.kind.direction().name())?;
        match &self.kind {
            BindingKind::HttpTrigger {
                auth_level,
                methods,
                route,
            } => {
                members.serialize_entry("authLevel", auth_level.name())?;
                if !methods.is_empty() {
                    members.serialize_entry("methods", methods)?;
                }
                if let Some(route) = route {
                    members.serialize_entry("route", route)?;
                }
            }
            BindingKind::TimerTrigger {
                schedule,
                run_on_startup,
                use_monitor,
            } => {
                members.serialize_entry("schedule", schedule)?;
                if *run_on_startup {
                    members.serialize_entry("runOnStartup", &true)?;
                }
                if !*use_monitor {
                    members.serialize_entry("useMonitor", &false)?;
                }
            }
            BindingKind::QueueTrigger {
                queue_name: place,
                connection,
            }
            | BindingKind::QueueOutput {
                queue_name: place,
                connection,
            }
            | BindingKind::BlobInput {
                path: place,
                connection,
            }
            | BindingKind::BlobOutput {
                path: place,
                connection,
            } => {
                let is_blob = self.kind.type_name() == "blob";
                members.serialize_entry(if is_blob { "path" } else { "queueName" }, place)?;
                if let Some(connection) = connection {
                    members.serialize_entry("connection", connection)?;
                }
            }
            BindingKind::HttpOutput | BindingKind::Unknown { .. } => {}
        }
        if let Some(data_type) = self.data_type {
            members.serialize_entry("dataType", data_type.name())?;
        }
        members.end()
    }
}
