//! Why a registry did not do what it was asked for.

use std::path::PathBuf;

use lanner_oci::{Client, Scope};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::Remote;
use crate::artifact::ArtifactError;
use crate::digest::Digest;

/// Bytes read of an answer that says no.
const MAX_MESSAGE: u64 = 64 << 10;
/// Characters shown of what a registry says.
const MAX_SAID: usize = 300;

/// A registry did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Not a host.
    #[error("{0}; a registry is named by host[:port]")]
    Host(String),
    /// It cannot be reached, or is not able to answer.
    #[error("registry {registry} cannot be reached: {why}")]
    Unreachable {
        /// The registry.
        registry: String,
        /// What happened.
        why: String,
    },
    /// It does not have it.
    #[error("registry {registry} does not have {what}")]
    Missing {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
    },
    /// It wants to know who asks, or does not let them.
    #[error("registry {registry} does not allow this{}: log in with `lanner pack login {registry}`, as one who may", of(repository.as_deref()))]
    Unauthorised {
        /// The registry.
        registry: String,
        /// Where.
        repository: Option<String>,
    },
    /// It says no.
    #[error("registry {registry} refuses {what}: {why}")]
    Refused {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
        /// What it says.
        why: String,
    },
    /// It sends other bytes than were asked for.
    #[error(
        "registry {registry} sends other bytes than {expected}: they have the digest {actual}; what it sends cannot be trusted"
    )]
    OtherBytes {
        /// The registry.
        registry: String,
        /// What was asked for.
        expected: Digest,
        /// What came.
        actual: Digest,
    },
    /// It sends more than it may.
    #[error("registry {registry} sends more than {limit} bytes for {what}, which may have no more")]
    TooLarge {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
        /// How much it may have, bytes.
        limit: u64,
    },
    /// It does not speak as registries do.
    #[error("registry {registry} does not answer as a registry does: {why}; is there one at that address?")]
    Malformed {
        /// The registry.
        registry: String,
        /// What is wrong.
        why: String,
    },
    /// It has no search.
    #[error(
        "registry {registry} cannot be searched: it has no search for packs; `lanner pack list` shows the tags of a repository in it"
    )]
    NoSearch {
        /// The registry.
        registry: String,
    },
    /// What it has is something else.
    #[error("{what} in the registry is no pack: {error}")]
    Artifact {
        /// The name.
        what: String,
        /// Why.
        error: ArtifactError,
    },
    /// The certificates cannot be used.
    #[error("the CA file {path} cannot be used: {why}", path = path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It asks for credentials, and they cannot be had.
    #[error("registry {registry} asks who we are, and that cannot be said: {why}")]
    Credentials {
        /// The registry.
        registry: String,
        /// Why.
        why: String,
    },
    /// What came cannot be written.
    #[error("what the registry sends cannot be written: {0}")]
    Write(#[source] std::io::Error),
}

fn of(repository: Option<&str>) -> String {
    repository.map(|repository| format!(" in {repository}")).unwrap_or_default()
}

impl RemoteError {
    /// Whether the registry may do it later, as it is only down or busy.
    pub fn is_down(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether the registry does not have what it was asked for.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }
}

/// What a registry says when it says no.
#[derive(Deserialize)]
struct Envelope {
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Remote {
    /// What a failed request means.
    pub(super) fn failed(&self, error: lanner_oci::Error, scope: Option<&Scope>) -> RemoteError {
        use lanner_oci::Error;
        let registry = self.registry.clone();
        match error {
            Error::Unauthorised => {
                let repository = match scope {
                    Some(Scope::Pull(repository) | Scope::Push(repository)) => Some(repository.clone()),
                    _ => None,
                };
                RemoteError::Unauthorised { registry, repository }
            }
            Error::Malformed(why) => RemoteError::Malformed { registry, why },
            Error::TooLong(limit) => RemoteError::TooLarge { registry, what: "a token".to_owned(), limit },
            Error::NoCredential(why) => RemoteError::Credentials { registry, why },
            error @ (Error::Unreachable(_) | Error::Silent) => {
                RemoteError::Unreachable { registry, why: error.to_string() }
            }
        }
    }

    pub(super) fn broken(&self, error: &reqwest::Error) -> RemoteError {
        self.failed(Client::explain(error), None)
    }

    pub(super) fn malformed(&self, why: impl std::fmt::Display) -> RemoteError {
        RemoteError::Malformed { registry: self.registry.clone(), why: why.to_string() }
    }

    /// What an answer that is not the expected one means.
    pub(super) async fn refusal(&self, response: Response, what: &str) -> RemoteError {
        let (registry, what) = (self.registry.clone(), what.to_owned());
        let status = response.status();
        let body = self.body(response, MAX_MESSAGE, &what).await.unwrap_or_default();
        let message = match serde_json::from_slice::<Envelope>(&body) {
            Ok(Envelope { errors }) => {
                let each = errors.iter().map(|Complaint { code, message }| match message.is_empty() {
                    true => code.clone(),
                    false => format!("{message} ({code})"),
                });
                each.collect::<Vec<_>>().join("; ")
            }
            Err(_) => String::new(),
        };
        let message = printable(&message);
        let why = match message.is_empty() {
            true => status.to_string(),
            false => message,
        };
        match status {
            StatusCode::NOT_FOUND => RemoteError::Missing { registry, what },
            StatusCode::UNAUTHORIZED => RemoteError::Unauthorised { registry, repository: None },
            StatusCode::TOO_MANY_REQUESTS => RemoteError::Unreachable { registry, why: format!("it is busy: {why}") },
            status if status.is_server_error() => RemoteError::Unreachable { registry, why },
            _ => RemoteError::Refused { registry, what, why },
        }
    }
}

/// What others say, made fit for a terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_SAID).collect()
}
