//! Verifying a bundle whose certificate proves an identity, against a trust root that was given. No network.

use std::fmt;
use std::sync::Arc;

use sigstore_trust_root::TrustedRoot as Root;
use sigstore_verify::crypto::parse_certificate_info;
use sigstore_verify::types::{Bundle, Sha256Hash};
use sigstore_verify::{CertificateError, SubjectAltName, TimestampError, VerificationPolicy};
use sigstore_verify::{Error, Verifier, bundle};

use crate::bundle::Unverified;
use crate::digest;
use crate::error::SignatureError;
use crate::quoted::Quoted;
use crate::statement;
use crate::verify::{Signer, Verified};

/// A trust root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a Sigstore trusted root (trusted_root.json): {0}")]
pub struct TrustedRootError(String);

/// Which certificate authorities, transparency logs and timestamp authorities are trusted: Sigstore's
/// `trusted_root.json`. Cheap to clone.
#[derive(Clone)]
pub struct TrustedRoot(Arc<Authorities>);

struct Authorities {
    verifier: Verifier,
    /// The ids of the transparency logs, in base64.
    logs: Vec<String>,
}

impl TrustedRoot {
    /// From the JSON.
    ///
    /// # Errors
    /// It is not a trust root, or a key or certificate in it cannot be used.
    pub fn from_json(text: &str) -> Result<Self, TrustedRootError> {
        let root = Root::from_json(text).map_err(|error| TrustedRootError(error.to_string()))?;
        if root.certificate_authorities.is_empty() || root.tlogs.is_empty() {
            return Err(TrustedRootError("it has no certificate authority or no transparency log".into()));
        }
        let verifier = Verifier::new(&root).map_err(|error| TrustedRootError(error.to_string()))?;
        let logs = root.tlogs.iter().map(|log| log.log_id.key_id.to_string()).collect();
        Ok(Self(Arc::new(Authorities { verifier, logs })))
    }
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrustedRoot")
    }
}

/// An identity in a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The issuer is not a URL.
    #[error("the issuer {} is not a whole URL, such as https://accounts.example.org (no pattern is allowed there)", Quoted(.0))]
    Issuer(String),
    /// The subject is neither an e-mail address nor a URI.
    #[error("the subject {} is neither an e-mail address nor a URI", Quoted(.0))]
    Subject(String),
    /// The pattern would let in people of any host.
    #[error("the subject {} has a * in its host, so it trusts anybody's; * may stand in the path of a URI or before the @", Quoted(.0))]
    TooWide(String),
}

/// Whom a certificate may be issued to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    issuer: String,
    subject: String,
}

impl Identity {
    /// The issuer is compared as it is. In the subject, a `*` stands for any characters: in the path of a URI, or before
    /// the `@` of an e-mail address.
    ///
    /// # Errors
    /// The issuer is not a URL, or the subject is neither an e-mail address nor a URI, or its host is open.
    pub fn new(issuer: &str, subject: &str) -> Result<Self, IdentityError> {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
        let host = |rest: &str| rest.split('/').next().unwrap_or_default().to_owned();
        match issuer.split_once("://") {
            Some(("https" | "http", rest)) if plain(issuer) && !issuer.contains('*') && !host(rest).is_empty() => {}
            _ => return Err(IdentityError::Issuer(issuer.to_owned())),
        }
        let wrong = || IdentityError::Subject(subject.to_owned());
        if !plain(subject) {
            return Err(wrong());
        }
        let authority = match subject.split_once("://") {
            Some((scheme, rest)) if !scheme.is_empty() => {
                let host = host(rest);
                // `https://host*` would be open to `https://host.evil.example`.
                if scheme.contains('*') || host.contains('*') { Err(()) } else { Ok(host) }
            }
            Some(_) => return Err(wrong()),
            None => match subject.rsplit_once('@') {
                Some((local, host)) if !local.is_empty() => {
                    if host.contains('*') {
                        Err(())
                    } else {
                        Ok(host.into())
                    }
                }
                _ => return Err(wrong()),
            },
        };
        match authority {
            Ok(host) if host.is_empty() => Err(wrong()),
            Ok(_) => Ok(Self { issuer: issuer.to_owned(), subject: subject.to_owned() }),
            Err(()) => Err(IdentityError::TooWide(subject.to_owned())),
        }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The subject, or the pattern for it.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether the certificate's claims fit.
    fn admits(&self, issuer: &str, subject: &SubjectAltName) -> bool {
        // An address cannot pass for a URI, whatever is written in it.
        let same_kind = match subject {
            SubjectAltName::Uri(_) => self.subject.contains("://"),
            SubjectAltName::Email(_) => !self.subject.contains("://"),
            _ => false,
        };
        same_kind && self.issuer == issuer && fits(&self.subject, subject.as_str(), !self.subject.contains("://"))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", Quoted(&self.subject), Quoted(&self.issuer))
    }
}

/// Identities in a sentence.
pub(crate) fn listed(identities: &[Identity]) -> String {
    match identities {
        [] => "nobody".into(),
        [one] => one.to_string(),
        many => format!("one of {}", many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// Whether `text` fits a pattern in which `*` stands for any characters, but for `@` where `address` is set.
fn fits(pattern: &str, text: &str, address: bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when the last * has to take one more byte: linear space, at worst quadratic time.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((after, taken)) = retry.filter(|&(_, taken)| !(address && text[taken] == b'@')) {
            retry = Some((after, taken + 1));
            p = after;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

/// Whether this bundle is a signature of the manifest with this digest, by a certificate that the trust root vouches for,
/// that was valid at the time that a transparency log proves, and that was issued to one of these identities. All of the
/// certificate's chain, its own log's promise, the entry of the log and its proof of inclusion are verified.
///
/// # Errors
/// It is not; the error says why.
pub fn verify_keyless(
    bundle: &[u8],
    digest: &str,
    root: &TrustedRoot,
    identities: &[Identity],
) -> Result<Verified, SignatureError> {
    verify_admitted(bundle, digest, root, identities).map(|(verified, _)| verified)
}

/// The same, and which of the identities admit the signer.
pub(crate) fn verify_admitted(
    bundle: &[u8],
    digest: &str,
    root: &TrustedRoot,
    identities: &[Identity],
) -> Result<(Verified, Vec<usize>), SignatureError> {
    let wanted = digest::sha256_hex(digest)?;
    let unverified = Unverified::read(bundle)?;
    if let Ok(hint) = unverified.key_hint() {
        return Err(SignatureError::KeyInsteadOfCertificate(hint.to_owned()));
    }
    let payload = unverified.envelope()?.payload.as_bytes();
    for entry in &unverified.bundle().verification_material.tlog_entries {
        let log = entry.log_id.key_id.to_string();
        if !root.0.logs.contains(&log) {
            return Err(SignatureError::UnknownLog { log });
        }
    }
    let hash = Sha256Hash::from_hex(wanted).map_err(|error| SignatureError::Malformed(error.to_string()))?;
    // Who it is by is compared below, with patterns; the rest is all that a public Sigstore asks for.
    let result = root
        .0
        .verifier
        .verify(hash, unverified.bundle(), &VerificationPolicy::any_identity())
        .map_err(|error| refused(error, unverified.bundle(), payload, wanted))?;
    if !(result.certificate_verified() && result.sct_verified() && result.tlog_verified()) {
        return Err(SignatureError::NotFromRoot("not all of it was verified".into()));
    }
    statement::check(payload, wanted)?;
    let issuer = result.issuer().unwrap_or_default();
    let subject = result.identity();
    let signer = Signer::Identity {
        issuer: issuer.to_owned(),
        subject: subject.map(|subject| subject.as_str().to_owned()).unwrap_or_default(),
    };
    let admitting: Vec<usize> = (0..identities.len())
        .filter(|&at| subject.is_some_and(|subject| identities[at].admits(issuer, subject)))
        .collect();
    if admitting.is_empty() {
        return Err(SignatureError::OtherIdentity { signer, trusted: identities.to_vec() });
    }
    Ok((Verified { signer }, admitting))
}

/// Our sentence for what the verifier found.
fn refused(error: Error, bundle: &Bundle, payload: &[u8], wanted: &str) -> SignatureError {
    use bundle::Error as Shape;
    match error {
        Error::Bundle(
            Shape::MissingSigningTimeEvidence | Shape::MissingInclusionProof(_) | Shape::MissingTimestamp,
        )
        | Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => SignatureError::NoLogEntry,
        Error::Bundle(error) => SignatureError::Malformed(error.to_string()),
        Error::Certificate(CertificateError::Malformed(what)) => SignatureError::Malformed(what),
        // The chain is verified for the time of the log, which was authenticated before that.
        Error::Certificate(CertificateError::ChainInvalid(what)) => {
            logged_outside_of_validity(bundle).unwrap_or(SignatureError::NotFromRoot(what))
        }
        Error::Certificate(CertificateError::Expired { time, .. } | CertificateError::NotYetValid { time, .. }) => {
            logged_outside_of_validity(bundle)
                .unwrap_or(SignatureError::NotFromRoot(format!("it is not valid at {time}")))
        }
        Error::Certificate(error) => SignatureError::NotFromRoot(error.to_string()),
        Error::TransparencyLog(error) => SignatureError::LogEntry(error.to_string()),
        Error::Timestamp(error) => SignatureError::LogEntry(error.to_string()),
        Error::SignatureInvalid(_) => SignatureError::AlteredKeyless,
        // Of the payload itself we can say more.
        Error::ArtifactMismatch(what) => {
            statement::check(payload, wanted).err().unwrap_or(SignatureError::Malformed(what))
        }
        Error::UnsupportedBundle(what) | Error::UnsupportedArtifact(what) => SignatureError::Unsupported(what),
        other => SignatureError::Malformed(other.to_string()),
    }
}

/// The refusal, if a log has the signature at a time when its certificate was not valid.
fn logged_outside_of_validity(bundle: &Bundle) -> Option<SignatureError> {
    let certificate = parse_certificate_info(bundle.signing_certificate()?).ok()?;
    let (begin, end) = (certificate.not_before, certificate.not_after);
    let mut times = bundle.verification_material.tlog_entries.iter().filter_map(|entry| entry.integrated_time);
    let logged = times.find(|&time| time < begin || time > end)?;
    Some(SignatureError::CertificateTime { logged, begin, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://accounts.example.org";

    #[test]
    fn patterns() {
        for (pattern, text) in [
            ("https://a.example/x", "https://a.example/x"),
            ("https://a.example/*", "https://a.example/"),
            ("https://a.example/*", "https://a.example/x/y@z"),
            ("https://a.example/*/b@v*", "https://a.example/b/b@x/b@v1"),
            ("https://a.example/**b", "https://a.example/bbb"),
        ] {
            assert!(fits(pattern, text, false), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("https://a.example/x", "https://a.example/xy"),
            ("https://a.example/x", "https://a.example/"),
            ("https://a.example/*", "https://a.example"),
            ("https://a.example/*/b", "https://a.example/b"),
            ("https://a.example/*b", "https://a.example/bc"),
        ] {
            assert!(!fits(pattern, text, false), "{pattern} {text}");
        }
        assert!(fits("*@a.example", "ann@a.example", true));
        assert!(!fits("*@a.example", "ann@evil.example@a.example", true));
        assert!(!fits("ann@a.example", "ann@a.example.evil.example", true));
    }

    #[test]
    fn an_address_does_not_pass_for_a_uri() {
        let uri = Identity::new(ISSUER, "https://a.example/*").unwrap();
        let text = "https://a.example/x@evil.example".to_owned();
        assert!(uri.admits(ISSUER, &SubjectAltName::Uri(text.clone())));
        assert!(!uri.admits(ISSUER, &SubjectAltName::Email(text)));
        let address = Identity::new(ISSUER, "*@a.example").unwrap();
        assert!(address.admits(ISSUER, &SubjectAltName::Email("ann@a.example".into())));
        assert!(!address.admits(ISSUER, &SubjectAltName::Uri("ann@a.example".into())));
        assert!(!address.admits("https://other.example", &SubjectAltName::Email("ann@a.example".into())));
    }

    #[test]
    fn identities_that_trust_too_much_or_nobody_are_refused() {
        for issuer in
            ["", "accounts.example.org", "https://", "https:///x", "https://*", "ftp://a.example", "https://a b"]
        {
            assert!(matches!(Identity::new(issuer, "ann@a.example"), Err(IdentityError::Issuer(_))), "{issuer}");
        }
        for subject in
            ["", "*", "ann", "@a.example", "ann@", "https://", "https:///x", "://a.example", "ann smith@a.example"]
        {
            assert!(matches!(Identity::new(ISSUER, subject), Err(IdentityError::Subject(_))), "{subject}");
        }
        for subject in ["https://*", "https://*/x", "https://a.example*", "*://a.example/x", "ann@*", "*@*.example"] {
            assert!(matches!(Identity::new(ISSUER, subject), Err(IdentityError::TooWide(_))), "{subject}");
        }
        assert_eq!(
            Identity::new(ISSUER, "https://a.example*").unwrap_err().to_string(),
            "the subject \"https://a.example*\" has a * in its host, so it trusts anybody's; * may stand in the path of \
             a URI or before the @"
        );
    }

    #[test]
    fn a_trust_root_without_authorities_is_refused() {
        let empty = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[],
            "certificateAuthorities":[],"ctlogs":[],"timestampAuthorities":[]}"#;
        assert_eq!(
            TrustedRoot::from_json(empty).unwrap_err().to_string(),
            "this is not a Sigstore trusted root (trusted_root.json): it has no certificate authority or no transparency log"
        );
        assert!(TrustedRoot::from_json("{}").is_err());
    }
}
