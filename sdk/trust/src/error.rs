//! Why a bundle is not the signature that was asked for.

use jiff::Timestamp;

use crate::digest::DigestError;
use crate::identity::{Identity, listed};
use crate::key::KeyId;
use crate::quoted::Quoted;
use crate::verify::Signer;
use crate::{BUNDLE_MEDIA_TYPE, MAX_BUNDLE_BYTES};

/// Why a bundle is not the signature that was asked for. The messages go on from "the signature …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The digest to verify is not one.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// The bundle is too large to be looked at.
    #[error("the signature has {bytes} bytes; more than {MAX_BUNDLE_BYTES} are not read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It cannot be read.
    #[error("the signature is malformed: {0}")]
    Malformed(String),
    /// It is of a form that is not known here.
    #[error(
        "the signature is of a form that is not supported: {0} (supported is {BUNDLE_MEDIA_TYPE} with an in-toto statement)"
    )]
    Unsupported(String),
    /// The payload of the envelope is something else than a statement.
    #[error("the signature is of something else than a statement: its payload is of the type {}", Quoted(.has))]
    OtherPayload {
        /// The type that it has.
        has: String,
    },
    /// No key that is trusted made it.
    #[error("the signature is by another key, {}; trusted is {}", Quoted(.has), any(.trusted))]
    OtherKey {
        /// The key id that it names.
        has: String,
        /// The keys that it was to be by.
        trusted: Vec<KeyId>,
    },
    /// It names a trusted key, and that key did not sign what is there.
    #[error(
        "the signature says that it is by the trusted key {key}, and that key did not sign this: it was changed, or forged"
    )]
    Altered {
        /// The key that it names.
        key: KeyId,
    },
    /// A valid signature of another manifest.
    #[error("the signature is of other content: it is for {signed}, and this is {wanted}")]
    OtherContent {
        /// What it signs.
        signed: String,
        /// What it was to sign.
        wanted: String,
    },
    /// A valid statement of another kind, such as one about where a pack was built.
    #[error("the signature does not release anything: its {field} is {}, not {wanted}", Quoted(.has))]
    OtherStatement {
        /// The field of the statement that differs.
        field: &'static str,
        /// What it has.
        has: String,
        /// What it was to be.
        wanted: &'static str,
    },
    /// By a certificate, where keys are asked for.
    #[error("the signature is by a certificate, and this entry trusts keys")]
    CertificateInsteadOfKey,
    /// By a key, where identities are asked for.
    #[error("the signature is by key {}, and this entry trusts identities that a certificate proves", Quoted(.0))]
    KeyInsteadOfCertificate(String),
    /// The certificate was issued to somebody else.
    #[error("the signature is by {signer}; trusted is {}", listed(.trusted))]
    OtherIdentity {
        /// Whom the certificate was issued to.
        signer: Signer,
        /// The identities that it was to be.
        trusted: Vec<Identity>,
    },
    /// The certificate does not lead to the trust root.
    #[error("the signature is by a certificate that the trusted root does not vouch for: {0}")]
    NotFromRoot(String),
    /// The certificate was not valid when it was made.
    #[error("the signature was made at {logged}, and its certificate was valid from {begin} to {end}")]
    CertificateTime {
        /// When the log has it.
        logged: Timestamp,
        /// When the certificate began to be valid.
        begin: Timestamp,
        /// When it expired.
        end: Timestamp,
    },
    /// It is in a log that the trust root does not have.
    #[error("the signature is in the transparency log {}, which the trusted root does not have", Quoted(.log))]
    UnknownLog {
        /// The id of the log.
        log: String,
    },
    /// Nothing proves when it was made.
    #[error(
        "the signature has no entry of a transparency log, so nothing proves that its certificate was valid when it was made"
    )]
    NoLogEntry,
    /// The proof of when it was made does not hold.
    #[error("the signature has an entry of a transparency log that does not hold: {0}")]
    LogEntry(String),
    /// The signature in the bundle does not verify with the certificate in it.
    #[error("the signature is not by the certificate that comes with it: it was changed, or forged")]
    AlteredKeyless,
}

/// `a`, `a or b`, `one of a, b, c`.
fn any(keys: &[KeyId]) -> String {
    match keys {
        [] => "none".into(),
        [one] => one.to_string(),
        many => format!("one of {}", many.iter().map(KeyId::as_str).collect::<Vec<_>>().join(", ")),
    }
}
