//! Accounts, their keys, and the addresses clients reach them at.

use std::fmt;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::call::Service;

/// The account every Azure storage tool knows for development.
pub const DEVELOPMENT_ACCOUNT: &str = "devstoreaccount1";

/// The published key of [`DEVELOPMENT_ACCOUNT`]: the same on every machine, so not a secret.
pub const DEVELOPMENT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// An account name and the key that signs its requests.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// The key as it stands in connection strings (base64).
    pub(crate) key_text: String,
    /// The key as it signs.
    pub(crate) key: Vec<u8>,
}

impl Account {
    pub(crate) fn new(name: &str, key_text: &str) -> Result<Self, base64::DecodeError> {
        Ok(Self {
            name: name.to_owned(),
            key_text: key_text.to_owned(),
            key: STANDARD.decode(key_text)?,
        })
    }

    pub(crate) fn development() -> Self {
        Self::new(DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY).expect("the published key is valid base64")
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Account")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Where the two services are reached; gives each account its connection string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    blob: String,
    queue: String,
}

impl Endpoints {
    /// Host names that cannot exist on a network (RFC 2606), for clients whose transport is the emulator itself: with a
    /// wrong transport they fail instead of reaching somebody else's storage.
    pub fn in_process() -> Self {
        Self {
            blob: "http://blob.emulator.test".to_owned(),
            queue: "http://queue.emulator.test".to_owned(),
        }
    }

    /// Plain HTTP at the addresses of two listeners.
    pub fn http(blob: SocketAddr, queue: SocketAddr) -> Self {
        Self {
            blob: format!("http://{blob}"),
            queue: format!("http://{queue}"),
        }
    }

    /// HTTPS at two ports of `host`, the name the certificate is for.
    pub fn https(host: &str, blob_port: u16, queue_port: u16) -> Self {
        Self {
            blob: format!("https://{host}:{blob_port}"),
            queue: format!("https://{host}:{queue_port}"),
        }
    }

    /// The service's address for `account`, without a slash at the end.
    pub fn of(&self, service: Service, account: &str) -> String {
        let base = match service {
            Service::Blob => &self.blob,
            Service::Queue => &self.queue,
        };
        format!("{base}/{account}")
    }

    pub(crate) fn connection_string(&self, account: &Account) -> String {
        let protocol = if self.blob.starts_with("https") {
            "https"
        } else {
            "http"
        };
        format!(
            "DefaultEndpointsProtocol={protocol};AccountName={name};AccountKey={key};BlobEndpoint={blob};QueueEndpoint={queue};",
            name = account.name,
            key = account.key_text,
            blob = self.of(Service::Blob, &account.name),
            queue = self.of(Service::Queue, &account.name),
        )
    }
}
