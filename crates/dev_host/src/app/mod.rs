//! A function app as it stands on disk: host.json, one folder per function, settings.

mod arguments;
mod function;
mod load;

use std::path::PathBuf;
use std::time::Duration;

use functions_protocol::HostJson;
use functions_protocol::host_json::FunctionTimeout;

pub use function::{Function, FunctionProblem, Trigger};
pub use load::{AppError, Layers, load};

use crate::settings::AppSettings;
use crate::supervisor::Executable;

/// One app, loaded and checked.
#[derive(Clone, Debug)]
pub struct App {
    /// Folder name.
    pub name: String,
    /// Its folder: the app root.
    pub folder: PathBuf,
    /// Its settings.
    pub settings: AppSettings,
    /// Its host.json.
    pub host: HostJson,
    /// What starts its handler.
    pub executable: Executable,
    /// The functions that can run.
    pub functions: Vec<Function>,
    /// The functions that cannot, as the host's indexing errors.
    pub problems: Vec<FunctionProblem>,
    /// What its documents say without effect.
    pub warnings: Vec<String>,
}

impl App {
    /// The function with this name, in any case.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions
            .iter()
            .find(|function| function.name.eq_ignore_ascii_case(name))
    }

    /// How long a run may take; none for ever. The default is that of every plan but Consumption: 30 minutes.
    pub fn function_timeout(&self) -> Option<Duration> {
        match self.host.function_timeout {
            None => Some(Duration::from_secs(30 * 60)),
            Some(FunctionTimeout::After(span)) => Some(span.duration()),
            Some(FunctionTimeout::Unlimited) => None,
        }
    }

    /// How long the handler may take until it listens.
    pub fn initialization_timeout(&self) -> Duration {
        let written = self
            .host
            .custom_handler
            .as_ref()
            .and_then(|handler| handler.initialization_timeout);
        written.map_or(Duration::from_secs(30), Into::into)
    }

    /// The id under which the app keeps timer states and locks in storage: `AzureFunctionsWebHost__hostid`, otherwise the
    /// app's name and a number made of its path, so that two checkouts that share a store do not share timers.
    pub fn host_id(&self) -> String {
        if let Some(id) = self.settings.get("AzureFunctionsWebHost__hostid") {
            return id.to_owned();
        }
        let name: String = self.name.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        // FNV-1a: small, and the same in every build, unlike the standard library's hasher.
        let hash = self
            .folder
            .to_string_lossy()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("{}-{}", name.to_ascii_lowercase(), hash % 1_000_000_000)
    }
}
