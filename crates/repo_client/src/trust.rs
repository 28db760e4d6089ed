//! Whose certificates are trusted.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Trust roots beside the system's, such as a company's own authority.
#[derive(Clone, Default)]
pub struct ExtraRoots(Vec<CertificateDer<'static>>);

/// The roots cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The text has no certificate in PEM form, or a broken one.
    #[error("no usable PEM certificate: {0}")]
    Pem(String),
    /// A certificate that cannot be a trust root.
    #[error("certificate {index} cannot be a trust root: {reason}")]
    Root {
        /// Its place in the text, from 0.
        index: usize,
        /// The library's words.
        reason: String,
    },
}

impl ExtraRoots {
    /// Reads one or more certificates in PEM form.
    pub fn from_pem(text: &str) -> Result<Self, TrustError> {
        let roots: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| TrustError::Pem(error.to_string()))?;
        if roots.is_empty() {
            return Err(TrustError::Pem("there is none in the text".to_owned()));
        }
        for (index, root) in roots.iter().enumerate() {
            RootCertStore::empty()
                .add(root.clone())
                .map_err(|error| TrustError::Root {
                    index,
                    reason: error.to_string(),
                })?;
        }
        Ok(Self(roots))
    }
}

impl fmt::Debug for ExtraRoots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ExtraRoots({} certificates)", self.0.len())
    }
}

/// A verifier with the system's roots and the extra ones. Reading the system's takes some milliseconds.
pub(crate) fn verifier(
    provider: &Arc<CryptoProvider>,
    extra: &ExtraRoots,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "a part of the system's trust roots could not be read");
    }
    roots.add_parsable_certificates(system.certs);
    roots.add_parsable_certificates(extra.0.iter().cloned());
    if roots.is_empty() {
        return Err("this machine has no trust roots (install ca-certificates)".to_owned());
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_that_cannot_be_used_say_why() {
        let error = |text| ExtraRoots::from_pem(text).unwrap_err().to_string();
        assert_eq!(error("hello"), "no usable PEM certificate: there is none in the text");
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(
            error(junk).starts_with("certificate 0 cannot be a trust root: "),
            "{}",
            error(junk)
        );
    }
}
