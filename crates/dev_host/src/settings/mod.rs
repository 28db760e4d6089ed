//! App settings: where they come from, what the storage settings become, and which of them are secret.

mod local_file;
mod merged;
mod redaction;

pub use local_file::{LocalSettings, LocalSettingsError};
pub use merged::{AppSettings, Source};
pub use redaction::Redactor;
