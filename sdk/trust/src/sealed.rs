//! The encrypted form of a private key: scrypt makes a key of the password, NaCl's secretbox seals the PKCS#8 with it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Nonce, XSalsa20Poly1305};
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::key::KeyError;
use crate::quoted::Quoted;

/// The label that is written.
pub(crate) const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// The label of older files.
const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";

const KDF: &str = "scrypt";
const CIPHER: &str = "nacl/secretbox";
/// log2 of the work that is written; cosign calls it standard.
const LOG_N: u8 = 16;
/// What is read: the older default, the present one and its hardened one. Others would let a file take any amount of
/// memory or make guessing cheap, and cosign refuses them too.
const KNOWN_N: [u64; 3] = [1 << 15, 1 << LOG_N, 1 << 17];
const R: u32 = 8;
const P: u32 = 1;
const SALT_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

#[derive(Serialize, Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Whether a PEM with this label is such a file.
pub(crate) fn is_label(label: &str) -> bool {
    label == LABEL || label == OLD_LABEL
}

/// The body of the PEM.
pub(crate) fn seal(pkcs8: &[u8], password: &[u8]) -> Vec<u8> {
    let mut salt = [0; SALT_BYTES];
    let mut nonce = [0; NONCE_BYTES];
    OsRng.fill_bytes(&mut salt);
    OsRng.fill_bytes(&mut nonce);
    let key = derive(password, &salt, LOG_N);
    let ciphertext = XSalsa20Poly1305::new(key.as_ref().into())
        .encrypt(Nonce::from_slice(&nonce), pkcs8)
        .expect("a key is shorter than what the cipher can take");
    let sealed = Sealed {
        kdf: Kdf { name: KDF.into(), params: Params { n: 1 << LOG_N, r: R, p: P }, salt: BASE64.encode(salt) },
        cipher: Cipher { name: CIPHER.into(), nonce: BASE64.encode(nonce) },
        ciphertext: BASE64.encode(ciphertext),
    };
    serde_json::to_vec(&sealed).expect("strings and numbers can be written")
}

/// The PKCS#8 in the body of the PEM.
pub(crate) fn open(body: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let sealed: Sealed = serde_json::from_slice(body).map_err(|error| KeyError::Damaged(error.to_string()))?;
    if sealed.kdf.name != KDF {
        return Err(KeyError::Encryption(format!("its key derivation is {}, not {KDF}", Quoted(&sealed.kdf.name))));
    }
    if sealed.cipher.name != CIPHER {
        return Err(KeyError::Encryption(format!("its cipher is {}, not {CIPHER}", Quoted(&sealed.cipher.name))));
    }
    let Params { n, r, p } = sealed.kdf.params;
    if !KNOWN_N.contains(&n) || r != R || p != P {
        return Err(KeyError::Encryption(format!(
            "its scrypt has N={n}, r={r}, p={p}; N has to be one of {KNOWN_N:?}, r {R} and p {P}"
        )));
    }
    let salt = decoded("salt", &sealed.kdf.salt)?;
    let nonce = decoded("nonce", &sealed.cipher.nonce)?;
    if nonce.len() != NONCE_BYTES {
        return Err(KeyError::Damaged(format!("its nonce has {} bytes instead of {NONCE_BYTES}", nonce.len())));
    }
    let ciphertext = decoded("ciphertext", &sealed.ciphertext)?;
    let log_n = n.trailing_zeros().try_into().expect("one of the known ones");
    let key = derive(password, &salt, log_n);
    XSalsa20Poly1305::new(key.as_ref().into())
        .decrypt(Nonce::from_slice(&nonce), ciphertext.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Password)
}

fn decoded(what: &str, text: &str) -> Result<Vec<u8>, KeyError> {
    BASE64.decode(text).map_err(|error| KeyError::Damaged(format!("its {what} is not base64 ({error})")))
}

fn derive(password: &[u8], salt: &[u8], log_n: u8) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let params = scrypt::Params::new(log_n, R, P, key.len()).expect("parameters that are known to fit");
    scrypt::scrypt(password, salt, &params, key.as_mut()).expect("32 bytes are a length that scrypt can give");
    key
}
