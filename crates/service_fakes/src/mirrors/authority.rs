//! Certificates for mirrors, from an authority that only the scanner under test trusts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::OffsetDateTime;

use super::fleet::FakeError;

const DAY: i64 = 24 * 3600;

/// How long a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It ends after this time.
    Ends(Duration),
    /// It ended so long ago.
    Ended(Duration),
}

/// A certificate authority made for one run.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    now: Timestamp,
}

impl Authority {
    /// Makes an authority whose own certificate is valid for ten years around `now`.
    pub fn new(now: Timestamp) -> Result<Self, FakeError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "Example Mirrors Test Authority");
        (params.not_before, params.not_after) = (at(now, -5 * 365 * DAY)?, at(now, 5 * 365 * DAY)?);
        Ok(Self {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?,
            now,
        })
    }

    /// The authority's own certificate in PEM form, to be trusted by the scanner under test.
    pub fn certificate_pem(&self) -> String {
        self.issuer.as_ref().pem()
    }

    /// A server with a certificate of this authority for `name`.
    pub fn server(&self, name: &str, validity: Validity) -> Result<Arc<ServerConfig>, FakeError> {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 2);
        let end = match validity {
            Validity::Ends(after) => seconds(after),
            Validity::Ended(ago) => -seconds(ago),
        };
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (at(self.now, end - 90 * DAY)?, at(self.now, end)?);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )?;
        Ok(Arc::new(config))
    }
}

fn at(now: Timestamp, seconds: i64) -> Result<OffsetDateTime, FakeError> {
    OffsetDateTime::from_unix_timestamp(now.as_second().saturating_add(seconds)).map_err(|_| FakeError::Validity)
}
