//! Requests to a registry.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use tokio::sync::OnceCell;

use crate::auth::Tokens;
use crate::credential::{Scope, Who};
use crate::words::{explain, is_certificate};
use crate::{CertificatesError, Error, tls};

/// Redirects followed at most.
const REDIRECTS: usize = 5;
/// For how long a connection that is not used is kept. Registries close such, and who does something else between two
/// questions notices only when the next one fails.
const IDLE: Duration = Duration::from_secs(2);
/// After how long a busy registry is asked again; it says itself how long, or it is twice as long each time.
const BUSY_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause: who wants a longer one is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How a registry is reached.
#[derive(Clone)]
pub struct Options {
    /// Host and port, as people write it; or a whole address (`https://…`).
    pub registry: String,
    /// Without TLS. A registry on this machine (loopback) is asked with TLS first, and without where it has none.
    pub plain_http: bool,
    /// Certificates (PEM) to trust besides those of the machine; with them TLS is meant, on this machine too.
    pub certificates: Option<Vec<u8>>,
    /// What this program calls itself.
    pub user_agent: &'static str,
    /// How long it may take to connect.
    pub connect: Duration,
    /// How long the registry may be silent while it sends or takes something.
    pub silence: Duration,
    /// How often a registry that is busy is asked again.
    pub retries: u32,
}

/// A registry.
pub struct Client {
    registry: String,
    scheme: Scheme,
    base: OnceCell<Url>,
    http: reqwest::Client,
    tokens: Tokens,
    retries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Https,
    Http,
    /// With TLS where it has that.
    Detect,
}

impl Client {
    /// Prepares to talk to a registry, as somebody. Nothing is sent yet.
    ///
    /// # Errors
    /// The certificates cannot be used.
    pub fn new(options: &Options, who: Arc<dyn Who>) -> Result<Self, CertificatesError> {
        let (registry, scheme) = match options.registry.split_once("://") {
            Some(("http", rest)) => (rest, Scheme::Http),
            Some((_, rest)) => (rest, Scheme::Https),
            None if options.plain_http => (options.registry.as_str(), Scheme::Http),
            None if options.certificates.is_none() && is_loopback(&options.registry) => {
                (options.registry.as_str(), Scheme::Detect)
            }
            None => (options.registry.as_str(), Scheme::Https),
        };
        let registry = endpoint(registry.trim_end_matches('/')).to_owned();
        let build = |redirects: Policy| {
            let mut http = reqwest::Client::builder()
                .user_agent(options.user_agent)
                .referer(false)
                .connect_timeout(options.connect)
                .read_timeout(options.silence)
                .pool_idle_timeout(IDLE)
                .redirect(redirects);
            // A proxy is for what is far, and would read along where there is no TLS.
            if scheme != Scheme::Https || is_loopback(&registry) {
                http = http.no_proxy();
            }
            if let Some(pem) = &options.certificates {
                http = http.tls_backend_preconfigured(tls::trusting(pem)?);
            }
            http.build().map_err(|error| CertificatesError(explain(&error).to_string()))
        };
        let http = build(redirects(scheme))?;
        // A token is not fetched from where its server sends us: credentials would go along.
        let tokens = Tokens::new(build(Policy::none())?, who);
        Ok(Self { registry, scheme, base: OnceCell::new(), http, tokens, retries: options.retries })
    }

    /// Host and port, as it is asked by.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The address that all of its own addresses begin with.
    ///
    /// # Errors
    /// It cannot be found out whether it has TLS.
    pub async fn base(&self) -> Result<&Url, Error> {
        self.base.get_or_try_init(|| self.find_base()).await
    }

    async fn find_base(&self) -> Result<Url, Error> {
        let url = |scheme: &str| {
            let text = format!("{scheme}://{}/", self.registry);
            Url::parse(&text).map_err(|error| Error::Malformed(format!("{text} is no address: {error}")))
        };
        match self.scheme {
            Scheme::Https => url("https"),
            Scheme::Http => url("http"),
            Scheme::Detect => match self.http.head(url("https")?.join("v2/").unwrap_or(url("https")?)).send().await {
                Ok(_) => url("https"),
                Err(error) if error.is_timeout() => Err(Error::Silent),
                // It has TLS, and is not to be trusted: that is no reason to go without.
                Err(error) if is_certificate(&error) => Err(explain(&error)),
                Err(_) => url("http"),
            },
        }
    }

    /// An address below the registry's own.
    ///
    /// # Errors
    /// It is none; or see [`Client::base`].
    pub async fn url(&self, path: &str) -> Result<Url, Error> {
        let base = self.base().await?;
        base.join(path.trim_start_matches('/'))
            .map_err(|error| Error::Malformed(format!("{path} cannot be asked for: {error}")))
    }

    /// Sends a request, authorised as the registry asks for it, and again where it is busy; `make` may be called several
    /// times. What the answer means is the caller's affair; 401 is given back as an error.
    ///
    /// # Errors
    /// There is no answer, or nothing that the registry takes as who asks.
    pub async fn send(
        &self,
        scope: &Scope,
        make: impl Fn(&reqwest::Client) -> RequestBuilder,
    ) -> Result<Response, Error> {
        let mut retries = 0;
        loop {
            let response = self.send_once(scope, &make).await?;
            let busy = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            match pause(&response, retries) {
                Some(pause) if busy && retries < self.retries => {
                    retries += 1;
                    tokio::time::sleep(pause).await;
                }
                _ => return Ok(response),
            }
        }
    }

    async fn send_once(
        &self,
        scope: &Scope,
        make: &impl Fn(&reqwest::Client) -> RequestBuilder,
    ) -> Result<Response, Error> {
        let base = self.base().await?;
        let known = self.tokens.known(scope);
        let response = self.deliver(base, make(&self.http), known.as_ref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        // Who answers after a redirect, or where something is uploaded, has no right to ask for this registry's credentials.
        if response.url().origin() != base.origin() {
            return Err(Error::Unauthorised);
        }
        let answer = self.tokens.answer(base, response.headers(), scope, known.as_ref()).await?;
        let response = self.deliver(base, make(&self.http), Some(&answer)).await?;
        match response.status() {
            StatusCode::UNAUTHORIZED => {
                self.tokens.forget(scope);
                Err(Error::Unauthorised)
            }
            _ => Ok(response),
        }
    }

    async fn deliver(
        &self,
        base: &Url,
        request: RequestBuilder,
        token: Option<&HeaderValue>,
    ) -> Result<Response, Error> {
        let (client, request) = request.build_split();
        let mut request = request.map_err(|error| explain(&error))?;
        // A registry may send us elsewhere to upload (a signed address of a storage service): nobody else gets the token.
        if let Some(token) = token.filter(|_| request.url().origin() == base.origin()) {
            request.headers_mut().insert(AUTHORIZATION, token.clone());
        }
        client.execute(request).await.map_err(|error| explain(&error))
    }

    /// Proves the credential to the registry: one that answers anybody is asked for a token, and one that gives neither takes
    /// any.
    ///
    /// # Errors
    /// It is not taken, or the registry cannot be asked.
    pub async fn prove(&self) -> Result<(), Error> {
        let url = self.url("v2/").await?;
        let response = self.http.get(url.clone()).send().await.map_err(|error| explain(&error))?;
        if response.status() == StatusCode::UNAUTHORIZED {
            let answer = self.tokens.answer(self.base().await?, response.headers(), &Scope::Registry, None).await?;
            let response = self.deliver(self.base().await?, self.http.get(url), Some(&answer)).await?;
            return if response.status() == StatusCode::UNAUTHORIZED { Err(Error::Unauthorised) } else { Ok(()) };
        }
        // It answers anybody: then who says who he is may be refused still.
        let Some(answer) = self.tokens.basic().await? else { return Ok(()) };
        let response = self.deliver(self.base().await?, self.http.get(url), Some(&answer)).await?;
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::Unauthorised),
            _ => Ok(()),
        }
    }

    /// Has requests that belong to no repository say who asks without being asked.
    ///
    /// # Errors
    /// There is no credential to be had.
    pub async fn introduce(&self) -> Result<(), Error> {
        if let Some(header) = self.tokens.basic().await? {
            self.tokens.keep(&Scope::Registry, header);
        }
        Ok(())
    }

    /// An answer's body, where it is no longer than it may be.
    ///
    /// # Errors
    /// It is longer, or breaks off.
    pub async fn body(&self, mut response: Response, limit: u64) -> Result<Vec<u8>, Error> {
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(Error::TooLong(limit));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(Error::TooLong(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// What a failed read of an answer means.
    pub fn explain(error: &reqwest::Error) -> Error {
        explain(error)
    }
}

/// How long it is to be waited for a registry that is busy; nothing where that is too long.
fn pause(response: &Response, retries: u32) -> Option<Duration> {
    let said = response.headers().get(RETRY_AFTER);
    let pause = match said {
        None => BUSY_PAUSE.saturating_mul(1 << retries.min(8)),
        // As seconds; a date is some time that need not be known.
        Some(said) => match said.to_str().ok().and_then(|text| text.trim().parse().ok()) {
            Some(seconds) => Duration::from_secs(seconds),
            None => BUSY_PAUSE.saturating_mul(1 << retries.min(8)),
        },
    };
    (pause <= LONGEST_PAUSE).then_some(pause)
}

/// Where a registry is that people call by another name.
fn endpoint(registry: &str) -> &str {
    match registry {
        "docker.io" | "index.docker.io" => "registry-1.docker.io",
        other => other,
    }
}

/// Follows redirects, but never from TLS to none. The library takes the authorisation away when the host changes.
fn redirects(scheme: Scheme) -> Policy {
    Policy::custom(move |attempt| {
        let from_tls = attempt.previous().iter().any(|url| url.scheme() == "https");
        if attempt.previous().len() > REDIRECTS {
            attempt.error("it redirects too often")
        } else if attempt.url().scheme() != "https" && (from_tls || scheme == Scheme::Https) {
            attempt.error("it redirects to an address without TLS")
        } else {
            attempt.follow()
        }
    })
}

/// Whether a registry is on this machine, by its address; any other name may lead elsewhere.
pub fn is_loopback(registry: &str) -> bool {
    let host = match registry.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => registry,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
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
        let scheme = |registry: &str, plain_http: bool| {
            let options = Options {
                registry: registry.to_owned(),
                plain_http,
                certificates: None,
                user_agent: "test",
                connect: Duration::from_secs(1),
                silence: Duration::from_secs(1),
                retries: 0,
            };
            Client::new(&options, Arc::new(crate::Nobody)).expect("a client").scheme
        };
        assert_eq!(scheme("example.org", false), Scheme::Https);
        assert_eq!(scheme("example.org", true), Scheme::Http);
        assert_eq!(scheme("127.0.0.1:5000", false), Scheme::Detect);
        assert_eq!(scheme("http://example.org", false), Scheme::Http);
        assert_eq!(scheme("https://127.0.0.1:5000", false), Scheme::Https);
    }

    #[test]
    fn docker_hub_is_elsewhere_than_its_name() {
        assert_eq!(endpoint("docker.io"), "registry-1.docker.io");
        assert_eq!(endpoint("registry.example.org"), "registry.example.org");
    }
}
