//! Identity-based connections: no secret in the settings, a token from the platform instead.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::ClientOptions;
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use url::Url;

use crate::connection::{Authorization, Connection, ConnectionError, endpoint};
use crate::connection_string::is_account_name;

/// Whose token opens the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The app's own identity, or the user-assigned one with this client id.
    Managed { client_id: Option<String> },
    /// Whoever is signed in to the Azure CLI or the Azure Developer CLI on this machine.
    Developer,
}

/// Forms of sign-in that the Functions host knows and this crate does not: refused by name rather than read over.
const UNSUPPORTED: [&str; 3] = ["clientSecret", "tenantId", "managedIdentityResourceId"];

/// The identity-based connection with this prefix, if any of its settings is there.
pub(crate) fn from_settings(
    prefix: &str,
    setting: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Connection>, ConnectionError> {
    let key = |part: &str| format!("{prefix}__{part}");
    let invalid = |part: &str, problem| ConnectionError::Invalid {
        name: prefix.to_owned(),
        key: key(part),
        problem,
    };

    let account = setting(&key("accountName"));
    if let Some(account) = &account
        && !is_account_name(account)
    {
        return Err(invalid("accountName", "is not 3 to 24 lower-case letters and digits"));
    }
    let service = |part: &str, service: &str| -> Result<Option<Url>, ConnectionError> {
        let url = match (setting(&key(part)), &account) {
            (Some(explicit), _) => endpoint(prefix, &key(part), &explicit)?,
            (None, Some(account)) => endpoint(
                prefix,
                &key("accountName"),
                &format!("https://{account}.{service}.core.windows.net/"),
            )?,
            (None, None) => return Ok(None),
        };
        if url.scheme() != "https" {
            return Err(invalid(part, "must be https: a token is never sent in the clear"));
        }
        Ok(Some(url))
    };
    let blob_endpoint = service("blobServiceUri", "blob")?;
    let queue_endpoint = service("queueServiceUri", "queue")?;
    if blob_endpoint.is_none() && queue_endpoint.is_none() {
        return Ok(None);
    }
    for part in UNSUPPORTED {
        if setting(&key(part)).is_some() {
            return Err(invalid(
                part,
                "is not supported; use a managed identity or the Azure CLI's sign-in",
            ));
        }
    }
    let client_id = setting(&key("clientId"));
    let identity = match setting(&key("credential")).as_deref() {
        Some(kind) if kind.eq_ignore_ascii_case("managedidentity") => Identity::Managed { client_id },
        Some(_) => return Err(invalid("credential", "can only be managedidentity")),
        None if setting("IDENTITY_ENDPOINT").is_some() => Identity::Managed { client_id },
        None => Identity::Developer,
    };
    Ok(Some(Connection {
        name: prefix.to_owned(),
        blob_endpoint,
        queue_endpoint,
        authorization: Authorization::Identity(identity),
    }))
}

/// The source of tokens. A managed identity asks over `client_options`, so it shares the transport of the services.
pub(crate) fn credential(
    identity: &Identity,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    Ok(match identity {
        Identity::Managed { client_id } => ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
            user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
            client_options,
        }))?,
        Identity::Developer => DeveloperToolsCredential::new(None)?,
    })
}
