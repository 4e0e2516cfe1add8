//! Whom a certificate may be issued to.

use std::fmt;

use sigstore_verify::SubjectAltName;
use sigstore_verify::crypto::FulcioCiClaims;

use crate::quoted::Quoted;

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
    #[error("{} has a * in its host, so it trusts anybody's; * may stand in the path of a URI or before the @", Quoted(.0))]
    TooWide(String),
    /// Nothing says who it is.
    #[error("it has neither a subject nor a source_repository, so it trusts anybody whom the issuer knows")]
    Anybody,
    /// A claim is none.
    #[error("{field} = {} cannot be: {why}", Quoted(.value))]
    Claim {
        /// Which.
        field: &'static str,
        /// What it says.
        value: String,
        /// Why not.
        why: &'static str,
    },
}

/// What a certificate must say of the build that signed, where it was issued to one (extensions of Fulcio's, by their numbers
/// below 1.3.6.1.4.1.57264.1). Patterns, as a subject is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The repository that was built (12), a URI.
    pub source_repository: Option<String>,
    /// The ref in it (14), such as `refs/tags/v*`.
    pub source_ref: Option<String>,
    /// The build configuration, such as a workflow file, with its ref (18), a URI.
    pub build_config: Option<String>,
}

impl Claims {
    fn check(&self) -> Result<(), IdentityError> {
        for (field, value) in [("source_repository", &self.source_repository), ("build_config", &self.build_config)] {
            let Some(value) = value else { continue };
            let wrong = |why| IdentityError::Claim { field, value: value.clone(), why };
            let Some((_, rest)) = value.split_once("://") else { return Err(wrong("it is not a URI")) };
            if host(rest).is_empty() || !is_plain(value) {
                return Err(wrong("it is not a URI"));
            }
            if open_host(value) {
                return Err(IdentityError::TooWide(value.clone()));
            }
        }
        match &self.source_ref {
            Some(value) if !value.starts_with("refs/") || !is_plain(value) => {
                let why = "a ref begins with refs/, such as refs/tags/v*";
                Err(IdentityError::Claim { field: "source_ref", value: value.clone(), why })
            }
            _ => Ok(()),
        }
    }

    fn admit(&self, found: &FulcioCiClaims) -> bool {
        let fit = |pattern: &Option<String>, found: &Option<String>| match (pattern, found) {
            (None, _) => true,
            (Some(pattern), Some(found)) => fits(pattern, found),
            (Some(_), None) => false,
        };
        fit(&self.source_repository, &found.source_repository_uri)
            && fit(&self.source_ref, &found.source_repository_ref)
            && fit(&self.build_config, &found.build_config_uri)
    }
}

/// Whom a certificate may be issued to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    issuer: String,
    subject: Option<String>,
    claims: Claims,
}

impl Identity {
    /// The issuer is compared as it is. In the subject, a `*` stands for any characters but `/` and `@`, and `**` for any at
    /// all: in the path of a URI, or before the `@` of an e-mail address, where no `@` is taken in.
    ///
    /// # Errors
    /// The issuer is not a URL, or the subject is neither an e-mail address nor a URI, or its host is open.
    pub fn new(issuer: &str, subject: &str) -> Result<Self, IdentityError> {
        Self::with_claims(issuer, Some(subject), Claims::default())
    }

    /// As [`Identity::new`], with what the certificate must say besides; then the subject may be left out.
    ///
    /// # Errors
    /// Likewise; or it would trust anybody whom the issuer knows.
    pub fn with_claims(issuer: &str, subject: Option<&str>, claims: Claims) -> Result<Self, IdentityError> {
        match issuer.split_once("://") {
            Some(("https" | "http", rest)) if is_plain(issuer) && !issuer.contains('*') && !host(rest).is_empty() => {}
            _ => return Err(IdentityError::Issuer(issuer.to_owned())),
        }
        if subject.is_none() && claims.source_repository.is_none() {
            return Err(IdentityError::Anybody);
        }
        subject.map_or(Ok(()), check_subject)?;
        claims.check()?;
        Ok(Self { issuer: issuer.to_owned(), subject: subject.map(str::to_owned), claims })
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The subject, or the pattern for it.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whether the certificate's claims fit.
    pub(crate) fn admits(&self, issuer: &str, subject: &SubjectAltName, claims: &FulcioCiClaims) -> bool {
        self.issuer == issuer && self.admits_subject(subject) && self.claims.admit(claims)
    }

    fn admits_subject(&self, subject: &SubjectAltName) -> bool {
        let Some(pattern) = &self.subject else { return true };
        // An address cannot pass for a URI, whatever is written in it.
        let same_kind = match subject {
            SubjectAltName::Uri(_) => pattern.contains("://"),
            SubjectAltName::Email(_) => !pattern.contains("://") && subject.as_str().matches('@').count() == 1,
            _ => false,
        };
        same_kind && fits(pattern, subject.as_str())
    }
}

fn check_subject(subject: &str) -> Result<(), IdentityError> {
    let wrong = || IdentityError::Subject(subject.to_owned());
    let of_host = match (subject.split_once("://"), subject.rsplit_once('@')) {
        (Some((scheme, rest)), _) if !scheme.is_empty() => host(rest),
        (None, Some((local, host))) if !local.is_empty() => host,
        _ => return Err(wrong()),
    };
    if of_host.is_empty() || !is_plain(subject) {
        return Err(wrong());
    }
    if open_host(subject) { Err(IdentityError::TooWide(subject.to_owned())) } else { Ok(()) }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn host(rest: &str) -> &str {
    rest.split('/').next().unwrap_or_default()
}

/// Whether a pattern leaves open whose host it is. `https://host*` would be open to `https://host.evil.example`.
fn open_host(pattern: &str) -> bool {
    match (pattern.split_once("://"), pattern.rsplit_once('@')) {
        (Some((scheme, rest)), _) => scheme.contains('*') || host(rest).contains('*'),
        (None, Some((_, host))) => host.contains('*'),
        (None, None) => true,
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Claims { source_repository, source_ref, build_config } = &self.claims;
        let claims =
            [("source_repository", source_repository), ("source_ref", source_ref), ("build_config", build_config)];
        let subject = self.subject.iter().map(|subject| Quoted(subject).to_string());
        let claims = claims.iter().filter_map(|(name, value)| Some(format!("{name} {}", Quoted(value.as_ref()?))));
        write!(f, "{} of {}", subject.chain(claims).collect::<Vec<_>>().join(" with "), Quoted(&self.issuer))
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

/// Whether `text` fits a pattern in which `*` stands for any characters but `/` and `@`, and `**` for any at all.
fn fits(pattern: &str, text: &str) -> bool {
    fits_bytes(pattern.as_bytes(), text.as_bytes())
}

fn fits_bytes(pattern: &[u8], text: &[u8]) -> bool {
    // Which ends of the text the pattern so far fits: a row a step, so that time is bounded by the product of the lengths.
    let mut ends: Vec<bool> = (0..=text.len()).map(|end| end == 0).collect();
    let mut rest = pattern;
    loop {
        match rest {
            [] => return ends.last() == Some(&true),
            [b'*', b'*', after @ ..] => {
                let mut reached = false;
                for end in &mut ends {
                    reached |= *end;
                    *end = reached;
                }
                rest = after;
            }
            [b'*', after @ ..] => {
                let mut reached = false;
                for (at, end) in ends.iter_mut().enumerate() {
                    // What is taken in to get here is the byte before.
                    let bars = at > 0 && matches!(text[at - 1], b'/' | b'@');
                    reached = *end || (reached && !bars);
                    *end = reached;
                }
                rest = after;
            }
            [byte, after @ ..] => {
                for at in (0..ends.len()).rev() {
                    ends[at] = at > 0 && ends[at - 1] && text[at - 1] == *byte;
                }
                rest = after;
            }
        }
    }
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
            ("https://a.example/**", "https://a.example/x/y@z"),
            ("https://a.example/*/b@v*", "https://a.example/b/b@v1"),
            ("https://a.example/**/b@v*", "https://a.example/b/b@x/b@v1"),
            ("https://a.example/**b", "https://a.example/bbb"),
            ("https://a.example/w/*.yml@refs/tags/*", "https://a.example/w/x.yml@refs/tags/v1"),
            ("https://a.example/x*y*z", "https://a.example/xyzyz"),
            ("https://a.example/*", "https://a.example/x*"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("https://a.example/x", "https://a.example/xy"),
            ("https://a.example/x", "https://a.example/"),
            ("https://a.example/*", "https://a.example"),
            ("https://a.example/*/b", "https://a.example/b"),
            ("https://a.example/*b", "https://a.example/bc"),
            ("https://a.example/*", "https://a.example/x/y"),
            ("https://a.example/*", "https://a.example/x@y"),
            // A branch may be called `x@refs/tags/v1`.
            ("https://a.example/w/*@refs/tags/*", "https://a.example/w/x.yml@refs/heads/x@refs/tags/v1"),
            ("https://a.example/w/*@refs/tags/*", "https://a.example/w/x.yml@refs/tags/a/b"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert!(fits("*@a.example", "ann@a.example"));
        assert!(!fits("*@a.example", "ann@evil.example@a.example"));
        assert!(!fits("ann@a.example", "ann@a.example.evil.example"));
    }

    #[test]
    fn an_address_does_not_pass_for_a_uri() {
        let none = FulcioCiClaims::default();
        let uri = Identity::new(ISSUER, "https://a.example/**").unwrap();
        let text = "https://a.example/x@evil.example".to_owned();
        assert!(uri.admits(ISSUER, &SubjectAltName::Uri(text.clone()), &none));
        assert!(!uri.admits(ISSUER, &SubjectAltName::Email(text), &none));
        let address = Identity::new(ISSUER, "*@a.example").unwrap();
        assert!(address.admits(ISSUER, &SubjectAltName::Email("ann@a.example".into()), &none));
        assert!(!address.admits(ISSUER, &SubjectAltName::Uri("ann@a.example".into()), &none));
        assert!(!address.admits("https://other.example", &SubjectAltName::Email("ann@a.example".into()), &none));
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
            "\"https://a.example*\" has a * in its host, so it trusts anybody's; * may stand in the path of \
             a URI or before the @"
        );
    }

    #[test]
    fn claims_are_compared_as_fields() {
        let claims = |repository: &str, source_ref: &str, config: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Claims { source_repository: some(repository), source_ref: some(source_ref), build_config: some(config) }
        };
        let identity = Identity::with_claims(
            ISSUER,
            None,
            claims(
                "https://ci.example.org/team/linux",
                "refs/tags/v*",
                "https://ci.example.org/team/linux/release.yml@**",
            ),
        )
        .unwrap();
        let of = |repository: &str, source_ref: &str| {
            let mut found = FulcioCiClaims::default();
            found.source_repository_uri = Some(repository.to_owned());
            found.source_repository_ref = Some(source_ref.to_owned());
            found.build_config_uri = Some(format!("{repository}/release.yml@{source_ref}"));
            found
        };
        let subject = SubjectAltName::Uri("https://any.example/".into());
        let ours = "https://ci.example.org/team/linux";
        assert!(identity.admits(ISSUER, &subject, &of(ours, "refs/tags/v1")));
        for other in [
            of(ours, "refs/heads/x@refs/tags/v1"),
            of(ours, "refs/tags/other"),
            of("https://ci.example.org/team/linux-evil", "refs/tags/v1"),
            FulcioCiClaims::default(),
        ] {
            assert!(!identity.admits(ISSUER, &subject, &other), "{other:?}");
        }
        let refused = |claims| Identity::with_claims(ISSUER, None, claims).unwrap_err();
        assert_eq!(refused(claims("", "refs/tags/*", "")), IdentityError::Anybody);
        assert!(matches!(refused(claims("https://*/x", "", "")), IdentityError::TooWide(_)));
        assert!(matches!(refused(claims("team/x", "", "")), IdentityError::Claim { .. }));
        assert!(matches!(refused(claims(ours, "tags/v1", "")), IdentityError::Claim { .. }));
    }
}
