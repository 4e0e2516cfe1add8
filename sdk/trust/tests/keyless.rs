//! Attacks on signatures by identities, against an authority of the test's own.

mod forge;
mod mint;

use std::time::Duration;

use forge::{Key, OTHER_PACK, PACK};
use lanner_trust::{Claims, Identity, Signer, TrustedRoot, verify_keyless};
use mint::{Authority, ISSUER, Request, SUBJECT};
use serde_json::json;

fn root(authority: &Authority) -> TrustedRoot {
    TrustedRoot::from_json(&authority.trusted_root()).unwrap()
}

fn identity(issuer: &str, subject: &str) -> Identity {
    Identity::new(issuer, subject).unwrap()
}

/// The sentence for this bundle, where the team is trusted.
fn refused(authority: &Authority, bundle: &[u8]) -> String {
    verify_keyless(bundle, PACK, &root(authority), &[identity(ISSUER, SUBJECT)]).unwrap_err().to_string()
}

#[test]
fn a_good_one_holds() {
    let authority = Authority::new();
    let bundle = authority.sign(&Request::release(PACK));
    for subject in
        [SUBJECT, "https://ci.example.org/team/**", "https://ci.example.org/team/**/release.yml@refs/tags/v*"]
    {
        let identities = [identity("https://other.example.org", SUBJECT), identity(ISSUER, subject)];
        let verified = verify_keyless(&bundle, PACK, &root(&authority), &identities).unwrap();
        assert_eq!(verified.signer, Signer::Identity { issuer: ISSUER.into(), subject: SUBJECT.into() });
        assert_eq!(verified.signer.to_string(), format!("\"{SUBJECT}\" of \"{ISSUER}\""));
    }
    let mail = Request { subject: "ann@example.org".into(), ..Request::release(PACK) };
    let bundle = authority.sign(&mail);
    assert!(verify_keyless(&bundle, PACK, &root(&authority), &[identity(ISSUER, "*@example.org")]).is_ok());
}

#[test]
fn of_another_issuer() {
    let authority = Authority::new();
    let bundle = authority.sign(&Request { issuer: "https://evil.example".into(), ..Request::release(PACK) });
    assert_eq!(
        refused(&authority, &bundle),
        format!(
            "the signature is by \"{SUBJECT}\" of \"https://evil.example\"; trusted is \"{SUBJECT}\" of \"{ISSUER}\""
        )
    );
}

#[test]
fn of_another_subject() {
    let authority = Authority::new();
    let evil = "https://ci.example.org/teamevil/x";
    let bundle = authority.sign(&Request { subject: evil.into(), ..Request::release(PACK) });
    let identities = [identity(ISSUER, "https://ci.example.org/team/*"), identity(ISSUER, "ann@example.org")];
    assert_eq!(
        verify_keyless(&bundle, PACK, &root(&authority), &identities).unwrap_err().to_string(),
        format!(
            "the signature is by \"{evil}\" of \"{ISSUER}\"; trusted is one of \"https://ci.example.org/team/*\" of \
             \"{ISSUER}\", \"ann@example.org\" of \"{ISSUER}\""
        )
    );
    assert!(verify_keyless(&bundle, PACK, &root(&authority), &[]).is_err());
}

#[test]
fn of_another_root() {
    let (authority, other) = (Authority::new(), Authority::new());
    let bundle = authority.sign(&Request::release(PACK));
    assert_eq!(
        refused(&other, &bundle),
        format!(
            "the signature is in the transparency log \"{}\", which the trusted root does not have",
            authority.log_id()
        )
    );
}

#[test]
fn of_another_authority_with_the_same_logs() {
    let authority = Authority::new();
    let trusted = root(&authority);
    let bundle = authority.with_another_ca().sign(&Request::release(PACK));
    let sentence = verify_keyless(&bundle, PACK, &trusted, &[identity(ISSUER, SUBJECT)]).unwrap_err().to_string();
    assert!(
        sentence.starts_with(
            "the signature is by a certificate that the trusted root does not vouch for: certificate chain \
             validation failed: InvalidSignatureForPublicKey"
        ),
        "{sentence}"
    );
}

#[test]
fn expired_and_not_logged() {
    let authority = Authority::new();
    let day = Duration::from_secs(86_400);
    let old = Request { age: day, logged: false, ..Request::release(PACK) };
    let sentence = "the signature has no entry of a transparency log, so nothing proves that its certificate was valid \
                    when it was made";
    assert_eq!(refused(&authority, &authority.sign(&old)), sentence);
    // Neither is it good while the certificate still is.
    let fresh = Request { logged: false, ..Request::release(PACK) };
    assert_eq!(refused(&authority, &authority.sign(&fresh)), sentence);
    // And logging it when it is too late does not help.
    let late = authority.bundle(&Request { age: day, ..Request::release(PACK) });
    let entry = &late["verificationMaterial"]["tlogEntries"][0];
    let logged: i64 = entry["integratedTime"].as_str().unwrap().parse().unwrap();
    let time = |ago: i64| jiff::Timestamp::from_second(logged - ago).unwrap();
    assert_eq!(
        refused(&authority, late.to_string().as_bytes()),
        format!(
            "the signature was made at {}, and its certificate was valid from {} to {}",
            time(0),
            time(86_400),
            time(86_400 - 600)
        )
    );
}

#[test]
fn with_the_time_of_the_log_changed() {
    let authority = Authority::new();
    let mut bundle = authority.bundle(&Request { age: Duration::from_secs(86_400), ..Request::release(PACK) });
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    let time: u64 = entry["integratedTime"].as_str().unwrap().parse().unwrap();
    entry["integratedTime"] = json!((time - 86_300).to_string());
    let sentence = refused(&authority, bundle.to_string().as_bytes());
    assert!(
        sentence.starts_with("the signature has an entry of a transparency log that does not hold: "),
        "{sentence}"
    );
}

#[test]
fn with_the_entry_of_another_signature() {
    let authority = Authority::new();
    let mut bundle = authority.bundle(&Request::release(PACK));
    let other = authority.bundle(&Request::release(PACK));
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"].clone();
    let sentence = refused(&authority, bundle.to_string().as_bytes());
    assert!(
        sentence.starts_with("the signature has an entry of a transparency log that does not hold: "),
        "{sentence}"
    );
}

#[test]
fn replayed_from_another_pack() {
    let authority = Authority::new();
    assert_eq!(
        refused(&authority, &authority.sign(&Request::release(OTHER_PACK))),
        format!("the signature is of other content: it is for {OTHER_PACK}, and this is {PACK}")
    );
}

#[test]
fn an_attestation_is_not_a_release() {
    let authority = Authority::new();
    let provenance = Request { predicate_type: "https://slsa.dev/provenance/v1".into(), ..Request::release(PACK) };
    assert_eq!(
        refused(&authority, &authority.sign(&provenance)),
        "the signature does not release anything: its predicateType is \"https://slsa.dev/provenance/v1\", not \
         https://sigstore.dev/cosign/sign/v1"
    );
}

#[test]
fn with_the_payload_swapped_after_signing() {
    let authority = Authority::new();
    let mut bundle = authority.bundle(&Request::release(OTHER_PACK));
    bundle["dsseEnvelope"]["payload"] = authority.bundle(&Request::release(PACK))["dsseEnvelope"]["payload"].clone();
    assert_eq!(
        refused(&authority, bundle.to_string().as_bytes()),
        "the signature is not by the certificate that comes with it: it was changed, or forged"
    );
}

#[test]
fn by_a_key_or_the_other_way_round() {
    let authority = Authority::new();
    let key = Key::new(1);
    assert_eq!(
        refused(&authority, &key.release(PACK)),
        format!("the signature is by key \"{}\", and this entry trusts identities that a certificate proves", key.id())
    );
    let bundle = authority.sign(&Request::release(PACK));
    assert_eq!(
        lanner_trust::verify_with_key(&bundle, PACK, &[key.public()]).unwrap_err().to_string(),
        "the signature is by a certificate, and this entry trusts keys"
    );
}

#[test]
fn claims_of_the_build_are_those_of_the_certificate() {
    let authority = Authority::new();
    let of = |source_ref: &str| {
        let claims = vec![(12, "https://ci.example.org/team/linux".to_owned()), (14, source_ref.to_owned())];
        authority.sign(&Request { claims, ..Request::release(PACK) })
    };
    let claims = Claims {
        source_repository: Some("https://ci.example.org/team/linux".into()),
        source_ref: Some("refs/tags/v*".into()),
        ..Claims::default()
    };
    let identities = [Identity::with_claims(ISSUER, None, claims).unwrap()];
    let verify = |bundle: &[u8]| verify_keyless(bundle, PACK, &root(&authority), &identities);
    assert!(verify(&of("refs/tags/v1")).is_ok());
    let refusal = verify(&of("refs/heads/v@refs/tags/v1")).unwrap_err().to_string();
    assert!(
        refusal.contains("trusted is source_repository \"https://ci.example.org/team/linux\" with source_ref"),
        "{refusal}"
    );
    assert!(verify(&authority.sign(&Request::release(PACK))).is_err(), "without claims");
}
