//! What the configuration says of a mirror.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

use crate::oci::RepositoryName;

/// A registry to pull through.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorConfig {
    /// Which repositories it stands behind: `upstream` for all below `upstream/`; empty for all that no other mirror has.
    pub prefix: String,
    /// Where it is: `https://registry.example.org`.
    pub url: String,
    /// What the names of its repositories begin with there: with `library`, `upstream/a` is `library/a` there.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Who the mirror is there; nobody in particular without.
    #[serde(default)]
    pub username: Option<String>,
    /// A file with the password, read again whenever it is needed.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Certificates, in PEM, of authorities to trust beside those that the system trusts.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// How long a tag or a list is believed before the registry is asked again.
    #[serde(default = "refresh", with = "crate::config::duration")]
    pub refresh: Duration,
    /// How long the registry may take for an answer, and be silent within one.
    #[serde(default = "timeout", with = "crate::config::duration")]
    pub timeout: Duration,
    /// How much of its blobs is kept, in bytes; what was least recently used goes first. All of them without.
    #[serde(default)]
    pub max_bytes: Option<u64>,
}

fn refresh() -> Duration {
    Duration::from_secs(5 * 60)
}

fn timeout() -> Duration {
    Duration::from_secs(30)
}

/// A mirror cannot be as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum MirrorConfigError {
    /// The prefix or the namespace is none.
    #[error("mirror {prefix:?}: {field} {text:?} is no repository's name: write it like `upstream` or `team/upstream`")]
    Name {
        /// Of which mirror.
        prefix: String,
        /// Which field.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// Two mirrors have one prefix.
    #[error("two mirrors have the prefix {prefix:?}; give each its own")]
    Twice {
        /// The prefix.
        prefix: String,
    },
    /// The address is none.
    #[error("mirror {prefix:?}: url: {reason}; write it like https://registry.example.org")]
    Url {
        /// Of which mirror.
        prefix: String,
        /// Why.
        reason: String,
    },
    /// A user without a password, or the other way round.
    #[error("mirror {prefix:?}: username and password_file belong together: give both or none")]
    Half {
        /// Of which mirror.
        prefix: String,
    },
    /// Credentials would be sent in the clear.
    #[error("mirror {prefix:?}: the password would be sent in the clear; use an https url")]
    Clear {
        /// Of which mirror.
        prefix: String,
    },
    /// A file cannot be read.
    #[error("mirror {prefix:?}: {path} cannot be read: {error}", path = path.display())]
    File {
        /// Of which mirror.
        prefix: String,
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Nothing can be asked with these certificates.
    #[error("mirror {prefix:?}: ca: {reason}; it must hold certificates in PEM")]
    Certificates {
        /// Of which mirror.
        prefix: String,
        /// Why.
        reason: String,
    },
}

impl MirrorConfig {
    /// Whether the names are names, and the credentials whole.
    pub(super) fn check(&self) -> Result<(), MirrorConfigError> {
        let prefix = self.prefix.as_str();
        let names =
            [("prefix", Some(prefix).filter(|text| !text.is_empty())), ("namespace", self.namespace.as_deref())];
        for (field, text) in names {
            if let Some(text) = text
                && text.parse::<RepositoryName>().is_err()
            {
                return Err(MirrorConfigError::Name { prefix: prefix.into(), field, text: text.into() });
            }
        }
        match self.username.is_some() == self.password_file.is_some() {
            true => Ok(()),
            false => Err(MirrorConfigError::Half { prefix: prefix.into() }),
        }
    }

    /// The address, if nothing speaks against it.
    pub(super) fn origin(&self) -> Result<Url, MirrorConfigError> {
        let invalid = |reason: String| MirrorConfigError::Url { prefix: self.prefix.clone(), reason };
        let url = Url::parse(&self.url).map_err(|error| invalid(format!("{:?}: {error}", self.url)))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(invalid(format!("{:?} is not of http or https", self.url)));
        }
        // Not repeated: it may hold a password.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("credentials belong in username and password_file".into()));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(format!(
                "{:?} has more than a host; for a part of its repositories see namespace",
                self.url
            )));
        }
        match self.username.is_some() && !is_private(&url) {
            true => Err(MirrorConfigError::Clear { prefix: self.prefix.clone() }),
            false => Ok(url),
        }
    }
}

/// Whether nobody on the way can read what is sent there.
pub(super) fn is_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    url.scheme() == "https" || host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> MirrorConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn defaults() {
        let config = config("prefix = 'upstream'\nurl = 'https://registry.example.org'");
        assert_eq!((config.refresh, config.timeout), (Duration::from_secs(300), Duration::from_secs(30)));
        config.check().unwrap();
        assert_eq!(config.origin().unwrap().as_str(), "https://registry.example.org/");
    }

    #[test]
    fn what_cannot_be() {
        for (text, sentence) in [
            ("prefix = '/a'\nurl = 'https://h'", "mirror \"/a\": prefix \"/a\" is no repository's name"),
            ("prefix = 'a'\nnamespace = ''\nurl = 'https://h'", "namespace \"\" is no repository's name"),
            ("prefix = 'a'\nurl = 'h'", "url: \"h\""),
            ("prefix = 'a'\nurl = 'ftp://h'", "is not of http or https"),
            ("prefix = 'a'\nurl = 'https://h/v2'", "has more than a host"),
            ("prefix = 'a'\nurl = 'https://u:secret@h'", "credentials belong in"),
            ("prefix = 'a'\nurl = 'https://h'\nusername = 'u'", "give both or none"),
            ("prefix = 'a'\nurl = 'http://h'\nusername = 'u'\npassword_file = 'f'", "in the clear"),
        ] {
            let config = config(text);
            let error = config.check().and_then(|()| config.origin().map(drop)).unwrap_err().to_string();
            assert!(error.contains(sentence), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let local = config("prefix = 'a'\nurl = 'http://127.0.0.1:5000'\nusername = 'u'\npassword_file = 'f'");
        assert!(local.origin().is_ok());
    }
}
