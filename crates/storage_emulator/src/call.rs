//! One request, taken apart: which account and resource it names, and how it was sent.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::error::{Code, ServiceError, ServiceResult};
use crate::query::Query;

/// One of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Containers and blobs.
    Blob,
    /// Queues and messages.
    Queue,
}

impl Service {
    /// `blob` or `queue`, as in host names and signatures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Queue => "queue",
        }
    }
}

/// Names the process that sends a request, for fault filters and observers. Put it into the extensions of an in-process
/// request; a listener can stamp it on everything it receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessLabel(pub String);

/// What the listener knows and the request does not say. In-process requests may carry it too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) service: Service,
    pub(crate) secure: bool,
    pub(crate) peer: Option<IpAddr>,
}

/// What the path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Service,
    Container(String),
    Blob(String, String),
    Queue(String),
    Messages(String),
    Message(String, String),
}

/// A request whose address is understood; nothing else about it has been checked.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) service: Service,
    pub(crate) account: String,
    pub(crate) resource: Resource,
    /// The path as sent: signatures cover it undecoded.
    pub(crate) raw_path: String,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) secure: bool,
    /// Known for requests that came through a listener.
    pub(crate) peer: Option<IpAddr>,
    pub(crate) process: Option<String>,
}

impl Call {
    pub(crate) fn parse(request: Request<Bytes>) -> ServiceResult<Self> {
        let (head, body) = request.into_parts();
        let arrival = head.extensions.get::<Arrival>().copied();
        let authority = authority(&head.uri, &head.headers);
        let service = match arrival {
            Some(arrival) => arrival.service,
            None => service_of(authority).ok_or(Code::InvalidUri)?,
        };
        let raw_path = head.uri.path().to_owned();
        let query = Query::parse(head.uri.query().unwrap_or(""));
        let (account, path) = split_account(authority, &raw_path)?;
        let resource = resource(service, path, &query)?;
        let process = head.extensions.get::<ProcessLabel>().map(|label| label.0.clone());
        Ok(Self {
            method: head.method,
            service,
            account,
            resource,
            raw_path,
            query,
            secure: arrival.map_or(head.uri.scheme_str() == Some("https"), |arrival| arrival.secure),
            peer: arrival.and_then(|arrival| arrival.peer),
            headers: head.headers,
            body,
            process,
        })
    }

    /// A header as text; a value that is not ASCII counts as empty, so that its check fails where it is used.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap_or("").trim())
    }

    pub(crate) fn required_header(&self, name: &str) -> ServiceResult<&str> {
        self.header(name).ok_or_else(|| ServiceError::missing_header(name))
    }

    /// A header that holds a whole number.
    pub(crate) fn number_header(&self, name: &str) -> ServiceResult<Option<u64>> {
        let Some(text) = self.header(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| ServiceError::header(name, text))
    }

    pub(crate) fn client_request_id(&self) -> Option<&str> {
        self.header("x-ms-client-request-id")
    }

    pub(crate) fn container(&self) -> Option<&str> {
        match &self.resource {
            Resource::Container(name) | Resource::Blob(name, _) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn blob(&self) -> Option<&str> {
        match &self.resource {
            Resource::Blob(_, name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn queue(&self) -> Option<&str> {
        match &self.resource {
            Resource::Queue(name) | Resource::Messages(name) | Resource::Message(name, _) => Some(name),
            _ => None,
        }
    }
}

fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers
            .get(http::header::HOST)
            .and_then(|value| value.to_str().ok())
            .unwrap_or(""),
    }
}

/// In-process requests have no listener, so the address tells: the usual emulator ports, or a label of the host name.
fn service_of(authority: &str) -> Option<Service> {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    match port {
        "10000" => return Some(Service::Blob),
        "10001" => return Some(Service::Queue),
        _ => {}
    }
    host.split('.').find_map(|label| match label {
        "blob" => Some(Service::Blob),
        "queue" => Some(Service::Queue),
        _ => None,
    })
}

/// The account is the first label of `<account>.blob.<suffix>`, otherwise the first part of the path.
fn split_account<'a>(authority: &str, path: &'a str) -> ServiceResult<(String, &'a str)> {
    let mut labels = authority.split('.');
    if let (Some(account), Some("blob" | "queue")) = (labels.next(), labels.next()) {
        return Ok((account.to_owned(), path.trim_start_matches('/')));
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let (account, rest) = path.split_once('/').unwrap_or((path, ""));
    if account.is_empty()
        || !account
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        return Err(Code::InvalidUri.into());
    }
    Ok((account.to_owned(), rest))
}

fn resource(service: Service, path: &str, query: &Query) -> ServiceResult<Resource> {
    if path.is_empty() {
        return Ok(Resource::Service);
    }
    let decode = |part: &str| -> ServiceResult<String> {
        Ok(percent_decode_str(part)
            .decode_utf8()
            .map_err(|_| Code::InvalidUri)?
            .into_owned())
    };
    match service {
        Service::Blob => {
            let (container, blob) = path.split_once('/').unwrap_or((path, ""));
            if !blob.is_empty() {
                Ok(Resource::Blob(decode(container)?, decode(blob)?))
            } else if query.text("restype") == "container" {
                Ok(Resource::Container(decode(container)?))
            } else {
                // Without `restype=container` a single part names a blob in the root container.
                Ok(Resource::Blob("$root".to_owned(), decode(container)?))
            }
        }
        Service::Queue => {
            let mut parts = path.trim_end_matches('/').splitn(3, '/');
            let queue = decode(parts.next().unwrap_or(""))?;
            match (parts.next(), parts.next()) {
                (None, _) => Ok(Resource::Queue(queue)),
                (Some("messages"), None) => Ok(Resource::Messages(queue)),
                (Some("messages"), Some(id)) => Ok(Resource::Message(queue, decode(id)?)),
                _ => Err(Code::InvalidUri.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(uri: &str) -> ServiceResult<Call> {
        Call::parse(Request::get(uri).body(Bytes::new()).unwrap())
    }

    #[test]
    fn path_style_and_host_style_name_the_same_blob() {
        let path = call("http://blob.emulator.test/acct/box/a%20b/c%2Fd?x=1").unwrap();
        let host = call("https://acct.blob.core.windows.net/box/a%20b/c%2Fd").unwrap();
        let expected = Resource::Blob("box".into(), "a b/c/d".into());
        assert_eq!((&path.account[..], &path.resource), ("acct", &expected));
        assert_eq!((&host.account[..], &host.resource), ("acct", &expected));
        assert!(host.secure && !path.secure);
    }

    #[test]
    fn the_port_or_the_host_name_tells_the_service() {
        assert_eq!(
            call("http://127.0.0.1:10001/acct/q/messages/id").unwrap().resource,
            Resource::Message("q".into(), "id".into())
        );
        assert_eq!(
            call("http://127.0.0.1:10000/acct/box?restype=container")
                .unwrap()
                .service,
            Service::Blob
        );
        assert!(call("http://127.0.0.1:80/acct/box").is_err());
    }
}
