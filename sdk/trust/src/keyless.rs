//! Verifying a bundle whose certificate proves an identity, against a trust root that was given. No network.

use std::fmt;
use std::sync::Arc;

use sigstore_trust_root::TrustedRoot as Root;
use sigstore_verify::crypto::parse_certificate_info;
use sigstore_verify::types::{Bundle, Sha256Hash};
use sigstore_verify::{CertificateError, TimestampError, VerificationPolicy};
use sigstore_verify::{Error, Verifier, bundle};

use crate::bundle::Unverified;
use crate::digest;
use crate::error::SignatureError;
use crate::identity::Identity;
use crate::statement;
use crate::verify::{Signer, Verified};

/// A trust root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a Sigstore trusted root (trusted_root.json): {0}")]
pub struct TrustedRootError(String);

/// Which certificate authorities, transparency logs and timestamp authorities are trusted: Sigstore's
/// `trusted_root.json`. Cheap to clone.
#[derive(Clone)]
pub struct TrustedRoot(Arc<Authorities>);

struct Authorities {
    verifier: Verifier,
    /// The ids of the transparency logs, in base64.
    logs: Vec<String>,
}

impl TrustedRoot {
    /// From the JSON.
    ///
    /// # Errors
    /// It is not a trust root, or a key or certificate in it cannot be used.
    pub fn from_json(text: &str) -> Result<Self, TrustedRootError> {
        let root = Root::from_json(text).map_err(|error| TrustedRootError(error.to_string()))?;
        if root.certificate_authorities.is_empty() || root.tlogs.is_empty() {
            return Err(TrustedRootError("it has no certificate authority or no transparency log".into()));
        }
        let verifier = Verifier::new(&root).map_err(|error| TrustedRootError(error.to_string()))?;
        let logs = root.tlogs.iter().map(|log| log.log_id.key_id.to_string()).collect();
        Ok(Self(Arc::new(Authorities { verifier, logs })))
    }
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrustedRoot")
    }
}

/// Whether this bundle is a signature of the manifest with this digest, by a certificate that the trust root vouches for,
/// that was valid at the time that a transparency log proves, and that was issued to one of these identities. All of the
/// certificate's chain, its own log's promise, the entry of the log and its proof of inclusion are verified.
///
/// # Errors
/// It is not; the error says why.
pub fn verify_keyless(
    bundle: &[u8],
    digest: &str,
    root: &TrustedRoot,
    identities: &[Identity],
) -> Result<Verified, SignatureError> {
    verify_admitted(bundle, digest, root, identities).map(|(verified, _)| verified)
}

/// The same, and which of the identities admit the signer.
pub(crate) fn verify_admitted(
    bundle: &[u8],
    digest: &str,
    root: &TrustedRoot,
    identities: &[Identity],
) -> Result<(Verified, Vec<usize>), SignatureError> {
    let wanted = digest::sha256_hex(digest)?;
    let unverified = Unverified::read(bundle)?;
    if let Ok(hint) = unverified.key_hint() {
        return Err(SignatureError::KeyInsteadOfCertificate(hint.to_owned()));
    }
    let payload = unverified.envelope()?.payload.as_bytes();
    for entry in &unverified.bundle().verification_material.tlog_entries {
        let log = entry.log_id.key_id.to_string();
        if !root.0.logs.contains(&log) {
            return Err(SignatureError::UnknownLog { log });
        }
    }
    let hash = Sha256Hash::from_hex(wanted).map_err(|error| SignatureError::Malformed(error.to_string()))?;
    // Who it is by is compared below, with patterns; the rest is all that a public Sigstore asks for.
    let result = root
        .0
        .verifier
        .verify(hash, unverified.bundle(), &VerificationPolicy::any_identity())
        .map_err(|error| refused(error, unverified.bundle(), payload, wanted))?;
    if !(result.certificate_verified() && result.sct_verified() && result.tlog_verified()) {
        return Err(SignatureError::NotFromRoot("not all of it was verified".into()));
    }
    statement::check(payload, wanted)?;
    let issuer = result.issuer().unwrap_or_default();
    let subject = result.identity();
    let certificate = unverified.bundle().signing_certificate().and_then(|der| parse_certificate_info(der).ok());
    let claims = certificate.map(|certificate| certificate.ci_claims).unwrap_or_default();
    let signer = Signer::Identity {
        issuer: issuer.to_owned(),
        subject: subject.map(|subject| subject.as_str().to_owned()).unwrap_or_default(),
    };
    let admitting: Vec<usize> = (0..identities.len())
        .filter(|&at| subject.is_some_and(|subject| identities[at].admits(issuer, subject, &claims)))
        .collect();
    if admitting.is_empty() {
        return Err(SignatureError::OtherIdentity { signer, trusted: identities.to_vec() });
    }
    Ok((Verified { signer }, admitting))
}

/// Our sentence for what the verifier found.
fn refused(error: Error, bundle: &Bundle, payload: &[u8], wanted: &str) -> SignatureError {
    use bundle::Error as Shape;
    match error {
        Error::Bundle(
            Shape::MissingSigningTimeEvidence | Shape::MissingInclusionProof(_) | Shape::MissingTimestamp,
        )
        | Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => SignatureError::NoLogEntry,
        Error::Bundle(error) => SignatureError::Malformed(error.to_string()),
        Error::Certificate(CertificateError::Malformed(what)) => SignatureError::Malformed(what),
        // The chain is verified for the time of the log, which was authenticated before that.
        Error::Certificate(CertificateError::ChainInvalid(what)) => {
            logged_outside_of_validity(bundle).unwrap_or(SignatureError::NotFromRoot(what))
        }
        Error::Certificate(CertificateError::Expired { time, .. } | CertificateError::NotYetValid { time, .. }) => {
            logged_outside_of_validity(bundle)
                .unwrap_or(SignatureError::NotFromRoot(format!("it is not valid at {time}")))
        }
        Error::Certificate(error) => SignatureError::NotFromRoot(error.to_string()),
        Error::TransparencyLog(error) => SignatureError::LogEntry(error.to_string()),
        Error::Timestamp(error) => SignatureError::LogEntry(error.to_string()),
        Error::SignatureInvalid(_) => SignatureError::AlteredKeyless,
        // Of the payload itself we can say more.
        Error::ArtifactMismatch(what) => {
            statement::check(payload, wanted).err().unwrap_or(SignatureError::Malformed(what))
        }
        Error::UnsupportedBundle(what) | Error::UnsupportedArtifact(what) => SignatureError::Unsupported(what),
        other => SignatureError::Malformed(other.to_string()),
    }
}

/// The refusal, if a log has the signature at a time when its certificate was not valid.
fn logged_outside_of_validity(bundle: &Bundle) -> Option<SignatureError> {
    let certificate = parse_certificate_info(bundle.signing_certificate()?).ok()?;
    let (begin, end) = (certificate.not_before, certificate.not_after);
    let mut times = bundle.verification_material.tlog_entries.iter().filter_map(|entry| entry.integrated_time);
    let logged = times.find(|&time| time < begin || time > end)?;
    Some(SignatureError::CertificateTime { logged, begin, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_root_without_authorities_is_refused() {
        let empty = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[],
            "certificateAuthorities":[],"ctlogs":[],"timestampAuthorities":[]}"#;
        assert_eq!(
            TrustedRoot::from_json(empty).unwrap_err().to_string(),
            "this is not a Sigstore trusted root (trusted_root.json): it has no certificate authority or no transparency log"
        );
        assert!(TrustedRoot::from_json("{}").is_err());
    }
}
