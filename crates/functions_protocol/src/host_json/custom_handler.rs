//! The `customHandler` section: which executable handles invocations.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::document::{DocumentError, Fields, Warning};
use crate::time_span::TimeSpan;

/// How the host starts and calls the handler.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomHandler {
    /// The executable, relative to the app's folder, or a name on the path. `%NAME%` is an environment variable.
    pub default_executable_path: String,
    /// Its arguments. The host joins them with blanks, unquoted.
    pub arguments: Vec<String>,
    /// Where it runs; none for the app's folder. The executable is looked for from the app's folder all the same.
    pub working_directory: Option<String>,
    /// Send HTTP requests on as they are instead of as invocation requests, for functions with nothing but HTTP in and
    /// out.
    pub enable_forwarding_http_request: bool,
    /// The port on which the handler listens; none for a free one that the host picks.
    pub port: Option<u16>,
    /// How long the handler may take until it answers; none for the host's 30 seconds.
    pub initialization_timeout: Option<TimeSpan>,
}

impl CustomHandler {
    pub(super) fn read(mut fields: Fields, warnings: &mut Vec<Warning>) -> Result<Self, DocumentError> {
        let Some(mut description) = fields.take_fields("description")? else {
            return Err(DocumentError::Missing {
                path: fields.path("description"),
            });
        };
        let mut arguments = description.take_texts("arguments")?.unwrap_or_default();
        let default_executable_path = description.require_text("defaultExecutablePath")?;
        if let Some(worker) = description.take_text("defaultWorkerPath")? {
            arguments.push(format!("\"{worker}\""));
        }
        arguments.extend(description.take_texts("workerArguments")?.unwrap_or_default());
        let working_directory = description.take_text("workingDirectory")?;
        description.warn_about_rest(warnings);

        if fields.take_bool("enableProxyingHttpRequest")?.unwrap_or(false) {
            warnings.push(Warning {
                path: fields.path("enableProxyingHttpRequest"),
                message: "is not supported here".to_owned(),
            });
        }
        let handler = Self {
            default_executable_path,
            arguments,
            working_directory,
            enable_forwarding_http_request: fields.take_bool("enableForwardingHttpRequest")?.unwrap_or(false),
            port: fields.take_scalar("port", "a port from 1 to 65535")?,
            initialization_timeout: fields.take_scalar("initializationTimeout", "a duration such as 00:00:30")?,
        };
        let _ignored_by_the_host = fields.take("type");
        fields.warn_about_rest(warnings);
        Ok(handler)
    }

    pub(super) fn check(&self) -> Result<(), DocumentError> {
        if self.default_executable_path.is_empty() {
            return Err(DocumentError::Missing {
                path: "customHandler.description.defaultExecutablePath".to_owned(),
            });
        }
        if let Some(argument) = self
            .arguments
            .iter()
            .find(|argument| argument.is_empty() || argument.contains(' '))
        {
            return Err(DocumentError::Value {
                path: "customHandler.description.arguments".to_owned(),
                value: argument.clone(),
                expected: "texts without blanks: the host does not quote them",
            });
        }
        Ok(())
    }
}

impl Serialize for CustomHandler {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("description", &Description(self))?;
        // Written also when false: it decides the shape of every HTTP invocation, and readers look for it.
        members.serialize_entry("enableForwardingHttpRequest", &self.enable_forwarding_http_request)?;
        if let Some(port) = self.port {
            members.serialize_entry("port", &port)?;
        }
        if let Some(timeout) = self.initialization_timeout {
            members.serialize_entry("initializationTimeout", &timeout)?;
        }
        members.end()
    }
}

struct Description<'a>(&'a CustomHandler);

impl Serialize for Description<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("defaultExecutablePath", &self.0.default_executable_path)?;
        if !self.0.arguments.is_empty() {
            members.serialize_entry("arguments", &self.0.arguments)?;
        }
        if let Some(directory) = &self.0.working_directory {
            members.serialize_entry("workingDirectory", directory)?;
        }
        members.end()
    }
}
