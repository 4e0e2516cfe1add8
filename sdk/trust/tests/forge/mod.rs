//! Bundles that nobody honest makes. Made with p256 alone, so that they do not depend on the code that is tested.

#![allow(dead_code, reason = "each test program uses some of it")]

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use lanner_trust::PublicKey;
use p256::ecdsa::{DerSignature, Signature, SigningKey, signature::Signer};
use p256::pkcs8::{EncodePublicKey, LineEnding};
use serde_json::{Value, json};

pub(crate) const PACK: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
pub(crate) const OTHER_PACK: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
pub(crate) const RELEASE: &str = "https://sigstore.dev/cosign/sign/v1";

/// A key of an attacker, or of a victim, whose private part the test may use freely.
pub(crate) struct Key(SigningKey);

impl Key {
    /// Always the same for the same number.
    pub(crate) fn new(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    pub(crate) fn public_pem(&self) -> String {
        self.0.verifying_key().to_public_key_pem(LineEnding::LF).unwrap()
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_pem(&self.public_pem()).unwrap()
    }

    pub(crate) fn id(&self) -> String {
        self.public().id().to_string()
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(bytes);
        let der: DerSignature = signature.to_der();
        der.as_bytes().to_vec()
    }

    /// A good signature of this statement.
    pub(crate) fn bundle(&self, statement: &Value) -> Value {
        let payload = statement.to_string();
        let signature = self.sign(&pae(PAYLOAD_TYPE, payload.as_bytes()));
        bundle(&self.id(), PAYLOAD_TYPE, payload.as_bytes(), &signature)
    }

    /// A good signature of this pack.
    pub(crate) fn release(&self, digest: &str) -> Vec<u8> {
        bytes(&self.bundle(&statement(RELEASE, digest)))
    }
}

pub(crate) fn bytes(bundle: &Value) -> Vec<u8> {
    bundle.to_string().into_bytes()
}

pub(crate) fn statement(predicate_type: &str, digest: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest.strip_prefix("sha256:").unwrap()}}],
        "predicateType": predicate_type,
        "predicate": {},
    })
}

pub(crate) fn bundle(hint: &str, payload_type: &str, payload: &[u8], signature: &[u8]) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": hint}},
        "dsseEnvelope": {
            "payload": BASE64.encode(payload),
            "payloadType": payload_type,
            "signatures": [{"sig": BASE64.encode(signature)}],
        },
    })
}

pub(crate) fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}
