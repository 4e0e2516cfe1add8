//! A registry, as a client sees it (OCI distribution specification 1.1).
//!
//! What a registry sends is hostile until it is verified: each answer has a bound in bytes and in time, and what a digest
//! names is hashed before it is used.

mod auth;
mod error;
mod pull;
mod push;
mod referrers;
mod search;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use tokio::runtime::Runtime;

pub use error::RemoteError;
pub use pull::Resolved;
pub use search::{Found, Search};

use super::credentials::Credential;
use super::reference::check_registry;

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a registry may be silent while it sends or takes something.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a small document may take in all: one that comes byte by byte is not worth waiting for.
const DOCUMENT: Duration = Duration::from_secs(60);
/// How long a blob may take in all.
const BLOB: Duration = Duration::from_secs(900);
/// Redirects followed at most.
const REDIRECTS: usize = 5;
/// How often, and for how long at most, a busy registry is asked again.
const BUSY_RETRIES: u32 = 3;
const BUSY_PAUSE: Duration = Duration::from_secs(5);

/// How registries are reached.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Without TLS. Registries on this machine (loopback addresses) need no permission for that.
    pub plain_http: bool,
    /// Certificates (PEM) of authorities to trust besides those that the machine trusts.
    pub ca_file: Option<PathBuf>,
}

/// What a request wants to do in a repository; tokens are given for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Want {
    Pull,
    Push,
}

/// A registry. Its methods wait.
pub struct Remote {
    registry: String,
    base: String,
    http: Client,
    runtime: Runtime,
    credential: Option<Credential>,
    /// What authorises requests, by repository and what is done there.
    tokens: Mutex<HashMap<(String, Want), HeaderValue>>,
}

impl Remote {
    /// Prepares to talk to the registry at this host and port, with the credentials that docker's configuration has for
    /// it. Nothing is sent yet.
    ///
    /// # Errors
    /// The CA file, or docker's configuration, cannot be used.
    pub fn new(registry: &str, access: &Access) -> Result<Self, RemoteError> {
        let credential = super::credentials::find(registry)?;
        Self::with_credential(registry, access, credential)
    }

    /// As [`Remote::new`], with these credentials and no others.
    ///
    /// # Errors
    /// The CA file cannot be used, or the host is none.
    pub fn with_credential(
        registry: &str,
        access: &Access,
        credential: Option<Credential>,
    ) -> Result<Self, RemoteError> {
        check_registry(registry).map_err(RemoteError::Host)?;
        let plain = access.plain_http || is_loopback(registry);
        let mut http = Client::builder()
            .user_agent(concat!("lanner/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(redirects(plain));
        if let Some(path) = &access.ca_file {
            let unusable = |why: String| RemoteError::CaFile { path: path.clone(), why };
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(said(&error)))?;
            if certificates.is_empty() {
                return Err(unusable("it has no certificate".to_owned()));
            }
            http = http.tls_certs_merge(certificates);
        }
        let failed = |why: String| RemoteError::Unreachable { registry: registry.to_owned(), why };
        let http = http.build().map_err(|error| failed(said(&error)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        // With a CA file, TLS is meant, on this machine too.
        let scheme = if plain && access.ca_file.is_none() { "http" } else { "https" };
        let base = format!("{scheme}://{registry}");
        Ok(Self { registry: registry.to_owned(), base, http, runtime, credential, tokens: Mutex::default() })
    }

    /// Host and port.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    fn url(&self, repository: &str, rest: &str) -> String {
        format!("{}/v2/{repository}/{rest}", self.base)
    }

    /// Sends a request, authorised as the registry asks for it; `make` may be called several times.
    async fn send(
        &self,
        repository: &str,
        want: Want,
        make: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, RemoteError> {
        let mut retries = 0;
        loop {
            let response = self.send_once(repository, want, &make).await?;
            let busy = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            let pause = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            match pause.map(Duration::from_secs) {
                Some(pause) if busy && pause <= BUSY_PAUSE && retries < BUSY_RETRIES => {
                    retries += 1;
                    tokio::time::sleep(pause).await;
                }
                _ => return Ok(response),
            }
        }
    }

    async fn send_once(
        &self,
        repository: &str,
        want: Want,
        make: &impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, RemoteError> {
        let known = self.token(repository, want);
        let response = self.deliver(make(&self.http), known.as_ref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let token = self.authorise(repository, want, response.headers()).await?;
        let response = self.deliver(make(&self.http), Some(&token)).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Err(self.unauthorised(Some(repository)));
        }
        self.keep_token(repository, want, token);
        Ok(response)
    }

    async fn deliver(&self, request: RequestBuilder, token: Option<&HeaderValue>) -> Result<Response, RemoteError> {
        let (client, request) = request.build_split();
        let mut request = request.map_err(|error| self.unreachable(&error))?;
        // A registry may send us elsewhere to upload (a signed address of a storage service): nobody else gets the token.
        let ours = request.url().origin() == reqwest::Url::parse(&self.base).map_err(|e| self.malformed(e))?.origin();
        if let Some(token) = token.filter(|_| ours) {
            request.headers_mut().insert(reqwest::header::AUTHORIZATION, token.clone());
        }
        client.execute(request).await.map_err(|error| self.unreachable(&error))
    }

    /// Waits for it, for so long.
    fn wait<T>(&self, limit: Duration, work: impl Future<Output = Result<T, RemoteError>>) -> Result<T, RemoteError> {
        self.runtime.block_on(async {
            let late = || RemoteError::Unreachable {
                registry: self.registry.clone(),
                why: format!("it took longer than {limit:.0?}"),
            };
            tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
        })
    }

    /// An answer's body, where it is no longer than it may be.
    async fn body(&self, mut response: Response, limit: u64, what: &str) -> Result<Vec<u8>, RemoteError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(RemoteError::TooLarge { registry: self.registry.clone(), what: what.to_owned(), limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn get<'a>(&'a self, method: Method, url: &'a str, accept: &'a str) -> impl Fn(&Client) -> RequestBuilder + 'a {
        move |http| http.request(method.clone(), url).header(reqwest::header::ACCEPT, accept)
    }
}

/// Follows redirects, but never from TLS to none. The library takes the authorisation away when the host changes.
fn redirects(plain: bool) -> reqwest::redirect::Policy {
    reqwest::redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTS {
            attempt.error("it redirects too often")
        } else if attempt.url().scheme() != "https" && !plain {
            attempt.error("it redirects to an address without TLS")
        } else {
            attempt.follow()
        }
    })
}

/// Whether the registry is on this machine, by its address; any other name may lead elsewhere.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => registry,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// An error of the library with its causes, which say what it is about.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_without_tls() {
        for registry in ["127.0.0.1:5000", "localhost", "localhost:5000", "[::1]:5000", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(registry), "{registry}");
        }
        for registry in ["example.org", "localhost.example.org", "10.0.0.1:5000", "[2001:db8::1]:5000", "128.0.0.1"] {
            assert!(!is_loopback(registry), "{registry}");
        }
        let remote = |access: &Access| Remote::with_credential("example.org", access, None).unwrap().base;
        assert_eq!(remote(&Access::default()), "https://example.org");
        assert_eq!(remote(&Access { plain_http: true, ca_file: None }), "http://example.org");
    }

    #[test]
    fn a_ca_file_must_have_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let failure = |path: &std::path::Path| {
            let access = Access { plain_http: false, ca_file: Some(path.to_owned()) };
            Remote::with_credential("example.org", &access, None).err().unwrap().to_string()
        };
        assert!(failure(&path).contains("No such file"));
        std::fs::write(&path, "nothing").unwrap();
        assert!(failure(&path).contains("no certificate"), "{}", failure(&path));
    }
}
