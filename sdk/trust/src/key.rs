//! Keys: P-256, in the files that cosign writes.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use p256::ecdsa::{DerSignature, Signature, SigningKey, VerifyingKey, signature::Signer, signature::Verifier};
use p256::pkcs8::spki::{self, AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding, PrivateKeyInfo};
use rand_core::OsRng;
use sha2::{Digest, Sha256};

use crate::quoted::Quoted;
use crate::sealed;

/// The label of a public key's PEM.
const PUBLIC_LABEL: &str = "PUBLIC KEY";

/// What is wrong with a key file. The message has no file name: who read the file knows it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM in it, or damaged PEM.
    #[error("this is not a PEM file of a key ({0})")]
    NotPem(String),
    /// More than one.
    #[error("there are {0} PEM blocks where there should be one; keep one key in a file")]
    Several(usize),
    /// A public key where a private one is needed.
    #[error("this is a public key, and signing needs the private one; give the .key file instead of the .pub file")]
    PublicForPrivate,
    /// A private key where a public one is needed.
    #[error(
        "this is a private key, and verifying needs the public one only; give the .pub file, and keep this one secret"
    )]
    PrivateForPublic,
    /// A private key that is not protected by a password.
    #[error(
        "this is a private key without a password ({label}); keys for signing packs are files with the label {}: make \
         one with `lanner pack keygen`, or turn this one into it with `cosign import-key-pair`",
        sealed::LABEL
    )]
    NotSealed {
        /// The label of its PEM.
        label: String,
    },
    /// Another kind of key.
    #[error("this is a key of {algorithm}; only ECDSA keys of the curve P-256 can be used")]
    Algorithm {
        /// What it is.
        algorithm: String,
    },
    /// Another kind of PEM.
    #[error("this is PEM of the kind {}, not a key", Quoted(.0))]
    OtherPem(String),
    /// The file is of the right kind, and what is in it is not.
    #[error("the key is damaged: {0}")]
    Damaged(String),
    /// The parameters of its encryption are not among those that cosign writes.
    #[error("the key is encrypted in a way that is not supported: {0}")]
    Encryption(String),
    /// It cannot be decrypted.
    #[error("the password is wrong for this key (or the file was changed)")]
    Password,
}

/// Names a key: the base64 of the SHA-256 of its SubjectPublicKeyInfo in DER, which is the hint that cosign writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    id: KeyId,
}

impl PublicKey {
    fn new(key: VerifyingKey) -> Self {
        let der = key.to_public_key_der().expect("a point of the curve can be written");
        let id = KeyId(BASE64.encode(Sha256::digest(der.as_bytes())));
        Self { key, id }
    }

    /// From PEM (`PUBLIC KEY`), as in cosign's `.pub` files.
    ///
    /// # Errors
    /// It is not the PEM of one public P-256 key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem = one_pem(text)?;
        match pem.tag() {
            PUBLIC_LABEL => {}
            "RSA PUBLIC KEY" => return Err(KeyError::Algorithm { algorithm: "RSA".into() }),
            label if label.ends_with("PRIVATE KEY") => return Err(KeyError::PrivateForPublic),
            label => return Err(KeyError::OtherPem(label.to_owned())),
        }
        let info = SubjectPublicKeyInfoRef::try_from(pem.contents()).map_err(damaged)?;
        is_p256(&info.algorithm)?;
        VerifyingKey::from_public_key_der(pem.contents()).map(Self::new).map_err(damaged)
    }

    /// As PEM, as cosign writes it.
    pub fn to_pem(&self) -> String {
        self.key.to_public_key_pem(LineEnding::LF).expect("a point of the curve can be written")
    }

    /// Its name.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Whether this signature is over these bytes.
    pub(crate) fn verifies(&self, bytes: &[u8], signature: &Signature) -> bool {
        self.key.verify(bytes, signature).is_ok()
    }
}

/// A private key with its public part. The private part is erased from memory when this is dropped.
#[derive(Clone)]
pub struct KeyPair {
    key: SigningKey,
    public: PublicKey,
}

impl KeyPair {
    fn new(key: SigningKey) -> Self {
        let public = PublicKey::new(*key.verifying_key());
        Self { key, public }
    }

    /// A new one, from the randomness of the kernel.
    pub fn generate() -> Self {
        Self::new(SigningKey::random(&mut OsRng))
    }

    /// From cosign's file form (`ENCRYPTED SIGSTORE PRIVATE KEY`, or the older `ENCRYPTED COSIGN PRIVATE KEY`). Takes
    /// 64 MiB of memory and about a tenth of a second, on purpose: so guessing passwords is slow.
    ///
    /// # Errors
    /// It is another kind of file, damaged, or the password is another.
    pub fn from_pem(text: &str, password: &[u8]) -> Result<Self, KeyError> {
        let pem = one_pem(text)?;
        match pem.tag() {
            label if sealed::is_label(label) => {}
            label if label.ends_with("PUBLIC KEY") => return Err(KeyError::PublicForPrivate),
            "RSA PRIVATE KEY" => return Err(KeyError::Algorithm { algorithm: "RSA".into() }),
            label if label.ends_with("PRIVATE KEY") => return Err(KeyError::NotSealed { label: label.to_owned() }),
            label => return Err(KeyError::OtherPem(label.to_owned())),
        }
        let pkcs8 = sealed::open(pem.contents(), password)?;
        let info = PrivateKeyInfo::try_from(pkcs8.as_slice()).map_err(damaged)?;
        is_p256(&info.algorithm)?;
        SigningKey::from_pkcs8_der(&pkcs8).map(Self::new).map_err(damaged)
    }

    /// As cosign's file form, encrypted with the password (which may be empty, as with cosign). Store it with the
    /// mode 0600.
    pub fn to_pem(&self, password: &[u8]) -> String {
        let pkcs8 = self.key.to_pkcs8_der().expect("a scalar of the curve can be written");
        let pem = pem::Pem::new(sealed::LABEL, sealed::seal(pkcs8.as_bytes(), password));
        pem::encode_config(&pem, pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF))
    }

    /// The public part.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs these bytes; the same bytes give the same signature (RFC 6979).
    pub(crate) fn sign(&self, bytes: &[u8]) -> DerSignature {
        let signature: Signature = self.key.sign(bytes);
        signature.to_der()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("public", &self.public.id).finish_non_exhaustive()
    }
}

fn one_pem(text: &str) -> Result<pem::Pem, KeyError> {
    let mut all = pem::parse_many(text).map_err(|error| KeyError::NotPem(error.to_string()))?;
    match (all.pop(), all.len()) {
        (None, _) => Err(KeyError::NotPem("there is no line that begins with -----BEGIN".into())),
        (Some(one), 0) => Ok(one),
        (Some(_), others) => Err(KeyError::Several(others + 1)),
    }
}

fn damaged(error: impl fmt::Display) -> KeyError {
    KeyError::Damaged(error.to_string())
}

/// Says what the key is, when it is of another kind.
fn is_p256(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<(), KeyError> {
    const EC: spki::ObjectIdentifier = spki::ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    const P256: spki::ObjectIdentifier = spki::ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
    let oid = |algorithm: String| KeyError::Algorithm { algorithm };
    if algorithm.oid != EC {
        return Err(oid(match algorithm.oid.to_string().as_str() {
            "1.2.840.113549.1.1.1" => "RSA".into(),
            "1.3.101.112" => "Ed25519".into(),
            other => format!("the algorithm {other}"),
        }));
    }
    match algorithm.parameters_oid() {
        Ok(P256) => Ok(()),
        Ok(curve) => Err(oid(match curve.to_string().as_str() {
            "1.3.132.0.34" => "the curve P-384".into(),
            "1.3.132.0.35" => "the curve P-521".into(),
            "1.3.132.0.10" => "the curve secp256k1".into(),
            other => format!("the curve {other}"),
        })),
        Err(error) => Err(damaged(error)),
    }
}
