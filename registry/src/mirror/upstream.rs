//! Requests to the other registry. Whatever it answers is bounded in time and, but for blobs, in size.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, RETRY_AFTER};
use bytes::Bytes;
use lanner_oci::{Ask, Client, Credential, Error, Nobody, Options, Scope, Who, next_page};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;

use super::config::{MirrorConfig, MirrorConfigError};
use super::error::MirrorError;
use crate::oci::RepositoryName;

/// How long a connection may take, where the whole answer may take longer.
const CONNECT: Duration = Duration::from_secs(10);
/// How long what says no may be, bytes.
const MESSAGE: u64 = 64 << 10;

pub(super) struct Upstream {
    origin: Url,
    client: Client,
    timeout: Duration,
}

/// Who the mirror is at the other registry: a user whose password is read again whenever it is needed.
struct User {
    name: String,
    password: PathBuf,
}

impl Who for User {
    fn credential(&self) -> Ask<'_> {
        Box::pin(async {
            let password = tokio::fs::read_to_string(&self.password).await;
            let password = password.map_err(|error| format!("{} cannot be read: {error}", self.password.display()))?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            Ok(Some(Credential::Password { user: self.name.clone(), password }))
        })
    }
}

/// Its host, and the port if it is not the usual one.
impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.origin.host_str().unwrap_or_default())?;
        self.origin.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Upstream {
    pub(super) fn new(config: &MirrorConfig) -> Result<Self, MirrorConfigError> {
        let origin = config.origin()?;
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| MirrorConfigError::File {
                prefix: config.prefix.clone(),
                path: path.clone(),
                error,
            })
        };
        let options = Options {
            registry: origin.as_str().to_owned(),
            plain_http: false,
            certificates: config.ca.as_ref().map(read).transpose()?,
            user_agent: concat!("lanner-registry/", env!("CARGO_PKG_VERSION")),
            connect: CONNECT.min(config.timeout),
            silence: config.timeout,
            // A client that waits is told to come again.
            retries: 0,
        };
        let who: Arc<dyn Who> = match config.username.clone().zip(config.password_file.clone()) {
            None => Arc::new(Nobody),
            Some((name, password)) => {
                // Read now only to say so early.
                read(&password)?;
                Arc::new(User { name, password })
            }
        };
        let client = Client::new(&options, who).map_err(|error| MirrorConfigError::Certificates {
            prefix: config.prefix.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self { origin, client, timeout: config.timeout })
    }

    /// The address of something of a repository there: `blobs/sha256:…`.
    pub(super) fn url(&self, name: &RepositoryName, what: impl fmt::Display) -> Url {
        let mut url = self.origin.clone();
        url.set_path(&format!("/v2/{name}/{what}"));
        url
    }

    /// Asks, with credentials if the registry wants some; an answer is a success, or 304 where `headers` allow one.
    pub(super) async fn ask(
        &self,
        method: Method,
        name: &RepositoryName,
        url: Url,
        mut headers: HeaderMap,
    ) -> Result<Response, MirrorError> {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        // Not what its challenge asks for: to read this one repository is all that is needed.
        let scope = Scope::Pull(name.to_string());
        let make = |http: &reqwest::Client| http.request(method.clone(), url.clone()).headers(headers.clone());
        let asked = async { self.judge(&method, self.client.send(&scope, make).await?).await };
        tokio::time::timeout(self.timeout, asked).await.unwrap_or(Err(MirrorError::Silent))
    }

    /// What an answer means by its status, and, where it says that there is nothing, by who says it.
    async fn judge(&self, method: &Method, response: Response) -> Result<Response, MirrorError> {
        match response.status() {
            StatusCode::OK | StatusCode::NOT_MODIFIED => Ok(response),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                let is_own = method != Method::HEAD
                    && self.client.body(response, MESSAGE).await.is_ok_and(|body| is_of_a_registry(&body));
                Err(if is_own { MirrorError::Gone } else { MirrorError::NotFound })
            }
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Err(MirrorError::Refused(status)),
            status => Err(MirrorError::Failed(status, response.headers().get(RETRY_AFTER).cloned())),
        }
    }

    /// All of an answer, if it is not too long.
    pub(super) async fn whole(&self, response: Response, limit: u64) -> Result<Bytes, MirrorError> {
        let whole = async { Ok(self.client.body(response, limit).await?.into()) };
        tokio::time::timeout(self.timeout, whole).await.unwrap_or(Err(MirrorError::Silent))
    }

    /// Where a list goes on: never at another registry, nor at another repository.
    pub(super) fn next(&self, response: &Response, of: &Url) -> Option<Url> {
        next_page(response.headers(), of).filter(|next| next.origin() == self.origin.origin())
    }
}

impl From<Error> for MirrorError {
    fn from(error: Error) -> Self {
        match error {
            Error::Silent => Self::Silent,
            Error::Unreachable(why) => Self::Unreachable(why),
            Error::Unauthorised => Self::Refused(StatusCode::UNAUTHORIZED),
            Error::Malformed(why) => Self::Unusable(why),
            Error::TooLong(limit) => Self::Unusable(format!("it is longer than {limit} bytes")),
            Error::NoCredential(why) => {
                tracing::error!(%why, "the password of a mirror is not to be had");
                Self::Refused(StatusCode::UNAUTHORIZED)
            }
        }
    }
}

/// What is accepted.
pub(super) fn accept(media_types: &[&str]) -> HeaderMap {
    let value = HeaderValue::try_from(media_types.join(", ")).expect("media types are ASCII");
    HeaderMap::from_iter([(ACCEPT, value)])
}

/// What a registry says that it does not have.
#[derive(Deserialize)]
struct Envelope {
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    code: String,
}

/// The codes by which a registry itself says so (distribution specification, "Error Codes").
const UNKNOWN: [&str; 4] = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "BLOB_UNKNOWN", "TAG_INVALID"];

fn is_of_a_registry(body: &[u8]) -> bool {
    let said: Option<Envelope> = serde_json::from_slice(body).ok();
    said.is_some_and(|said| said.errors.iter().any(|error| UNKNOWN.contains(&error.code.as_str())))
}

/// What went wrong with a connection.
pub(super) fn unreachable(error: &reqwest::Error) -> MirrorError {
    Client::explain(error).into()
}
