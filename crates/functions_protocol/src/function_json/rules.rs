//! What a function.json must hold to: the host's rules, and the stricter ones for what we write ourselves.

use super::FunctionJson;
use super::binding::{Binding, BindingKind, DataType, Direction};
use crate::document::DocumentError;
use crate::names::{LONGEST_TRIGGER_QUEUE, is_binding_name, is_setting_name, is_storage_name};
use crate::time_span::TimeSpan;

/// The host's rules: it reports a function that breaks one and leaves it out.
pub(super) fn check(document: &FunctionJson) -> Result<(), DocumentError> {
    if document.bindings.is_empty() {
        return Err(DocumentError::Missing {
            path: "bindings[0]".to_owned(),
        });
    }
    for (index, binding) in document.bindings.iter().enumerate() {
        let expected = "a letter followed by at most 127 letters and digits, or $return";
        if !is_binding_name(&binding.name) {
            return Err(refuse(index, "name", &binding.name, expected));
        }
        let earlier = &document.bindings[..index];
        if earlier
            .iter()
            .any(|other| other.name.eq_ignore_ascii_case(&binding.name))
        {
            return Err(refuse(
                index,
                "name",
                &binding.name,
                "unlike the other bindings' names, also when case is ignored",
            ));
        }
        if binding.kind.is_trigger() && binding.kind.direction() != Direction::In {
            let direction = binding.kind.direction().name();
            return Err(refuse(index, "direction", direction, "in, for a trigger"));
        }
        if binding.kind.is_trigger() && earlier.iter().any(|other| other.kind.is_trigger()) {
            return Err(refuse(
                index,
                "type",
                binding.kind.type_name(),
                "no trigger, because a function has only one",
            ));
        }
    }
    if document.trigger().is_none() {
        return Err(DocumentError::Missing {
            path: "bindings[].type of a trigger".to_owned(),
        });
    }
    Ok(())
}

/// The rules for what we write.
pub(super) fn check_strictly(document: &FunctionJson) -> Result<(), DocumentError> {
    check(document)?;
    for (index, binding) in document.bindings.iter().enumerate() {
        check_binding(index, binding)?;
    }
    let is_http = matches!(
        document.trigger().map(|binding| &binding.kind),
        Some(BindingKind::HttpTrigger { .. })
    );
    let answers = document
        .bindings
        .iter()
        .filter(|binding| binding.kind == BindingKind::HttpOutput)
        .count();
    match (is_http, answers) {
        (true, 1) | (false, 0) => Ok(()),
        (true, 0) => Err(DocumentError::Missing {
            path: "bindings[].type `http`".to_owned(),
        }),
        _ => Err(DocumentError::Type {
            path: "bindings".to_owned(),
            expected: "without an `http` output, except one beside an `httpTrigger`",
        }),
    }
}

fn check_binding(index: usize, binding: &Binding) -> Result<(), DocumentError> {
    match &binding.kind {
        BindingKind::HttpTrigger { methods, route, .. } => {
            if let Some(method) = methods
                .iter()
                .find(|method| !method.bytes().all(|byte| byte.is_ascii_lowercase()))
            {
                return Err(refuse(index, "methods", method, "methods in lower case"));
            }
            if let Some(route) = route.as_deref().filter(|route| is_reserved_route(route)) {
                return Err(refuse(
                    index,
                    "route",
                    route,
                    "a route that starts with neither `admin` nor `runtime`",
                ));
            }
        }
        BindingKind::TimerTrigger { schedule, .. } => {
            if !is_setting(schedule) && schedule.split(' ').count() != 6 && schedule.parse::<TimeSpan>().is_err() {
                let expected = "a setting (%NAME%), six fields starting with seconds, or a duration";
                return Err(refuse(index, "schedule", schedule, expected));
            }
        }
        BindingKind::QueueTrigger { queue_name, .. } => {
            let sound = is_storage_name(queue_name) && queue_name.len() <= LONGEST_TRIGGER_QUEUE;
            if !is_setting(queue_name) && !sound {
                let expected = "a setting (%NAME%) or a queue name that leaves room for `-poison`";
                return Err(refuse(index, "queueName", queue_name, expected));
            }
        }
        BindingKind::QueueOutput { queue_name, .. } => {
            if !has_expression(queue_name) && !is_storage_name(queue_name) {
                return Err(refuse(
                    index,
                    "queueName",
                    queue_name,
                    "a queue name, a setting or an expression",
                ));
            }
        }
        BindingKind::BlobInput { path, .. } | BindingKind::BlobOutput { path, .. } => {
            let sound = path.split_once('/').is_some_and(|(container, blob)| {
                !blob.is_empty() && (has_expression(container) || is_storage_name(container))
            });
            if !sound {
                return Err(refuse(index, "path", path, "container/path"));
            }
        }
        BindingKind::HttpOutput => {}
        BindingKind::Unknown { binding_type, .. } => {
            return Err(refuse(index, "type", binding_type, "a type that this crate knows"));
        }
    }
    check_common(index, binding)
}

fn check_common(index: usize, binding: &Binding) -> Result<(), DocumentError> {
    if binding.name == "$return" {
        return Err(refuse(
            index,
            "name",
            &binding.name,
            "a name: answers carry outputs by name",
        ));
    }
    if let Some(data_type) = binding.data_type {
        let chooses = matches!(
            binding.kind,
            BindingKind::QueueTrigger { .. } | BindingKind::BlobInput { .. }
        );
        if !chooses || data_type == DataType::Stream {
            // On an output it would switch off the decoding by which binary values get through.
            return Err(refuse(
                index,
                "dataType",
                data_type.name(),
                "absent, or string or binary on a queue trigger or blob input",
            ));
        }
    }
    match binding.kind.connection() {
        Some(connection) if !is_setting_name(connection) => {
            Err(refuse(index, "connection", connection, "the name of a setting"))
        }
        _ => Ok(()),
    }
}

fn is_reserved_route(route: &str) -> bool {
    let route = route.trim_matches('/').to_ascii_lowercase();
    route.starts_with("admin") || route.starts_with("runtime")
}

/// `%NAME%` and nothing else.
fn is_setting(text: &str) -> bool {
    text.strip_prefix('%')
        .and_then(|rest| rest.strip_suffix('%'))
        .is_some_and(is_setting_name)
}

fn has_expression(text: &str) -> bool {
    text.contains(['%', '{'])
}

fn refuse(index: usize, member: &str, value: &str, expected: &'static str) -> DocumentError {
    DocumentError::Value {
        path: format!("bindings[{index}].{member}"),
        value: value.to_owned(),
        expected,
    }
}
