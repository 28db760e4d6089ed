//! Bearer tokens, for tests of identity-based connections.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Permit, failed};
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::ServiceResult;

/// Which bearer tokens are accepted. A token is never taken over plain HTTP, as by the real service.
///
/// This is no Entra ID: signatures of tokens are not verified, and a token is enough for every operation.
#[derive(Clone, Default)]
pub struct BearerTokens {
    claims: bool,
    exact: Vec<String>,
}

impl std::fmt::Debug for BearerTokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("BearerTokens")
            .field("claims", &self.claims)
            .field("exact", &self.exact.len())
            .finish()
    }
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    #[serde(default)]
    nbf: i64,
}

impl BearerTokens {
    /// No token is accepted.
    pub fn none() -> Self {
        Self::default()
    }

    /// Accepts JSON Web Tokens for storage: audience `https://storage.azure.com` or the account's own
    /// `https://<account>.<blob|queue>.core.windows.net` (each with or without a slash at the end), and within `nbf` and `exp`.
    pub fn with_storage_claims(mut self) -> Self {
        self.claims = true;
        self
    }

    /// Accepts exactly this text.
    pub fn with_token(mut self, token: &str) -> Self {
        self.exact.push(token.to_owned());
        self
    }
}

pub(super) fn check(parts: &Parts, call: &Call, token: &str) -> ServiceResult<Permit> {
    let token = token.trim();
    if !call.secure {
        return Err(failed("Authentication scheme Bearer is not supported over HTTP."));
    }
    if parts.account(&call.account).is_none() {
        return Err(failed(format!("There is no account '{}'.", call.account)));
    }
    if parts.bearer_tokens.exact.iter().any(|known| known == token) {
        return Ok(Permit::default());
    }
    if !parts.bearer_tokens.claims {
        return Err(failed("This token is not accepted."));
    }
    let payload = token
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    let claims: Claims = payload
        .and_then(|payload| serde_json::from_slice(&payload).ok())
        .ok_or_else(|| failed("The token is not a JSON Web Token with aud and exp."))?;
    let own = format!("https://{}.{}.core.windows.net", call.account, call.service.name());
    let audience = claims.aud.trim_end_matches('/');
    if audience != "https://storage.azure.com" && audience != own {
        return Err(failed(format!(
            "Issuer or audience validation failed. Audience '{}' is not storage.",
            claims.aud
        )));
    }
    let now = parts.signature_clock.now().as_second();
    if now < claims.nbf || now >= claims.exp {
        return Err(failed(
            "Lifetime validation failed. The token is expired or not valid yet.",
        ));
    }
    Ok(Permit::default())
}
