//! Requests to the other registry. Whatever it answers is bounded in time and, but for blobs, in size.

use std::fmt;
use std::time::Duration;

use axum::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, LINK, RETRY_AFTER};
use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, StatusCode, Url};

use super::config::{MirrorConfig, MirrorConfigError};
use super::credentials::Credentials;
use super::error::MirrorError;
use crate::oci::RepositoryName;

/// How often an answer may lead elsewhere.
const MOST_REDIRECTS: usize = 5;
/// How long a connection may take, where the whole answer may take longer.
const CONNECT: Duration = Duration::from_secs(10);

pub(super) struct Upstream {
    origin: Url,
    client: reqwest::Client,
    credentials: Credentials,
    timeout: Duration,
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
        let https = origin.scheme() == "https";
        // Credentials are taken off by reqwest where a redirect leads to another host.
        let redirects = Policy::custom(move |attempt| {
            if attempt.previous().len() > MOST_REDIRECTS {
                attempt.error("it leads elsewhere too often")
            } else if https && attempt.url().scheme() != "https" {
                attempt.error("it leads from https to http")
            } else {
                attempt.follow()
            }
        });
        let mut client = reqwest::Client::builder()
            .redirect(redirects)
            .referer(false)
            .user_agent(concat!("lanner-registry/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT.min(config.timeout))
            .read_timeout(config.timeout);
        let certificates = |reason: String| MirrorConfigError::Certificates { prefix: config.prefix.clone(), reason };
        if let Some(path) = &config.ca {
            let pem = std::fs::read(path).map_err(|error| MirrorConfigError::File {
                prefix: config.prefix.clone(),
                path: path.clone(),
                error,
            })?;
            let authorities =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| certificates(chain(&error)))?;
            if authorities.is_empty() {
                return Err(certificates(format!("{} holds none", path.display())));
            }
            client = client.tls_certs_merge(authorities);
        }
        let client = client.build().map_err(|error| certificates(chain(&error)))?;
        let credentials = Credentials::new(config, &origin)?;
        Ok(Self { origin, client, credentials, timeout: config.timeout })
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
        headers: HeaderMap,
    ) -> Result<Response, MirrorError> {
        let asked = async {
            let known = self.credentials.known(name);
            let response = self.send(method.clone(), url.clone(), headers.clone(), known.as_ref()).await?;
            // Who answers after a redirect has no right to ask for this registry's credentials.
            let same = response.url().origin() == self.origin.origin();
            if response.status() != StatusCode::UNAUTHORIZED || !same {
                return judge(response);
            }
            let answer = self.credentials.answer(&self.client, response.headers(), name, known.as_ref()).await?;
            judge(self.send(method, url, headers, Some(&answer)).await?)
        };
        tokio::time::timeout(self.timeout, asked).await.unwrap_or(Err(MirrorError::Silent))
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        mut headers: HeaderMap,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, MirrorError> {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        self.client.request(method, url).headers(headers).send().await.map_err(|error| unreachable(&error))
    }

    /// All of an answer, if it is not too long.
    pub(super) async fn whole(&self, response: Response, limit: u64) -> Result<Bytes, MirrorError> {
        tokio::time::timeout(self.timeout, whole(response, limit)).await.unwrap_or(Err(MirrorError::Silent))
    }

    /// Where a list goes on: never at another registry, nor at another repository.
    pub(super) fn next(&self, response: &Response, of: &Url) -> Option<Url> {
        let links = response.headers().get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let mut links = links.flat_map(|value| value.split(','));
        let link = links.find_map(|link| {
            let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            parameters.replace(['"', ' '], "").split(';').any(|parameter| parameter == "rel=next").then_some(target)
        })?;
        let next = of.join(link).ok()?;
        (next.origin() == self.origin.origin() && next.path() == of.path()).then_some(next)
    }
}

/// What is accepted.
pub(super) fn accept(media_types: &[&str]) -> HeaderMap {
    let value = HeaderValue::try_from(media_types.join(", ")).expect("media types are ASCII");
    HeaderMap::from_iter([(ACCEPT, value)])
}

/// What an answer means by its status.
pub(super) fn judge(response: Response) -> Result<Response, MirrorError> {
    match response.status() {
        StatusCode::OK | StatusCode::NOT_MODIFIED => Ok(response),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(MirrorError::Gone),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Err(MirrorError::Refused(status)),
        status => Err(MirrorError::Failed(status, response.headers().get(RETRY_AFTER).cloned())),
    }
}

/// All of an answer, if it is not too long.
pub(super) async fn whole(mut response: Response, limit: u64) -> Result<Bytes, MirrorError> {
    let too_long = || MirrorError::Unusable(format!("it is longer than {limit} bytes"));
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_long());
    }
    let mut bytes = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if (bytes.len() + piece.len()) as u64 > limit {
            return Err(too_long());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

/// What went wrong with a connection.
pub(super) fn unreachable(error: &reqwest::Error) -> MirrorError {
    if error.is_timeout() {
        MirrorError::Silent
    } else if error.is_redirect() {
        MirrorError::Unusable(chain(error))
    } else {
        MirrorError::Unreachable(chain(error))
    }
}

/// The causes, without the address: after a redirect it may hold a signature that opens a bucket.
fn chain(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    match causes.is_empty() {
        true => "the connection failed".into(),
        false => causes.join(": "),
    }
}
