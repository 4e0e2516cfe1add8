//! Who asks: basic authentication, and tokens as docker's registries give them.

use http_auth::ChallengeRef;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::{DOCUMENT, Remote, RemoteError, Want};
use crate::credentials::Credential;

/// Bytes of a token at most, with what is around it.
const MAX_TOKEN: u64 = 256 << 10;

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

impl Remote {
    /// Asks the registry whether it takes the credentials.
    ///
    /// # Errors
    /// It does not, or cannot be asked.
    pub fn check_credential(&self) -> Result<(), RemoteError> {
        self.wait(DOCUMENT, async {
            let url = format!("{}/v2/", self.base);
            let response = self.send("", Want::Pull, |http| http.get(&url)).await?;
            match response.status() {
                StatusCode::OK => Ok(()),
                _ => Err(self.refusal(response, "to log in").await),
            }
        })
    }

    /// Says who asks without being asked, in requests that belong to no repository.
    pub(super) fn introduce(&self) {
        if let Some(Credential::Password { user, password }) = &self.credential
            && let Some(header) = basic(user, password)
        {
            self.keep_token("", Want::Pull, header);
        }
    }

    pub(super) fn token(&self, repository: &str, want: Want) -> Option<HeaderValue> {
        let tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tokens.get(&(repository.to_owned(), want)).cloned()
    }

    pub(super) fn keep_token(&self, repository: &str, want: Want, token: HeaderValue) {
        let mut tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tokens.insert((repository.to_owned(), want), token);
    }

    /// Finds what authorises a request, as the registry's challenge says.
    pub(super) async fn authorise(
        &self,
        repository: &str,
        want: Want,
        headers: &HeaderMap,
    ) -> Result<HeaderValue, RemoteError> {
        let texts: Vec<&str> =
            headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()).collect();
        let challenges: Vec<ChallengeRef<'_>> =
            texts.iter().filter_map(|text| http_auth::parse_challenges(text).ok()).flatten().collect();
        let of = |scheme: &str| challenges.iter().find(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme));
        if let Some(challenge) = of("bearer") {
            return self.fetch_token(repository, want, challenge).await;
        }
        match (of("basic"), &self.credential) {
            (Some(_), Some(Credential::Password { user, password })) => basic(user, password),
            _ => return Err(self.unauthorised(Some(repository))),
        }
        .ok_or_else(|| self.unauthorised(Some(repository)))
    }

    /// Gets a token from where the registry says.
    async fn fetch_token(
        &self,
        repository: &str,
        want: Want,
        challenge: &ChallengeRef<'_>,
    ) -> Result<HeaderValue, RemoteError> {
        let parameter = |name: &str| {
            let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        let realm = parameter("realm").ok_or_else(|| self.malformed("its challenge names no realm"))?;
        let mut url = Url::parse(&realm).map_err(|error| self.malformed(format!("its realm {realm:?}: {error}")))?;
        // Credentials go nowhere in the clear, but for a registry that is reached so by leave of the user.
        if url.scheme() != "https" && self.base.starts_with("https:") {
            return Err(self.malformed(format!("it sends us to {url} for a token, which is without TLS")));
        }
        let actions = if want == Want::Push { "pull,push" } else { "pull" };
        let scope = (!repository.is_empty()).then(|| format!("repository:{repository}:{actions}"));
        let service = parameter("service");
        let request = match &self.credential {
            Some(Credential::IdentityToken(token)) => {
                let mut form = Url::parse("http://form/").map_err(|error| self.malformed(error))?;
                form.query_pairs_mut()
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", "lanner")
                    .append_pair("service", service.as_deref().unwrap_or_default())
                    .append_pair("scope", scope.as_deref().unwrap_or_default())
                    .append_pair("refresh_token", token);
                let form = form.query().unwrap_or_default().to_owned();
                let kind = "application/x-www-form-urlencoded";
                self.http.post(url).header(reqwest::header::CONTENT_TYPE, kind).body(form)
            }
            credential => {
                url.query_pairs_mut()
                    .extend_pairs(service.iter().map(|service| ("service", service)))
                    .extend_pairs(scope.iter().map(|scope| ("scope", scope)));
                let request = self.http.get(url);
                match credential {
                    Some(Credential::Password { user, password }) => request.basic_auth(user, Some(password)),
                    _ => request,
                }
            }
        };
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(self.unauthorised(Some(repository))),
            _ => return Err(self.refusal(response, "a token").await),
        }
        let body = self.body(response, MAX_TOKEN, "a token").await?;
        let Token { token, access_token } = serde_json::from_slice(&body).map_err(|error| self.malformed(error))?;
        let token = if token.is_empty() { access_token } else { token };
        let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|error| self.malformed(error))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// What basic authentication sends.
fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let mut header = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}
