//! A registry, as a client sees it (OCI distribution specification 1.1).
//!
//! What a registry sends is hostile until it is verified: each answer has a bound in bytes and in time, and what a digest
//! names is hashed before it is used.

mod error;
mod pull;
mod push;
mod referrers;
mod search;
mod signature;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lanner_oci::{Client, Credential, Options, Scope, Who};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use tokio::runtime::Runtime;

pub use error::RemoteError;
pub use pull::Resolved;
pub use search::{Found, Search};
pub use signature::Signature;

use super::credentials::Configured;
use super::reference::check_registry;

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a registry may be silent while it sends or takes something.
const SILENCE: Duration = Duration::from_secs(30);
/// How often a busy registry is asked again.
const RETRIES: u32 = 4;
/// How long a small document may take in all: one that comes byte by byte is not worth waiting for.
const DOCUMENT: Duration = Duration::from_secs(60);
/// How long a blob may take in all.
const BLOB: Duration = Duration::from_secs(900);

/// How registries are reached.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Without TLS. Registries on this machine (loopback addresses) need no permission for that.
    pub plain_http: bool,
    /// Certificates (PEM) of authorities to trust besides those that the machine trusts, or of registries themselves.
    pub ca_file: Option<PathBuf>,
    /// Who we are, by host and port; of others docker's or podman's configuration says it.
    pub logins: BTreeMap<String, Credential>,
}

/// A registry. Its methods wait.
pub struct Remote {
    registry: String,
    client: Client,
    runtime: Runtime,
}

impl Remote {
    /// Prepares to talk to the registry at this host and port, with the credentials that docker's or podman's configuration
    /// has for it when it asks for them. Nothing is sent yet.
    ///
    /// # Errors
    /// The CA file cannot be used, or the host is none.
    pub fn new(registry: &str, access: &Access) -> Result<Self, RemoteError> {
        match access.logins.get(registry) {
            Some(login) => Self::with_credential(registry, access, Some(login.clone())),
            None => Self::with_who(registry, access, Arc::new(Configured(registry.to_owned()))),
        }
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
        Self::with_who(registry, access, Arc::new(credential))
    }

    fn with_who(registry: &str, access: &Access, who: Arc<dyn Who>) -> Result<Self, RemoteError> {
        check_registry(registry).map_err(RemoteError::Host)?;
        let unusable = |why: String| RemoteError::CaFile { path: access.ca_file.clone().unwrap_or_default(), why };
        let certificates = match &access.ca_file {
            None => None,
            Some(path) => Some(std::fs::read(path).map_err(|error| unusable(error.to_string()))?),
        };
        let options = Options {
            registry: registry.to_owned(),
            plain_http: access.plain_http,
            certificates,
            user_agent: concat!("lanner/", env!("CARGO_PKG_VERSION")),
            connect: CONNECT,
            silence: SILENCE,
            retries: RETRIES,
        };
        let client = Client::new(&options, who).map_err(|error| unusable(error.to_string()))?;
        let failed = |why: String| RemoteError::Unreachable { registry: registry.to_owned(), why };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        Ok(Self { registry: registry.to_owned(), client, runtime })
    }

    /// Host and port.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Asks the registry whether it takes the credentials.
    ///
    /// # Errors
    /// It does not, or cannot be asked.
    pub fn check_credential(&self) -> Result<(), RemoteError> {
        self.wait(DOCUMENT, async { self.client.prove().await.map_err(|error| self.failed(error, None)) })
    }

    /// The address of something of a repository.
    async fn url(&self, repository: &str, rest: &str) -> Result<Url, RemoteError> {
        let url = self.client.url(&format!("v2/{repository}/{rest}")).await;
        url.map_err(|error| self.failed(error, None))
    }

    /// Sends a request about a repository; `make` may be called several times.
    async fn send(
        &self,
        scope: Scope,
        make: impl Fn(&reqwest::Client) -> RequestBuilder,
    ) -> Result<Response, RemoteError> {
        self.client.send(&scope, make).await.map_err(|error| self.failed(error, Some(&scope)))
    }

    /// Asks for something.
    async fn get(&self, method: Method, scope: Scope, url: &Url, accept: &str) -> Result<Response, RemoteError> {
        let make =
            |http: &reqwest::Client| http.request(method.clone(), url.clone()).header(reqwest::header::ACCEPT, accept);
        self.send(scope, make).await
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
    async fn body(&self, response: Response, limit: u64, what: &str) -> Result<Vec<u8>, RemoteError> {
        self.client.body(response, limit).await.map_err(|error| match error {
            lanner_oci::Error::TooLong(limit) => {
                RemoteError::TooLarge { registry: self.registry.clone(), what: what.to_owned(), limit }
            }
            error => self.failed(error, None),
        })
    }

    /// An answer's body, where the answer is the expected one.
    async fn document(&self, response: Response, limit: u64, asked: &str, what: &str) -> Result<Vec<u8>, RemoteError> {
        match response.status() {
            StatusCode::OK => self.body(response, limit, what).await,
            _ => Err(self.refusal(response, asked).await),
        }
    }
}

fn pull(repository: &str) -> Scope {
    Scope::Pull(repository.to_owned())
}

fn push_to(repository: &str) -> Scope {
    Scope::Push(repository.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_must_have_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let failure = |path: &std::path::Path| {
            let access = Access { ca_file: Some(path.to_owned()), ..Access::default() };
            Remote::with_credential("example.org", &access, None).err().unwrap().to_string()
        };
        assert!(failure(&path).contains("No such file"));
        std::fs::write(&path, "nothing").unwrap();
        assert!(failure(&path).contains("no certificate"), "{}", failure(&path));
    }
}
