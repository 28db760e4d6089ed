//! Who may do what: Shared Key, shared access signatures, bearer tokens, and anonymous reads of public containers.

mod bearer;
mod permissions;
mod sas;
mod shared_key;

use http::Method;

pub use bearer::BearerTokens;

use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::operation::Operation;
use crate::state::PublicAccess;

/// What the caller of an allowed request may do beyond it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Permit {
    /// A SAS that may create but not write: existing blobs must stay as they are.
    pub(crate) create_only: bool,
    /// Headers that a SAS lays over those of a blob it reads: name and value.
    pub(crate) overrides: Vec<(&'static str, String)>,
}

/// Checks the request's credentials.
pub(crate) fn authorise(parts: &Parts, call: &Call, operation: Operation) -> ServiceResult<Permit> {
    if let Some(authorization) = call.header("authorization") {
        let (scheme, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
        return match scheme {
            "SharedKey" => shared_key::check(parts, call, rest),
            "Bearer" => bearer::check(parts, call, rest),
            _ => Err(Code::InvalidAuthenticationInfo.into()),
        };
    }
    if call.query.has("sig") {
        return sas::check(parts, call, operation);
    }
    anonymous(parts, call, operation)
}

fn anonymous(parts: &Parts, call: &Call, operation: Operation) -> ServiceResult<Permit> {
    use Operation as O;
    let wanted = match operation {
        O::GetBlob | O::GetBlobProperties | O::GetBlobMetadata | O::GetBlockList => PublicAccess::Blob,
        O::ListBlobs | O::GetContainerProperties => PublicAccess::Container,
        _ => return Err(no_credentials(call)),
    };
    let store = parts.store.lock();
    let access = call
        .container()
        .and_then(|name| store.state().container(&call.account, name))
        .map_or(PublicAccess::None, |container| container.info.access);
    match (access, wanted) {
        (PublicAccess::Container, _) | (PublicAccess::Blob, PublicAccess::Blob) => Ok(Permit::default()),
        _ => Err(no_credentials(call)),
    }
}

/// Callers of a version since 2019-12-12 are asked for a token; to older ones (a browser names no version) a private
/// container does not exist.
fn no_credentials(call: &Call) -> ServiceError {
    let reads = call.method == Method::GET || call.method == Method::HEAD;
    match call.header("x-ms-version") {
        Some(version) if version >= "2019-12-12" => Code::NoAuthenticationInformation.into(),
        _ if reads && call.container().is_some() => Code::ResourceNotFound.into(),
        _ => Code::AuthenticationFailed.into(),
    }
}

fn failed(detail: impl Into<String>) -> ServiceError {
    Code::AuthenticationFailed.with("AuthenticationErrorDetail", detail)
}

/// HMAC-SHA256 in base64.
fn sign(key: &[u8], text: &str) -> String {
    use base64::Engine as _;
    use hmac::{Hmac, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}
