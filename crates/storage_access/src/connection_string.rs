//! Azure Storage connection strings.
//! <https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string>

use std::collections::BTreeMap;

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::connection::{Authorization, Connection, ConnectionError, endpoint};

/// The public, fixed account of every storage emulator.
const DEVELOPMENT_ACCOUNT: &str = "devstoreaccount1";
const DEVELOPMENT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Keys that matter to blobs and queues, in the spelling of the documentation; all are matched without regard to case.
const KEYS: [&str; 9] = [
    "AccountName",
    "AccountKey",
    "BlobEndpoint",
    "DefaultEndpointsProtocol",
    "DevelopmentStorageProxyUri",
    "EndpointSuffix",
    "QueueEndpoint",
    "SharedAccessSignature",
    "UseDevelopmentStorage",
];

/// Reads the connection string that setting `name` holds.
pub(crate) fn parse(name: &str, text: &str) -> Result<Connection, ConnectionError> {
    let parts = split(name, text)?;
    let invalid = |key: &str, problem| ConnectionError::Invalid {
        name: name.to_owned(),
        key: key.to_owned(),
        problem,
    };
    let get = |key: &str| parts.get(key).copied();

    if let Some(value) = get("UseDevelopmentStorage") {
        if !value.eq_ignore_ascii_case("true") {
            return Err(invalid("UseDevelopmentStorage", "can only be true"));
        }
        return development_storage(name, get("DevelopmentStorageProxyUri"));
    }

    let authorization = match (get("AccountName"), get("AccountKey"), get("SharedAccessSignature")) {
        (Some(account), Some(key), _) => {
            STANDARD
                .decode(key)
                .map_err(|_| invalid("AccountKey", "is not base64"))?;
            Authorization::SharedKey {
                account: account.to_owned(),
                key: Secret::new(key.to_owned()),
            }
        }
        (_, None, Some(signature)) => {
            let query = signature.trim_start_matches('?');
            if !query.split('&').any(|pair| pair.starts_with("sig=")) {
                return Err(invalid("SharedAccessSignature", "has no sig parameter"));
            }
            Authorization::SharedAccessSignature(Secret::new(query.to_owned()))
        }
        _ => return Err(ConnectionError::NoAuthorization { name: name.to_owned() }),
    };

    let protocol = get("DefaultEndpointsProtocol").unwrap_or("https");
    if !protocol.eq_ignore_ascii_case("https") && !protocol.eq_ignore_ascii_case("http") {
        return Err(invalid("DefaultEndpointsProtocol", "is neither https nor http"));
    }
    let suffix = get("EndpointSuffix").unwrap_or("core.windows.net");
    let service = |key: &str, service: &str| -> Result<Option<Url>, ConnectionError> {
        match (get(key), get("AccountName")) {
            (Some(explicit), _) => endpoint(name, key, explicit).map(Some),
            (None, Some(account)) => {
                if !is_account_name(account) {
                    return Err(invalid("AccountName", "is not 3 to 24 lower-case letters and digits"));
                }
                let address = format!("{}://{account}.{service}.{suffix}/", protocol.to_ascii_lowercase());
                endpoint(name, "EndpointSuffix", &address).map(Some)
            }
            (None, None) => Ok(None),
        }
    };
    let blob_endpoint = service("BlobEndpoint", "blob")?;
    let queue_endpoint = service("QueueEndpoint", "queue")?;
    if blob_endpoint.is_none() && queue_endpoint.is_none() {
        return Err(ConnectionError::NoEndpoint { name: name.to_owned() });
    }
    Ok(Connection {
        name: name.to_owned(),
        blob_endpoint,
        queue_endpoint,
        authorization,
    })
}

/// The parts by their documented spelling. Keys of other services (tables, files) are read over.
fn split<'t>(name: &str, text: &'t str) -> Result<BTreeMap<&'static str, &'t str>, ConnectionError> {
    let mut parts = BTreeMap::new();
    for (index, part) in text.split(';').enumerate() {
        if part.trim().is_empty() {
            continue;
        }
        let Some((key, value)) = part.split_once('=') else {
            return Err(ConnectionError::Malformed {
                name: name.to_owned(),
                part: index + 1,
            });
        };
        let Some(known) = KEYS.iter().find(|known| known.eq_ignore_ascii_case(key.trim())) else {
            continue;
        };
        if value.trim().is_empty() {
            continue;
        }
        if parts.insert(*known, value.trim()).is_some() {
            return Err(ConnectionError::Repeated {
                name: name.to_owned(),
                key: (*known).to_owned(),
            });
        }
    }
    Ok(parts)
}

/// The emulator on its usual ports: 10000 for blobs, 10001 for queues.
fn development_storage(name: &str, proxy: Option<&str>) -> Result<Connection, ConnectionError> {
    let mut base = endpoint(name, "DevelopmentStorageProxyUri", proxy.unwrap_or("http://127.0.0.1"))?;
    base.set_path(DEVELOPMENT_ACCOUNT);
    let on_port = |port| {
        let mut url = base.clone();
        // Only an address without a host has no port, and `endpoint` refuses those.
        let _ = url.set_port(Some(port));
        url
    };
    Ok(Connection {
        name: name.to_owned(),
        blob_endpoint: Some(on_port(10000)),
        queue_endpoint: Some(on_port(10001)),
        authorization: Authorization::SharedKey {
            account: DEVELOPMENT_ACCOUNT.to_owned(),
            key: Secret::new(DEVELOPMENT_KEY),
        },
    })
}

pub(crate) fn is_account_name(text: &str) -> bool {
    (3..=24).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
