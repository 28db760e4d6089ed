//! What a connection setting says: where the services are and how to be let in.

use std::fmt;

use azure_core::credentials::Secret;
use url::Url;

use crate::connection_string;
use crate::identity::{self, Identity};

/// An account's services and the right to use them, read from app settings. `Debug` shows no secret.
#[derive(Clone)]
pub struct Connection {
    pub(crate) name: String,
    pub(crate) blob_endpoint: Option<Url>,
    pub(crate) queue_endpoint: Option<Url>,
    pub(crate) authorization: Authorization,
}

#[derive(Clone)]
pub(crate) enum Authorization {
    /// The account's name and its key in base64.
    SharedKey {
        account: String,
        key: Secret,
    },
    /// A shared access signature: a query string without its question mark.
    SharedAccessSignature(Secret),
    Identity(Identity),
    /// No right: the services answer what is public.
    Anonymous,
}

/// A connection that cannot be used as it is set. No variant shows a value that could be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// Neither form of the connection is among the settings.
    #[error(
        "connection {name} is not set: give {name} a connection string, or set {name}__accountName \
         (or {name}__blobServiceUri and {name}__queueServiceUri) to use an identity"
    )]
    Missing {
        /// The connection's name.
        name: String,
    },
    /// A part of the connection string is not `key=value`.
    #[error("connection {name}: part {part} of the connection string is not of the form key=value")]
    Malformed {
        /// The connection's name.
        name: String,
        /// The part's place, counted from 1.
        part: usize,
    },
    /// A key stands in the connection string twice.
    #[error("connection {name}: {key} stands in the connection string more than once")]
    Repeated {
        /// The connection's name.
        name: String,
        /// The repeated key.
        key: String,
    },
    /// The connection string names no account and no endpoint.
    #[error("connection {name}: the connection string needs AccountName, BlobEndpoint or QueueEndpoint")]
    NoEndpoint {
        /// The connection's name.
        name: String,
    },
    /// The connection string carries nothing that opens the account.
    #[error("connection {name}: the connection string needs AccountKey with AccountName, or SharedAccessSignature")]
    NoAuthorization {
        /// The connection's name.
        name: String,
    },
    /// A value cannot be read.
    #[error("connection {name}: {key} {problem}")]
    Invalid {
        /// The connection's name.
        name: String,
        /// The key inside the connection string, or the whole setting's name.
        key: String,
        /// What is wrong with the value, without the value.
        problem: &'static str,
    },
    /// Client and credential could not be put together.
    #[error("connection {name}: it cannot be used: {problem}")]
    Unusable {
        /// The connection's name.
        name: String,
        /// What the client library says.
        problem: String,
    },
}

impl Connection {
    /// Reads connection `name` through `setting`, which gives an app setting's value.
    ///
    /// Two forms, as the Functions host reads them: a connection string under `name` or `AzureWebJobs` + `name` (account
    /// key, shared access signature, or `UseDevelopmentStorage=true`), or identity-based settings with `name` as prefix:
    /// `__accountName`, or `__blobServiceUri` and `__queueServiceUri`; with `__credential` (`managedidentity`) and
    /// `__clientId`. A connection string wins over the other form. Without `__credential` the managed identity is used
    /// where the platform offers one (`IDENTITY_ENDPOINT` is set), and the developer's own sign-in elsewhere.
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] names the setting and the fault, never a secret.
    pub fn from_settings(name: &str, setting: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConnectionError> {
        let filled = |key: &str| setting(key).filter(|value| !value.trim().is_empty());
        for key in [name.to_owned(), format!("AzureWebJobs{name}")] {
            if let Some(text) = filled(&key) {
                return connection_string::parse(&key, &text);
            }
        }
        for prefix in [name.to_owned(), format!("AzureWebJobs{name}")] {
            if let Some(connection) = identity::from_settings(&prefix, &filled)? {
                return Ok(connection);
            }
        }
        Err(ConnectionError::Missing { name: name.to_owned() })
    }

    /// Reads a connection string that does not come from a setting; `name` stands for it in messages.
    ///
    /// # Errors
    ///
    /// As [`Connection::from_settings`].
    pub fn from_string(name: &str, text: &str) -> Result<Self, ConnectionError> {
        connection_string::parse(name, text)
    }

    /// The same account for somebody without any right to it, as a browser reads it: blobs of public containers.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self {
            authorization: Authorization::Anonymous,
            ..self
        }
    }
}

impl ConnectionError {
    /// The message without the connection's name, for lists that name the setting themselves.
    pub fn reason(&self) -> String {
        match self {
            Self::Missing { .. } => "missing".to_owned(),
            other => {
                let text = other.to_string();
                text.split_once(": ")
                    .map_or(text.clone(), |(_, reason)| reason.to_owned())
            }
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authorization = match &self.authorization {
            Authorization::SharedKey { account, .. } => format!("key of account {account}"),
            Authorization::SharedAccessSignature(_) => "shared access signature".to_owned(),
            Authorization::Identity(identity) => format!("{identity:?}"),
            Authorization::Anonymous => "none".to_owned(),
        };
        formatter
            .debug_struct("Connection")
            .field("name", &self.name)
            .field("blob_endpoint", &self.blob_endpoint.as_ref().map(Url::as_str))
            .field("queue_endpoint", &self.queue_endpoint.as_ref().map(Url::as_str))
            .field("authorization", &authorization)
            .finish()
    }
}

/// Reads a service address. The path may name the account, as an emulator's does.
pub(crate) fn endpoint(name: &str, key: &str, text: &str) -> Result<Url, ConnectionError> {
    let invalid = |problem| ConnectionError::Invalid {
        name: name.to_owned(),
        key: key.to_owned(),
        problem,
    };
    let url = Url::parse(text.trim()).map_err(|_| invalid("is not an absolute address such as https://host/"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(invalid("is not an http or https address"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid(
            "must not carry a query; put a signature into SharedAccessSignature",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("must not carry a user name or password"));
    }
    Ok(url)
}
