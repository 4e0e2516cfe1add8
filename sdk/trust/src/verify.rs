//! Verifying a bundle with pinned keys.

use std::fmt;

use p256::ecdsa::Signature;

use crate::bundle::Unverified;
use crate::digest;
use crate::error::SignatureError;
use crate::key::{KeyId, PublicKey};
use crate::quoted::Quoted;
use crate::statement;

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signer {
    /// Who has this key.
    Key(KeyId),
    /// Who was this for that issuer, when the signature was made.
    Identity {
        /// The OIDC issuer that the certificate names.
        issuer: String,
        /// The identity that the certificate was issued to: an e-mail address or a URI.
        subject: String,
    },
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key {id}"),
            Self::Identity { issuer, subject } => write!(f, "{} of {}", Quoted(subject), Quoted(issuer)),
        }
    }
}

/// A signature that holds, for the digest that it was checked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who made it.
    pub signer: Signer,
}

/// Whether this bundle is a signature of the manifest with this digest by one of these keys. Entries of a log and
/// timestamps in it are not looked at: the keys are pinned.
///
/// # Errors
/// It is not; the error says why.
pub fn verify_with_key(bundle: &[u8], digest: &str, keys: &[PublicKey]) -> Result<Verified, SignatureError> {
    let wanted = digest::sha256_hex(digest)?;
    let unverified = Unverified::read(bundle)?;
    let hint = unverified.key_hint()?;
    let envelope = unverified.envelope()?;
    let signature = Signature::from_der(envelope.signature.sig.as_bytes())
        .map_err(|_| SignatureError::Unsupported("a signature that is not ECDSA of the curve P-256".into()))?;
    let payload = envelope.payload.as_bytes();
    let signed = statement::pre_authentication_encoding(&envelope.payload_type, payload);
    // The hint is only a claim: the signature decides.
    let Some(key) = keys.iter().find(|key| key.verifies(&signed, &signature)) else {
        return Err(match keys.iter().find(|key| key.id().as_str() == hint) {
            Some(key) => SignatureError::Altered { key: key.id().clone() },
            None => SignatureError::OtherKey {
                has: hint.to_owned(),
                trusted: keys.iter().map(|key| key.id().clone()).collect(),
            },
        });
    };
    statement::check(payload, wanted)?;
    Ok(Verified { signer: Signer::Key(key.id().clone()) })
}
