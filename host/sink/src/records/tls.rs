//! TLS of a client: whom it trusts, and by what it is known.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::open::OpenError;
use super::settings::Tls;

/// TLS as these files have it.
pub(super) fn config(files: &Tls) -> Result<ClientConfig, OpenError> {
    let trusted = files.certificates.as_deref().map(certificates).transpose()?.unwrap_or_default();
    let provider = Arc::new(default_provider());
    let failed = |error: &dyn std::fmt::Display| OpenError::Tls(error.to_string());
    let verifier = Verifier::new_with_extra_roots(trusted, provider.clone()).map_err(|error| failed(&error))?;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| failed(&error))?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    match (files.client_certificate.as_deref(), files.client_key.as_deref()) {
        (None, None) => Ok(config.with_no_client_auth()),
        (Some(certificate), Some(key)) => {
            let pem = read(key)?;
            let private = PrivateKeyDer::from_pem_slice(&pem);
            let private = private.map_err(|error| OpenError::Pem(key.to_owned(), error.to_string()))?;
            config.with_client_auth_cert(certificates(certificate)?, private).map_err(|error| failed(&error))
        }
        _ => Err(OpenError::Tls("`client_certificate` and `client_key` go together".to_owned())),
    }
}

fn read(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, OpenError> {
    fs::read(path).map(zeroize::Zeroizing::new).map_err(|error| OpenError::File(path.to_owned(), error))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, OpenError> {
    let bytes = read(path)?;
    let wrong = |why: String| OpenError::Pem(path.to_owned(), why);
    let all: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(|error| wrong(error.to_string()))?;
    if all.is_empty() { Err(wrong("it has no certificate".to_owned())) } else { Ok(all) }
}
