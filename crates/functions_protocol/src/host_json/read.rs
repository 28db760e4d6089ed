//! Reading host.json as the host does.

use serde_json::Value;

use super::{CustomHandler, ExtensionBundle, Extensions, FunctionTimeout, HostJson, overrides};
use crate::document::{DocumentError, Fields, Read, read_scalar, to_strict};
use crate::function_json::Retry;

/// Sections that the host knows and this crate only passes on.
const PASSED_ON: [&str; 12] = [
    "aggregator",
    "applicationInsights",
    "concurrency",
    "configurationProfile",
    "functions",
    "healthMonitor",
    "id",
    "managedDependency",
    "singleton",
    "telemetryMode",
    "watchDirectories",
    "watchFiles",
];

pub(super) fn read<'s>(
    text: &str,
    settings: impl IntoIterator<Item = (&'s str, &'s str)>,
) -> Result<Read<HostJson>, DocumentError> {
    let mut value: Value = serde_json::from_str(&to_strict(text)).map_err(DocumentError::Syntax)?;
    if value.is_object() {
        overrides::apply(&mut value, settings);
    }
    let mut warnings = Vec::new();
    let mut fields = Fields::new("", value)?;
    let version = fields.require_text("version")?;
    if version != "2.0" {
        return Err(DocumentError::Value {
            path: "version".to_owned(),
            value: version,
            expected: "2.0",
        });
    }
    let custom_handler = fields
        .take_fields("customHandler")?
        .map(|fields| CustomHandler::read(fields, &mut warnings))
        .transpose()?;
    let extension_bundle = match fields.take_fields("extensionBundle")? {
        None => None,
        Some(mut bundle) => {
            let read = ExtensionBundle {
                id: bundle.require_text("id")?,
                version: bundle.require_text("version")?,
            };
            bundle.warn_about_rest(&mut warnings);
            Some(read)
        }
    };
    let extensions = fields
        .take_fields("extensions")?
        .map(|fields| Extensions::read(fields, &mut warnings))
        .transpose()?;
    let document = HostJson {
        custom_handler,
        extension_bundle,
        function_timeout: fields
            .take("functionTimeout")
            .map(|value| read_timeout(&value))
            .transpose()?,
        extensions: extensions.unwrap_or_default(),
        retry: fields
            .take_fields("retry")?
            .map(|fields| Retry::read(fields, &mut warnings))
            .transpose()?,
        logging: fields.take("logging"),
        other: PASSED_ON
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), fields.take(name)?)))
            .collect(),
    };
    fields.warn_about_rest(&mut warnings);
    Ok(Read { document, warnings })
}

fn read_timeout(value: &Value) -> Result<FunctionTimeout, DocumentError> {
    const EXPECTED: &str = "a duration of one second or more, or -1";
    let text: String = read_scalar("functionTimeout", value, EXPECTED)?;
    // .NET reads -1 as minus one day, and the host takes just that for unlimited.
    if text.trim() == "-1" {
        return Ok(FunctionTimeout::Unlimited);
    }
    let span: crate::TimeSpan = read_scalar("functionTimeout", value, EXPECTED)?;
    if span.duration().as_secs() < 1 {
        let path = "functionTimeout".to_owned();
        return Err(DocumentError::Value {
            path,
            value: text,
            expected: EXPECTED,
        });
    }
    Ok(FunctionTimeout::After(span))
}
