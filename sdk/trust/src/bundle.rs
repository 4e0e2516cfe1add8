//! The bundle: written here, and read as far as both ways of verifying need it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::json;
use sigstore_verify::types::bundle::VerificationMaterialContent;
use sigstore_verify::types::{self, DsseEnvelope, MediaType, SignatureContent};

use crate::digest::{self, DigestError};
use crate::error::SignatureError;
use crate::key::KeyPair;
use crate::statement::{self, PAYLOAD_TYPE};
use crate::{BUNDLE_MEDIA_TYPE, MAX_BUNDLE_BYTES};

/// A signature as it is stored: a Sigstore bundle in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle(Vec<u8>);

impl Bundle {
    /// The JSON.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The JSON.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Signs the manifest with this digest (`sha256:…`): that it is released by who has the key. The same key and digest give
/// the same bytes.
///
/// # Errors
/// The digest is not one.
pub fn sign(key: &KeyPair, digest: &str) -> Result<Bundle, DigestError> {
    let payload = statement::of(digest::sha256_hex(digest)?);
    let signature = key.sign(&statement::pre_authentication_encoding(PAYLOAD_TYPE, payload.as_bytes()));
    // Readers refuse fields that they do not know: these are all.
    let bundle = json!({
        "mediaType": BUNDLE_MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key.public().id().as_str()}},
        "dsseEnvelope": {
            "payload": BASE64.encode(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": BASE64.encode(signature.as_bytes())}],
        },
    });
    Ok(Bundle(bundle.to_string().into_bytes()))
}

/// What a bundle says before anything of it was verified.
pub(crate) struct Unverified(types::Bundle);

impl Unverified {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, SignatureError> {
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(SignatureError::TooLarge { bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| SignatureError::Malformed(format!("it is not UTF-8 ({error})")))?;
        let bundle = types::Bundle::from_json(text).map_err(|error| SignatureError::Malformed(error.to_string()))?;
        match bundle.media_type() {
            MediaType::Bundle0_3 => Ok(Self(bundle)),
            other => Err(SignatureError::Unsupported(format!("a bundle of the type {}", other.as_str()))),
        }
    }

    pub(crate) fn bundle(&self) -> &types::Bundle {
        &self.0
    }

    /// The hint of which key it is by; an error when it is by a certificate.
    pub(crate) fn key_hint(&self) -> Result<&str, SignatureError> {
        match &self.0.verification_material.content {
            VerificationMaterialContent::PublicKey(key) => Ok(&key.hint),
            _ => Err(SignatureError::CertificateInsteadOfKey),
        }
    }

    /// The envelope, if it holds what can be a statement.
    pub(crate) fn envelope(&self) -> Result<&DsseEnvelope, SignatureError> {
        let SignatureContent::DsseEnvelope(envelope) = &self.0.content else {
            return Err(SignatureError::Unsupported("a bare signature of a file, without a statement".into()));
        };
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(SignatureError::OtherPayload { has: envelope.payload_type.clone() });
        }
        Ok(envelope)
    }
}
