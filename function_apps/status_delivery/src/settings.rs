//! What the app is told, and what it makes of it.

use custom_handler::{Setting, SettingProblem, Settings, SettingsError, all_settings};
use scan_status::queues::RESULTS;
use storage_access::{Connection, Storage, Transport};

use crate::desk::Desk;
use crate::stored::STATE_CONTAINER;

/// The connection of the storage account that holds results, state and the public document.
pub(crate) const PRIMARY: &str = "pmcstatusprimary_CONNECTION";

const CONTAINER: &str = "JsonContainerName";
const BLOB: &str = "JsonBlobName";
const QUEUE: &str = "ResultsQueueName";

/// What the functions work with.
pub struct Deps {
    pub(crate) storage: Storage,
    pub(crate) desk: Desk,
}

impl Deps {
    /// Clients over the network. Sends nothing yet.
    ///
    /// # Errors
    ///
    /// All settings that are missing or wrong.
    pub async fn connect(settings: &Settings) -> Result<Self, SettingsError> {
        Self::with_transport(settings, Transport::http())
    }

    /// As [`Deps::connect`], with requests going over `transport`.
    ///
    /// # Errors
    ///
    /// All settings that are missing or wrong.
    pub fn with_transport(settings: &Settings, transport: Transport) -> Result<Self, SettingsError> {
        let connection = Connection::from_settings(PRIMARY, &|name| settings.get(name).map(str::to_owned))
            .and_then(|connection| Storage::connect(&connection, transport))
            .map_err(|error| SettingProblem::new(PRIMARY, error.reason()));
        let (storage, container, blob) =
            all_settings((connection, settings.required(CONTAINER), settings.required(BLOB)))?;
        Ok(Self {
            storage,
            desk: Desk::new(container, blob),
        })
    }
}

/// The settings that the app reads itself.
pub(crate) fn declared() -> [Setting; 3] {
    [
        Setting::optional(CONTAINER)
            .default("dynamic-public-data")
            .describe("Container of the public document. It is created with anonymous read access to its blobs.")
            .checked(check_container),
        Setting::optional(BLOB)
            .default("repository_status.json")
            .describe("Name of the public document."),
        Setting::optional(QUEUE)
            .default("results-queue")
            .describe("Queue of the results. Always that of the trigger; anything else is refused at start.")
            .checked(check_queue),
    ]
}

fn check_container(name: &str) -> Result<(), String> {
    if name == STATE_CONTAINER {
        return Err(format!("{STATE_CONTAINER} holds the private state"));
    }
    if functions_protocol::names::is_storage_name(name) {
        Ok(())
    } else {
        Err("this is no name for a container".to_owned())
    }
}

/// The trigger's queue stands in function.json, which is made of a constant, so another name here would drain a queue
/// that nothing fills, or leave one that nothing drains.
fn check_queue(name: &str) -> Result<(), String> {
    if name == RESULTS.name() {
        Ok(())
    } else {
        Err(format!("it must be {}, the trigger's queue", RESULTS.name()))
    }
}
