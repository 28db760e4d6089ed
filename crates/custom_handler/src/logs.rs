//! The one log: lines on stdout, each with the function and invocation that it belongs to.
//!
//! The host takes stderr lines for errors, so everything goes to stdout. Each line is written to the pipe in one call
//! before the handler goes on: the host kills handlers without notice, and a line in the pipe survives that where one
//! in a background writer would not. Lines of successful invocations also go into the answer's `Logs`, where the host
//! ties them to the invocation; it drops those of failed ones, which therefore are on stdout only.

mod fields;
mod invocation;
mod layer;
mod levels;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::str::FromStr;

use determinism::Clock;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub(crate) use invocation::{AnswerLines, enter, in_invocation};
pub(crate) use layer::LogLayer;
use levels::LogLevels;

use crate::setting::Setting;
use crate::settings::{Settings, SettingsError, all_settings};

const LEVEL: &str = "LOG_LEVEL";
const FORMAT: &str = "LOG_FORMAT";

/// How the log looks and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    levels: LogLevels,
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
        let levels = settings.parsed_or(LEVEL, LogLevels::only(LevelFilter::INFO));
        let (levels, format) = all_settings((levels, settings.parsed_or(FORMAT, LogFormat::Text)))?;
        Ok(Self { levels, format })
    }

    /// The settings that every app has for its log.
    pub(crate) fn declared() -> [Setting; 2] {
        [
            Setting::optional(LEVEL)
                .default("info")
                .of_type::<LogLevels>()
                .describe("Least level of log lines: `error`, `warn`, `info`, `debug`, `trace` or `off`; also per module, as in `info,repo_client=debug`."),
            Setting::optional(FORMAT)
                .default("text")
                .of_type::<LogFormat>()
                .describe("Form of log lines: `text` for people, `json` for one object a line."),
        ]
    }

    /// Sends this process's log lines to stdout. Does nothing when a subscriber is set already, as in tests.
    pub(crate) fn install(self, clock: Clock) {
        let layer = LogLayer::new(self.format, clock, std::io::stdout());
        let _ = tracing_subscriber::registry()
            .with(self.levels.into_filter())
            .with(layer)
            .try_init();
    }
}

/// Writes panics into the log, with their place in the source and the invocation that they end.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = crate::call::panic_message(panic.payload());
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            tracing::error!(place, %backtrace, "panicked: {message}");
        } else {
            tracing::error!(place, "panicked: {message}");
        }
    }));
}

impl FromStr for LogFormat {
    type Err = BadLogSetting;

    fn from_str(text: &str) -> Result<Self, BadLogSetting> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(BadLogSetting::Format),
        }
    }
}

/// Why a setting of the log is unusable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadLogSetting {
    #[error("write error, warn, info, debug, trace or off; for one module, module=level")]
    Level,
    #[error("write text or json")]
    Format,
}
