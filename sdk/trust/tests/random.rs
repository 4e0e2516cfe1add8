//! Bytes that nobody wrote on purpose: they never verify, and nothing panics.

mod forge;
mod mint;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use forge::{Key, OTHER_PACK, PACK};
use lanner_trust::{Identity, KeyPair, PublicKey, TrustedRoot, verify_keyless, verify_with_key};
use mint::{Authority, Request};
use proptest::prelude::*;

static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| Key::new(1).release(PACK));
static KEYLESS: LazyLock<(TrustedRoot, Vec<u8>)> = LazyLock::new(|| {
    let authority = Authority::new();
    (TrustedRoot::from_json(&authority.trusted_root()).unwrap(), authority.sign(&Request::release(PACK)))
});

/// What the bundle says that matters: the same bytes as JSON may be written in many ways.
fn meaning(bundle: &[u8]) -> Option<serde_json::Value> {
    let mut value: serde_json::Value = serde_json::from_slice(bundle).ok()?;
    // Nobody checks these: the hint only helps to find the key, and the key id of an envelope is not used.
    value["verificationMaterial"]["publicKey"]["hint"].take();
    Some(value["dsseEnvelope"].take())
}

fn identities() -> [Identity; 1] {
    [Identity::new(mint::ISSUER, mint::SUBJECT).unwrap()]
}

fn mutated(original: &[u8], changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for (at, how, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match how % 4 {
            0 => bytes[at] = *byte,
            1 => bytes.insert(at, *byte),
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// The bytes that a text in base64 stands for: padding that is missing changes nothing.
fn decoded(text: &serde_json::Value) -> Vec<u8> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&base64::alphabet::STANDARD, lenient).decode(text.as_str().unwrap()).unwrap()
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<u8>()), 1..6)
}

proptest! {
    #[test]
    fn random_bytes_are_no_signature(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(verify_with_key(&bytes, PACK, &[Key::new(1).public()]).is_err());
        prop_assert!(verify_keyless(&bytes, PACK, &KEYLESS.0, &identities()).is_err());
    }

    #[test]
    fn a_changed_bundle_holds_only_if_its_meaning_is_the_same(changes in changes()) {
        let bytes = mutated(&SIGNED, &changes);
        prop_assert!(verify_with_key(&bytes, OTHER_PACK, &[Key::new(1).public()]).is_err());
        if verify_with_key(&bytes, PACK, &[Key::new(1).public()]).is_ok() {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let meant = meaning(&bytes).unwrap();
            let original = meaning(&SIGNED).unwrap();
            prop_assert_eq!(decoded(&meant["payload"]), decoded(&original["payload"]), "{}", text);
            prop_assert_eq!(&meant["payloadType"], &original["payloadType"], "{}", text);
            prop_assert_eq!(decoded(&meant["signatures"][0]["sig"]), decoded(&original["signatures"][0]["sig"]), "{}", text);
        }
    }

    #[test]
    fn a_changed_keyless_bundle_never_is_of_another_pack(changes in changes()) {
        let bytes = mutated(&KEYLESS.1, &changes);
        prop_assert!(verify_keyless(&bytes, OTHER_PACK, &KEYLESS.0, &identities()).is_err());
        if verify_keyless(&bytes, PACK, &KEYLESS.0, &identities()).is_ok() {
            let meant = meaning(&bytes).unwrap();
            let original = meaning(&KEYLESS.1).unwrap();
            prop_assert_eq!(decoded(&meant["payload"]), decoded(&original["payload"]));
            prop_assert_eq!(decoded(&meant["signatures"][0]["sig"]), decoded(&original["signatures"][0]["sig"]));
        }
    }

    #[test]
    fn random_files_are_no_keys(text in "\\PC{0,300}", label in "[A-Z ]{0,30}", body in prop::collection::vec(any::<u8>(), 0..300)) {
        let pem = pem::encode(&pem::Pem::new(label, body.clone()));
        let labels = ["PUBLIC KEY", "ENCRYPTED SIGSTORE PRIVATE KEY"].map(|label| pem::encode(&pem::Pem::new(label, body.clone())));
        for file in [&text, &pem, &labels[0], &labels[1]] {
            prop_assert!(PublicKey::from_pem(file).is_err());
            prop_assert!(KeyPair::from_pem(file, b"").is_err());
        }
    }
}
