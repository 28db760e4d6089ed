//! From a binding's `connection` to clients.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use storage_access::{Connection, ConnectionError, Retry, Storage, Transport};

use crate::settings::AppSettings;

/// Clients for every connection that the apps name. Clones share them.
#[derive(Clone)]
pub struct Connections(Arc<Inner>);

struct Inner {
    built_in: Option<BuiltIn>,
    network: Transport,
    made: Mutex<HashMap<(String, Use), Storage>>,
}

/// Connection string given to apps, connection string inside this process, and the way to it without the network.
type BuiltIn = (String, String, Transport);

/// Who asks: the storage client's own retries would hide the listener's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// A listener machine, which does its own retries.
    Listener,
    /// Everything else.
    Bindings,
}

impl Connections {
    /// Clients; `built_in` is the storage that runs in this process, if any.
    pub fn new(built_in: Option<BuiltIn>) -> Self {
        Self(Arc::new(Inner {
            built_in,
            network: Transport::http(),
            made: Mutex::default(),
        }))
    }

    /// The account that connection `name` means for an app with these settings.
    ///
    /// # Errors
    /// The setting is missing or unusable.
    pub fn storage(&self, settings: &AppSettings, name: &str, purpose: Use) -> Result<Storage, ConnectionError> {
        // Identity-based connections have no one text that tells them apart; they are rare on a laptop.
        let Some(written) = self.written(settings, name) else {
            let connection = Connection::from_settings(name, &|key| settings.get(key).map(str::to_owned))?;
            return Storage::connect(&connection, with_retries(self.0.network.clone(), purpose));
        };
        let key = (written, purpose);
        let mut made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(storage) = made.get(&key) {
            return Ok(storage.clone());
        }
        let (text, transport) = match &self.0.built_in {
            Some((outside, inside, transport)) if key.0 == *outside => (inside, transport),
            _ => (&key.0, &self.0.network),
        };
        let connection = Connection::from_string(name, text)?;
        let storage = Storage::connect(&connection, with_retries(transport.clone(), purpose))?;
        made.insert(key, storage.clone());
        Ok(storage)
    }

    /// What tells accounts apart: the connection string, or the setting's name for identity-based ones.
    pub fn account(&self, settings: &AppSettings, name: &str) -> String {
        self.written(settings, name).unwrap_or_else(|| name.to_owned())
    }

    fn written(&self, settings: &AppSettings, name: &str) -> Option<String> {
        let filled = |key: &str| {
            settings
                .get(key)
                .filter(|value| !value.trim().is_empty())
                .map(str::to_owned)
        };
        filled(name).or_else(|| filled(&format!("AzureWebJobs{name}")))
    }
}

fn with_retries(transport: Transport, purpose: Use) -> Transport {
    match purpose {
        Use::Listener => transport.with_retry(Retry::NEVER),
        Use::Bindings => transport,
    }
}
