//! What connections are secured with.

use lanner_access::{Certificate, Tls, TlsError};

use crate::config;
use crate::metrics::metrics;

/// What is spoken, as ALPN has it.
const PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

/// Reads the files.
///
/// # Errors
/// They cannot be read or used.
pub fn load_certificate(files: config::Tls) -> Result<Tls, TlsError> {
    let config::Tls { certificate, key } = files;
    Tls::load(Certificate { certificate, key }, PROTOCOLS, |taken| metrics().certificate(taken))
}
