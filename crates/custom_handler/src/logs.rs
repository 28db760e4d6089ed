//! The one log: lines on stdout, each with the function and invocation that it belongs to.
//!
//! The host takes stderr lines for errors, so everything goes to stdout. Each line is written to the pipe in one call
//! before the handler goes on: the host kills handlers without notice, and a line in the pipe survives that where one
//! in a background writer would not. Lines of successful invocations also go into the answer's `Logs`, where the host
//! ties them to the invocation; it drops those of failed ones, which therefore are on stdout only.

mod fields;
mod layer;

use std::fmt;
use std::str::FromStr;

use determinism::Clock;
use tracing::Span;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub(crate) use layer::{LogLayer, take_lines};

use crate::setting::Setting;
use crate::settings::{Settings, SettingsError, all_settings};

const LEVEL: &str = "LOG_LEVEL";
const FORMAT: &str = "LOG_FORMAT";

/// How the log looks and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    level: Targets,
    format: LogFormat,
}

/// The look of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people: time, level, function, invocation, message, fields.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogSettings {
    pub(crate) fn from_settings(settings: &Settings) -> Result<Self, SettingsError> {
        let level = settings.parsed_or(LEVEL, Targets::new().with_default(tracing::Level::INFO));
        let (level, format) = all_settings((level, settings.parsed_or(FORMAT, LogFormat::Text)))?;
        Ok(Self { level, format })
    }

    /// The settings that every app has for its log.
    pub(crate) fn declared() -> [Setting; 2] {
        let level = |text: &str| text.parse::<Targets>().map(drop).map_err(|error| error.to_string());
        let format = |text: &str| text.parse::<LogFormat>().map(drop).map_err(|error| error.to_string());
        [
            Setting::optional(LEVEL)
                .default("info")
                .checked(level)
                .describe("Least level of log lines: `error`, `warn`, `info`, `debug`, `trace` or `off`; also per module, as in `info,repo_client=debug`."),
            Setting::optional(FORMAT)
                .default("text")
                .checked(format)
                .describe("Form of log lines: `text` for people, `json` for one object a line."),
        ]
    }

    /// Sends this process's log lines to stdout. Does nothing when a subscriber is set already, as in tests.
    pub(crate) fn install(self, clock: Clock) {
        let layer = LogLayer::new(self.format, clock, std::io::stdout());
        let _ = tracing_subscriber::registry().with(self.level).with(layer).try_init();
    }
}

/// The span of one invocation. Its level is `ERROR` so that no level setting takes the tag off the lines inside.
pub(crate) fn invocation_span(function: &str, id: &str) -> Span {
    tracing::error_span!(target: "custom_handler", "invocation", function, id)
}

/// A `LOG_FORMAT` that is neither text nor json.
#[derive(Debug)]
pub(crate) struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write text or json")
    }
}

impl FromStr for LogFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownFormat),
        }
    }
}
