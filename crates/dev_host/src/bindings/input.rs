//! Blob inputs, read before a run.

use functions_protocol::function_json::BindingKind;
use host_rules::dotnet::Value;
use host_rules::wire::blob_input;
use storage_access::{ConnectionError, StorageError};

use super::{NameError, Names};
use crate::app::Function;
use crate::host::{Host, RunningApp};
use crate::storage::Use;

/// An input that cannot be read: the run fails before the handler is called.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Its path has a name without a value.
    #[error("input {binding}")]
    Path {
        /// The binding.
        binding: String,
        /// What is missing.
        source: NameError,
    },
    /// Its path names no blob.
    #[error("input {binding}: {path:?} is not of the form container/blob")]
    NoBlob {
        /// The binding.
        binding: String,
        /// The path.
        path: String,
    },
    /// Its connection cannot be used.
    #[error("input {binding}")]
    Connection {
        /// The binding.
        binding: String,
        /// Why not.
        source: ConnectionError,
    },
    /// Storage does not give it.
    #[error("input {binding}")]
    Read {
        /// The binding.
        binding: String,
        /// Why not.
        source: StorageError,
    },
}

/// The values of the function's inputs, by binding name. A missing blob is a null.
///
/// # Errors
/// An input cannot be read.
pub async fn read_inputs(
    host: &Host,
    app: &RunningApp,
    function: &Function,
    names: &Names,
) -> Result<Vec<(String, Value)>, InputError> {
    let mut values = Vec::new();
    for input in function.inputs() {
        let BindingKind::BlobInput { path, .. } = &input.kind else {
            continue;
        };
        let binding = || input.name.clone();
        let path = names.fill(path).map_err(|source| InputError::Path {
            binding: binding(),
            source,
        })?;
        let (container, blob) = path.split_once('/').ok_or_else(|| InputError::NoBlob {
            binding: binding(),
            path: path.clone(),
        })?;
        let connection = input.kind.connection().unwrap_or("AzureWebJobsStorage");
        let storage = host
            .connections
            .storage(&app.app.settings, connection, Use::Bindings)
            .map_err(|source| InputError::Connection {
                binding: binding(),
                source,
            })?;
        let read = storage.container(container).document(blob).get().await;
        let read = read.map_err(|source| InputError::Read {
            binding: binding(),
            source,
        })?;
        let data_type = function
            .rules
            .bindings
            .iter()
            .find(|rule| rule.name == input.name)
            .and_then(|rule| rule.data_type);
        values.push((
            binding(),
            blob_input(read.as_ref().map(|read| read.bytes.as_ref()), data_type),
        ));
    }
    Ok(values)
}
