//! The `[access]` part of the configuration, and what it must not say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lanner_access::{ANONYMOUS, HtpasswdError, Users};
use serde::Deserialize;

use super::key::KeyError;
use crate::config::Http;

/// Who may do what.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessConfig {
    /// What clients that have not logged in may do, in every repository. Without it, and without `htpasswd`, they may
    /// do everything, but only where nobody else than this machine is listened to.
    pub anonymous: Option<Vec<Grant>>,
    /// Users and the hashes of their passwords (bcrypt or argon2id), a line each; read again when it changes.
    pub htpasswd: Option<PathBuf>,
    /// The URL where clients get tokens, if it is not `/token` at the registry's own.
    pub realm: Option<String>,
    /// How this registry is called in tokens: what is issued for another is not accepted.
    pub service: String,
    /// How long a token is good for.
    #[serde(with = "crate::config::duration")]
    pub token_lifetime: Duration,
    /// Who may do what where. Without any, all who have logged in may do everything; with rules only what they give.
    /// What anonymous clients may do, everybody may.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self {
            anonymous: None,
            htpasswd: None,
            realm: None,
            service: "lanner-registry".to_owned(),
            token_lifetime: Duration::from_secs(300),
            rules: Vec::new(),
        }
    }
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Grant {
    /// Reading.
    #[serde(rename = "pull")]
    Pull,
    /// Writing.
    #[serde(rename = "push")]
    Push,
    /// Taking away.
    #[serde(rename = "delete")]
    Delete,
    /// All of it.
    #[serde(rename = "*")]
    All,
}

/// Gives some users something.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Names; `*` is everybody who has logged in, `anonymous` everybody.
    pub users: Vec<String>,
    /// Names, where `*` stands for any text: `team/*`.
    pub repositories: Vec<String>,
    /// What they may do there.
    pub actions: Vec<Grant>,
}

/// Older clients take no token that is good for less.
const LEAST_LIFETIME: Duration = Duration::from_secs(60);
/// A token is not asked for its user's password again.
const MOST_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The registry must not be started like this.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Everybody could do everything.
    #[error(
        "everybody who reaches {0} could push and delete, as access.htpasswd names no users: set it, or access.anonymous \
         to what everybody may do ([\"pull\"], or [\"*\"] if everything is meant)"
    )]
    Open(std::net::SocketAddr),
    /// A rule for those who cannot log in.
    #[error("access.rule {rule} names the user {user:?}, but nobody can log in: set access.htpasswd")]
    NoUsers {
        /// Which, counted from 1.
        rule: usize,
        /// Who.
        user: String,
    },
    /// A rule that gives nothing.
    #[error("access.rule {rule} has no {field}, so it gives nobody anything: name some, or remove the rule")]
    EmptyRule {
        /// Which, counted from 1.
        rule: usize,
        /// What is missing.
        field: &'static str,
    },
    /// A lifetime out of bounds.
    #[error("access.token_lifetime is {0:?}; it must be from 60s to 24h")]
    Lifetime(Duration),
    /// A name that cannot stand in a header.
    #[error("access.service is {0:?}; it must be letters, digits, '.', ':', '_' and '-'")]
    Service(String),
    /// A URL that cannot stand in a header.
    #[error("{field} is {url:?}; it must be an URL like https://registry.example.org")]
    Url {
        /// Which setting.
        field: &'static str,
        /// What it is.
        url: String,
    },
    /// Users that cannot be known.
    #[error(transparent)]
    Htpasswd(#[from] HtpasswdError),
    /// No key for tokens.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl AccessConfig {
    /// What anonymous clients may do everywhere.
    pub(super) fn anonymous_grants(&self) -> &[Grant] {
        match &self.anonymous {
            Some(grants) => grants,
            None if self.is_open_by_default() => &[Grant::All],
            None => &[],
        }
    }

    /// Whether nothing at all is said of who may do what.
    fn is_open_by_default(&self) -> bool {
        self.anonymous.is_none() && self.htpasswd.is_none() && self.rules.is_empty()
    }

    /// Whether a registry could be started with it.
    ///
    /// # Errors
    /// Why not, as [`super::Access::open`] says it.
    pub fn usable(&self, http: &Http) -> Result<(), AccessError> {
        self.check(http)?;
        if let Some(file) = &self.htpasswd {
            Users::read(file)?;
        }
        Ok(())
    }

    /// Whether it can be used with these addresses.
    pub(super) fn check(&self, http: &Http) -> Result<(), AccessError> {
        if self.is_open_by_default() && !http.address.ip().to_canonical().is_loopback() {
            return Err(AccessError::Open(http.address));
        }
        for (rule, number) in self.rules.iter().zip(1..) {
            let empty = [
                ("users", rule.users.is_empty()),
                ("repositories", rule.repositories.is_empty()),
                ("actions", rule.actions.is_empty()),
            ];
            if let Some((field, _)) = empty.into_iter().find(|(_, empty)| *empty) {
                return Err(AccessError::EmptyRule { rule: number, field });
            }
            if self.htpasswd.is_none()
                && let Some(user) = rule.users.iter().find(|user| *user != ANONYMOUS)
            {
                return Err(AccessError::NoUsers { rule: number, user: user.clone() });
            }
        }
        if !(LEAST_LIFETIME..=MOST_LIFETIME).contains(&self.token_lifetime) {
            return Err(AccessError::Lifetime(self.token_lifetime));
        }
        let in_name = |b: u8| b.is_ascii_alphanumeric() || b".:_-".contains(&b);
        if self.service.is_empty() || !self.service.bytes().all(in_name) {
            return Err(AccessError::Service(self.service.clone()));
        }
        for (field, url) in [("access.realm", &self.realm), ("http.url", &http.url)] {
            if let Some(url) = url
                && !is_url(url)
            {
                return Err(AccessError::Url { field, url: url.clone() });
            }
        }
        Ok(())
    }

    /// Where the key of the tokens is kept.
    pub(super) fn key_file(storage: &Path) -> PathBuf {
        storage.join("access").join("token.key")
    }
}

/// Whether it can stand between quotes in a header, and leads somewhere.
fn is_url(url: &str) -> bool {
    let parsed = url.parse::<axum::http::Uri>();
    let plain = url.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    plain
        && parsed.is_ok_and(|url| {
            matches!(url.scheme_str(), Some("http" | "https"))
                && url.authority().is_some_and(|authority| !authority.as_str().contains('@'))
                && url.query().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(access: &str, address: &str) -> Result<(), String> {
        let config: AccessConfig = toml::from_str(access).map_err(|error| error.to_string())?;
        let http = Http { address: address.parse().unwrap(), ..Http::default() };
        config.check(&http).map_err(|error| error.to_string())
    }

    #[test]
    fn an_open_registry_is_meant_or_for_this_machine_only() {
        for address in ["127.0.0.1:5000", "[::1]:5000", "[::ffff:127.0.0.1]:1", "127.9.9.9:1"] {
            assert_eq!(check("", address), Ok(()), "{address}");
        }
        for address in ["0.0.0.0:5000", "[::]:5000", "192.0.2.1:5000"] {
            let refusal = check("", address).unwrap_err();
            assert!(refusal.contains(address) && refusal.contains("access.anonymous"), "{refusal}");
            assert_eq!(check("anonymous = ['*']", address), Ok(()));
            assert_eq!(check("anonymous = []", address), Ok(()));
            assert_eq!(check("htpasswd = 'users'", address), Ok(()));
        }
    }

    #[test]
    fn what_is_refused() {
        for (access, named) in [
            ("token_lifetime = '59s'", "60s"),
            ("token_lifetime = '25h'", "24h"),
            ("service = 'a\"b'", "access.service"),
            ("service = ''", "access.service"),
            ("realm = 'https://a/\"'", "access.realm"),
            ("realm = 'ftp://a/'", "access.realm"),
            ("realm = 'https://user@a/'", "access.realm"),
            ("realm = '/token'", "access.realm"),
            ("anonymous = ['write']", "write"),
            ("[[rule]]\nusers = ['a']\nrepositories = ['*']\nactions = ['pull']", "access.htpasswd"),
            (
                "[[rule]]\nusers = ['anonymous']\nrepositories = []\nactions = ['pull']",
                "access.rule 1 has no repositories",
            ),
            ("anonimous = []", "anonimous"),
        ] {
            let refusal = check(access, "127.0.0.1:1").unwrap_err();
            assert!(refusal.contains(named), "{access}: {refusal}");
        }
    }
}
