//! Attacks on signatures by keys. Each has its own sentence.

mod forge;

use forge::{Key, OTHER_PACK, PACK, PAYLOAD_TYPE, RELEASE, bundle, bytes, pae, statement};
use lanner_trust::{KeyPair, MAX_BUNDLE_BYTES, SignatureError, Signer, sign, verify_with_key};
use serde_json::json;

/// The sentence for this bundle, where key 1 is trusted.
fn refused(bundle: &[u8]) -> String {
    verify_with_key(bundle, PACK, &[Key::new(1).public()]).unwrap_err().to_string()
}

#[test]
fn a_signature_of_ours_holds_and_is_the_same_each_time() {
    let key = KeyPair::generate();
    let bundle = sign(&key, PACK).unwrap();
    assert_eq!(bundle, sign(&key, PACK).unwrap());
    let others = [Key::new(1).public(), key.public().clone()];
    let verified = verify_with_key(bundle.as_bytes(), PACK, &others).unwrap();
    assert_eq!(verified.signer, Signer::Key(key.public().id().clone()));
    assert!(sign(&key, "sha512:00").is_err());
    assert!(matches!(verify_with_key(bundle.as_bytes(), "latest", &others), Err(SignatureError::Digest(_))));
}

#[test]
fn a_signature_of_another_writer_holds() {
    let key = Key::new(1);
    assert!(verify_with_key(&key.release(PACK), PACK, &[key.public()]).is_ok());
    // With what a log adds, and without a hint: the key is pinned.
    let mut bundle = key.bundle(&statement(RELEASE, PACK));
    bundle["verificationMaterial"]["tlogEntries"] = json!([]);
    bundle["verificationMaterial"]["timestampVerificationData"] = json!({});
    bundle["verificationMaterial"]["publicKey"]["hint"] = json!("");
    assert!(verify_with_key(&bytes(&bundle), PACK, &[key.public()]).is_ok());
}

#[test]
fn by_another_key() {
    let (mallory, team, backup) = (Key::new(9), Key::new(1), Key::new(2));
    let bundle = mallory.release(PACK);
    assert_eq!(
        refused(&bundle),
        format!("the signature is by another key, \"{}\"; trusted is {}", mallory.id(), team.id())
    );
    assert_eq!(
        verify_with_key(&bundle, PACK, &[team.public(), backup.public()]).unwrap_err().to_string(),
        format!(
            "the signature is by another key, \"{}\"; trusted is one of {}, {}",
            mallory.id(),
            team.id(),
            backup.id()
        )
    );
    assert!(verify_with_key(&team.release(PACK), PACK, &[]).is_err());
}

#[test]
fn by_another_key_that_claims_to_be_the_trusted_one() {
    let (mallory, team) = (Key::new(9), Key::new(1));
    let mut bundle = mallory.bundle(&statement(RELEASE, PACK));
    bundle["verificationMaterial"]["publicKey"]["hint"] = json!(team.id());
    assert_eq!(refused(&bytes(&bundle)), altered(&team));
}

fn altered(key: &Key) -> String {
    format!(
        "the signature says that it is by the trusted key {}, and that key did not sign this: it was changed, or forged",
        key.id()
    )
}

#[test]
fn replayed_from_another_pack() {
    assert_eq!(
        refused(&Key::new(1).release(OTHER_PACK)),
        format!("the signature is of other content: it is for {OTHER_PACK}, and this is {PACK}")
    );
}

#[test]
fn with_the_payload_swapped_after_signing() {
    let team = Key::new(1);
    let mut forged = team.bundle(&statement(RELEASE, OTHER_PACK));
    forged["dsseEnvelope"]["payload"] = team.bundle(&statement(RELEASE, PACK))["dsseEnvelope"]["payload"].clone();
    assert_eq!(refused(&bytes(&forged)), altered(&team));
}

#[test]
fn over_the_payload_alone() {
    let team = Key::new(1);
    let payload = statement(RELEASE, PACK).to_string();
    let signature = team.sign(payload.as_bytes());
    assert_eq!(refused(&bytes(&bundle(&team.id(), PAYLOAD_TYPE, payload.as_bytes(), &signature))), altered(&team));
}

#[test]
fn with_the_payload_type_changed() {
    let team = Key::new(1);
    let payload = statement(RELEASE, PACK).to_string();
    // Signed under another type, shown under the right one.
    let signature = team.sign(&pae("text/plain", payload.as_bytes()));
    assert_eq!(refused(&bytes(&bundle(&team.id(), PAYLOAD_TYPE, payload.as_bytes(), &signature))), altered(&team));
    assert_eq!(
        refused(&bytes(&bundle(&team.id(), "text/plain", payload.as_bytes(), &signature))),
        "the signature is of something else than a statement: its payload is of the type \"text/plain\""
    );
}

#[test]
fn an_attestation_is_not_a_release() {
    let team = Key::new(1);
    assert_eq!(
        refused(&bytes(&team.bundle(&statement("https://slsa.dev/provenance/v1", PACK)))),
        "the signature does not release anything: its predicateType is \"https://slsa.dev/provenance/v1\", not \
         https://sigstore.dev/cosign/sign/v1"
    );
    let mut old = statement(RELEASE, PACK);
    old["_type"] = json!("https://in-toto.io/Statement/v0.1");
    assert_eq!(
        refused(&bytes(&team.bundle(&old))),
        "the signature does not release anything: its _type is \"https://in-toto.io/Statement/v0.1\", not \
         https://in-toto.io/Statement/v1"
    );
}

#[test]
fn a_statement_has_one_subject_with_one_digest() {
    let team = Key::new(1);
    let with = |subject| {
        let mut two = statement(RELEASE, PACK);
        two["subject"] = subject;
        refused(&bytes(&team.bundle(&two)))
    };
    let hex = &PACK[7..];
    assert_eq!(with(json!([])), "the signature is malformed: it is for 0 subjects instead of one");
    assert_eq!(
        with(json!([{"digest": {"sha256": hex}}, {"digest": {"sha256": hex}}])),
        "the signature is malformed: it is for 2 subjects instead of one"
    );
    let none = "the signature is malformed: its subject has no sha256 digest";
    assert_eq!(with(json!([{"digest": {"sha512": hex}}])), none);
    assert_eq!(with(json!([{"digest": {"sha256": hex.to_uppercase()}}])), none);
    // Which of the two a reader takes must not matter.
    let twice = statement(RELEASE, PACK).to_string().replace("\"subject\":", "\"subject\":[],\"subject\":");
    let signature = team.sign(&pae(PAYLOAD_TYPE, twice.as_bytes()));
    let sentence = refused(&bytes(&bundle(&team.id(), PAYLOAD_TYPE, twice.as_bytes(), &signature)));
    assert!(sentence.contains("duplicate field `subject`"), "{sentence}");
}

#[test]
fn that_merely_exists() {
    let team = Key::new(1);
    for junk in ["", "{}", "signed", "[]", "null"] {
        let sentence = refused(junk.as_bytes());
        assert!(sentence.starts_with("the signature is malformed: "), "{junk}: {sentence}");
    }
    assert!(refused(b"\xff").starts_with("the signature is malformed: it is not UTF-8 ("));
    let mut none = team.bundle(&statement(RELEASE, PACK));
    none["dsseEnvelope"]["signatures"] = json!([]);
    assert_eq!(
        refused(&bytes(&none)),
        "the signature is malformed: JSON error: DSSE envelope must contain exactly one signature, found 0 at line 1 \
         column 529"
    );
    let mut empty = team.bundle(&statement(RELEASE, PACK));
    empty["dsseEnvelope"]["signatures"] = json!([{"sig": ""}]);
    assert_eq!(
        refused(&bytes(&empty)),
        "the signature is of a form that is not supported: a signature that is not ECDSA of the curve P-256 (supported \
         is application/vnd.dev.sigstore.bundle.v0.3+json with an in-toto statement)"
    );
}

#[test]
fn of_another_form() {
    let team = Key::new(1);
    let unsupported = |what: &str| {
        format!(
            "the signature is of a form that is not supported: {what} (supported is \
             application/vnd.dev.sigstore.bundle.v0.3+json with an in-toto statement)"
        )
    };
    let mut old = team.bundle(&statement(RELEASE, PACK));
    old["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.2");
    assert_eq!(
        refused(&bytes(&old)),
        unsupported("a bundle of the type application/vnd.dev.sigstore.bundle+json;version=0.2")
    );
    // A signature as Ed25519 makes it: 64 bytes.
    let payload = statement(RELEASE, PACK).to_string();
    assert_eq!(
        refused(&bytes(&bundle(&team.id(), PAYLOAD_TYPE, payload.as_bytes(), &[7; 64]))),
        unsupported("a signature that is not ECDSA of the curve P-256")
    );
    let mut message = team.bundle(&statement(RELEASE, PACK));
    let signature = message["dsseEnvelope"]["signatures"][0]["sig"].clone();
    message.as_object_mut().unwrap().remove("dsseEnvelope");
    message["messageSignature"] = json!({"signature": signature});
    assert_eq!(refused(&bytes(&message)), unsupported("a bare signature of a file, without a statement"));
}

#[test]
fn too_large() {
    let mut bundle = Key::new(1).release(PACK);
    bundle.resize(MAX_BUNDLE_BYTES, b' ');
    assert!(verify_with_key(&bundle, PACK, &[Key::new(1).public()]).is_ok());
    bundle.push(b' ');
    assert_eq!(refused(&bundle), "the signature has 1048577 bytes; more than 1048576 are not read");
}

#[test]
fn a_hint_cannot_write_to_the_terminal() {
    let mut bundle = Key::new(9).bundle(&statement(RELEASE, PACK));
    bundle["verificationMaterial"]["publicKey"]["hint"] = json!("\u{1b}[2J\n\"; trusted");
    let sentence = refused(&bytes(&bundle));
    assert!(
        sentence.starts_with(r#"the signature is by another key, "\u{1b}[2J\n\"; trusted"; trusted is "#),
        "{sentence}"
    );
}
