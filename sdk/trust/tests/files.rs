//! Key files: ours, cosign's, and those that are no such thing.

mod forge;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use forge::{Key, PACK};
use lanner_trust::{KeyError, KeyPair, PublicKey, sign, verify_with_key};
use p256::pkcs8::{EncodePrivateKey, LineEnding};
use serde_json::{Value, json};

/// Written by cosign, with an empty password.
const OF_COSIGN: &str = include_str!("data/cosign.key");

fn private(text: &str) -> String {
    KeyPair::from_pem(text, b"").unwrap_err().to_string()
}

fn public(text: &str) -> String {
    PublicKey::from_pem(text).unwrap_err().to_string()
}

#[test]
fn a_key_of_cosign_signs() {
    let key = KeyPair::from_pem(OF_COSIGN, b"").unwrap();
    let bundle = sign(&key, PACK).unwrap();
    assert!(verify_with_key(bundle.as_bytes(), PACK, &[key.public().clone()]).is_ok());
    let older = OF_COSIGN.replace("SIGSTORE", "COSIGN");
    assert_eq!(KeyPair::from_pem(&older, b"").unwrap().public(), key.public());
}

#[test]
fn a_key_survives_its_file() {
    let key = KeyPair::generate();
    let file = key.to_pem("Geheimnis ü".as_bytes());
    assert!(file.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"), "{file}");
    assert!(file.ends_with("-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"), "{file}");
    let read = KeyPair::from_pem(&file, "Geheimnis ü".as_bytes()).unwrap();
    assert_eq!(read.public(), key.public());
    assert_eq!(sign(&read, PACK), sign(&key, PACK));
    assert_ne!(key.to_pem(b"same"), key.to_pem(b"same"));
    assert_eq!(PublicKey::from_pem(&key.public().to_pem()).as_ref(), Ok(key.public()));
    assert!(!format!("{key:?}").contains("SigningKey"));

    assert_eq!(
        KeyPair::from_pem(&file, b"other").unwrap_err().to_string(),
        "the password is wrong for this key (or the file was changed)"
    );
}

#[test]
fn the_parameters_are_those_of_cosign() {
    let body: Value = serde_json::from_slice(pem::parse(KeyPair::generate().to_pem(b"x")).unwrap().contents()).unwrap();
    assert_eq!(body["kdf"]["name"], "scrypt");
    assert_eq!(body["kdf"]["params"], json!({"N": 65536, "r": 8, "p": 1}));
    assert_eq!(body["cipher"]["name"], "nacl/secretbox");
    let length = |value: &Value| BASE64.decode(value.as_str().unwrap()).unwrap().len();
    assert_eq!((length(&body["kdf"]["salt"]), length(&body["cipher"]["nonce"])), (32, 24));
}

#[test]
fn the_other_half_of_the_pair() {
    assert_eq!(
        private(&Key::new(1).public_pem()),
        "this is a public key, and signing needs the private one; give the .key file instead of the .pub file"
    );
    assert_eq!(
        public(OF_COSIGN),
        "this is a private key, and verifying needs the public one only; give the .pub file, and keep this one secret"
    );
}

#[test]
fn without_a_password() {
    let plain = p256::SecretKey::from_slice(&[1; 32]).unwrap().to_pkcs8_pem(LineEnding::LF).unwrap();
    assert_eq!(
        private(&plain),
        "this is a private key without a password (PRIVATE KEY); keys for signing packs are files with the label \
         ENCRYPTED SIGSTORE PRIVATE KEY: make one with `lanner pack keygen`, or turn this one into it with `cosign \
         import-key-pair`"
    );
    assert!(
        private(&pem::encode(&pem::Pem::new("EC PRIVATE KEY", "x"))).contains("without a password (EC PRIVATE KEY)")
    );
}

#[test]
fn of_another_algorithm() {
    let only = "only ECDSA keys of the curve P-256 can be used";
    for label in ["RSA PRIVATE KEY", "RSA PUBLIC KEY"] {
        let file = pem::encode(&pem::Pem::new(label, "x"));
        let sentence = if label.contains("PUBLIC") { public(&file) } else { private(&file) };
        assert_eq!(sentence, format!("this is a key of RSA; {only}"));
    }
    for (algorithm, name) in [
        (&rcgen::PKCS_ED25519, "Ed25519"),
        (&rcgen::PKCS_ECDSA_P384_SHA384, "the curve P-384"),
        (&rcgen::PKCS_RSA_SHA256, "RSA"),
    ] {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        assert_eq!(public(&key.public_key_pem()), format!("this is a key of {name}; {only}"));
    }
}

#[test]
fn of_another_kind() {
    assert_eq!(
        public(&pem::encode(&pem::Pem::new("CERTIFICATE", "x"))),
        "this is PEM of the kind \"CERTIFICATE\", not a key"
    );
    assert_eq!(private("a key"), "this is not a PEM file of a key (there is no line that begins with -----BEGIN)");
    let two = format!("{}{}", Key::new(1).public_pem(), Key::new(2).public_pem());
    assert_eq!(public(&two), "there are 2 PEM blocks where there should be one; keep one key in a file");
}

/// The key of cosign with this in its file.
fn changed(pointer: &str, value: Value) -> KeyError {
    let mut body: Value = serde_json::from_slice(pem::parse(OF_COSIGN).unwrap().contents()).unwrap();
    *body.pointer_mut(pointer).unwrap() = value;
    let file = pem::encode(&pem::Pem::new("ENCRYPTED SIGSTORE PRIVATE KEY", body.to_string()));
    KeyPair::from_pem(&file, b"").unwrap_err()
}

#[test]
fn damaged() {
    assert!(private(&OF_COSIGN[..OF_COSIGN.len() / 2]).starts_with("this is not a PEM file of a key ("));
    let empty = pem::encode(&pem::Pem::new("ENCRYPTED SIGSTORE PRIVATE KEY", "{}"));
    assert_eq!(private(&empty), "the key is damaged: missing field `kdf` at line 1 column 2");
    assert!(public(&pem::encode(&pem::Pem::new("PUBLIC KEY", "x"))).starts_with("the key is damaged: "));
    assert_eq!(
        changed("/cipher/nonce", json!("AAAA")).to_string(),
        "the key is damaged: its nonce has 3 bytes instead of 24"
    );
    assert!(changed("/kdf/salt", json!("!")).to_string().starts_with("the key is damaged: its salt is not base64 ("));
    assert_eq!(changed("/ciphertext", json!("")), KeyError::Password);
}

#[test]
fn encrypted_in_another_way() {
    assert_eq!(
        changed("/kdf/params/N", json!(1_073_741_824)).to_string(),
        "the key is encrypted in a way that is not supported: its scrypt has N=1073741824, r=8, p=1; N has to be one of \
         [32768, 65536, 131072], r 8 and p 1"
    );
    for (pointer, value) in [("/kdf/params/N", 2), ("/kdf/params/r", 1_000_000), ("/kdf/params/p", 1_000_000)] {
        assert!(matches!(changed(pointer, json!(value)), KeyError::Encryption(_)), "{pointer}");
    }
    assert_eq!(
        changed("/kdf/name", json!("argon2id")).to_string(),
        "the key is encrypted in a way that is not supported: its key derivation is \"argon2id\", not scrypt"
    );
    assert_eq!(
        changed("/cipher/name", json!("aes")).to_string(),
        "the key is encrypted in a way that is not supported: its cipher is \"aes\", not nacl/secretbox"
    );
}
