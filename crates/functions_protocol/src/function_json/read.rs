//! Reading function.json as the host does.

use serde_json::Value;

use super::binding::{AuthLevel, Binding, BindingKind, DataType, Direction};
use super::retry::Retry;
use super::{FunctionJson, rules};
use crate::document::{DocumentError, Fields, Read, Warning, to_strict};

pub(super) fn read(text: &str) -> Result<Read<FunctionJson>, DocumentError> {
    let value: Value = serde_json::from_str(&to_strict(text)).map_err(DocumentError::Syntax)?;
    let mut warnings = Vec::new();
    let mut fields = Fields::new("", value)?;

    let Some(Value::Array(items)) = fields.take("bindings") else {
        return Err(DocumentError::Missing {
            path: "bindings".to_owned(),
        });
    };
    let bindings = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| read_binding(Fields::new(&format!("bindings[{index}]"), item)?, &mut warnings))
        .collect::<Result<Vec<_>, _>>()?;
    let retry = fields
        .take_fields("retry")?
        .map(|fields| Retry::read(fields, &mut warnings))
        .transpose()?;

    check_configuration_source(&mut fields)?;
    for (name, message) in [
        (
            "disabled",
            "is not read by the host; disable a function by the setting AzureWebJobs.<function>.Disabled",
        ),
        (
            "scriptFile",
            "names a file that must exist, though a custom handler does not need it",
        ),
        ("entryPoint", "has no effect for a custom handler"),
    ] {
        if fields.take(name).is_some() {
            warnings.push(Warning {
                path: name.to_owned(),
                message: message.to_owned(),
            });
        }
    }
    fields.warn_about_rest(&mut warnings);

    let document = FunctionJson { bindings, retry };
    rules::check(&document)?;
    Ok(Read { document, warnings })
}

fn check_configuration_source(fields: &mut Fields) -> Result<(), DocumentError> {
    match fields.take_text("configurationSource")? {
        Some(source) if source != "config" && source != "attributes" => Err(DocumentError::Value {
            path: "configurationSource".to_owned(),
            value: source,
            expected: "config or attributes",
        }),
        _ => Ok(()),
    }
}

fn read_binding(mut fields: Fields, warnings: &mut Vec<Warning>) -> Result<Binding, DocumentError> {
    let name = fields.require_text("name")?;
    let binding_type = fields.require_text("type")?;
    let direction = match fields.take_text("direction")? {
        None => Direction::In,
        Some(text) => choose(
            &fields.path("direction"),
            &text,
            "in, out or inout",
            &[Direction::In, Direction::Out, Direction::InOut].map(|direction| (direction.name(), direction)),
        )?,
    };
    let data_type = match fields.take_text("dataType")? {
        None => None,
        Some(text) => Some(choose(
            &fields.path("dataType"),
            &text,
            "string, binary or stream",
            &[DataType::String, DataType::Binary, DataType::Stream].map(|data_type| (data_type.name(), data_type)),
        )?),
    };

    let kind = match (binding_type.to_ascii_lowercase().as_str(), direction) {
        ("httptrigger", Direction::In) => read_http_trigger(&mut fields)?,
        ("http", Direction::Out) => BindingKind::HttpOutput,
        ("timertrigger", Direction::In) => BindingKind::TimerTrigger {
            schedule: fields.require_text("schedule")?,
            run_on_startup: fields.take_bool("runOnStartup")?.unwrap_or(false),
            use_monitor: fields.take_bool("useMonitor")?.unwrap_or(true),
        },
        ("queuetrigger", Direction::In) => BindingKind::QueueTrigger {
            queue_name: fields.require_text("queueName")?,
            connection: fields.take_text("connection")?,
        },
        ("queue", Direction::Out) => BindingKind::QueueOutput {
            queue_name: fields.require_text("queueName")?,
            connection: fields.take_text("connection")?,
        },
        ("blob", Direction::In) => BindingKind::BlobInput {
            path: fields.require_text("path")?,
            connection: fields.take_text("connection")?,
        },
        ("blob", Direction::Out) => BindingKind::BlobOutput {
            path: fields.require_text("path")?,
            connection: fields.take_text("connection")?,
        },
        // Its properties are its own; who refuses the type by name need not hear about each of them.
        _ => {
            return Ok(Binding {
                name,
                data_type,
                kind: BindingKind::Unknown {
                    binding_type,
                    direction,
                },
            });
        }
    };
    fields.warn_about_rest(warnings);
    Ok(Binding { name, data_type, kind })
}

fn read_http_trigger(fields: &mut Fields) -> Result<BindingKind, DocumentError> {
    let auth_level = match fields.take_text("authLevel")? {
        None => AuthLevel::default(),
        Some(text) => choose(
            &fields.path("authLevel"),
            &text,
            "anonymous, function or admin",
            &[AuthLevel::Anonymous, AuthLevel::Function, AuthLevel::Admin].map(|level| (level.name(), level)),
        )?,
    };
    Ok(BindingKind::HttpTrigger {
        auth_level,
        methods: fields.take_texts("methods")?.unwrap_or_default(),
        route: fields.take_text("route")?,
    })
}

fn choose<T: Copy>(path: &str, text: &str, expected: &'static str, choices: &[(&str, T)]) -> Result<T, DocumentError> {
    choices
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text))
        .map(|(_, choice)| *choice)
        .ok_or_else(|| DocumentError::Value {
            path: path.to_owned(),
            value: text.to_owned(),
            expected,
        })
}
