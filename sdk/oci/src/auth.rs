//! Basic authentication, and tokens as docker's registries give them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use crate::Error;
use crate::client::is_loopback;
use crate::credential::{Credential, Scope, Who};
use crate::words::explain;

/// For how many scopes a token is remembered.
const MOST_TOKENS: usize = 1_000;
/// How long an answer with a token may be, bytes.
const MAX_TOKEN: usize = 256 << 10;
/// How long a token is good that does not say it, as the token flow has it; and how long it is used at most, whatever it says.
const TOKEN_TIME: Duration = Duration::from_secs(60);
const MOST_TOKEN_TIME: Duration = Duration::from_secs(3600);

/// What convinces the registry.
pub(crate) struct Tokens {
    /// Follows no redirect.
    http: reqwest::Client,
    who: Arc<dyn Who>,
    known: Mutex<HashMap<Scope, (HeaderValue, Instant)>>,
    /// One token at a time: who waits may find it there.
    asking: tokio::sync::Mutex<()>,
}

/// How a registry wants to be convinced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// By a name and a password.
    Basic,
    /// By a token.
    Bearer {
        /// Where it is to be had.
        realm: String,
        /// For whom it is to be.
        service: Option<String>,
    },
}

impl Challenge {
    /// The best of the ways that these headers offer, and that is known.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let mut basic = None;
        for challenge in values.filter_map(|value| http_auth::parse_challenges(value).ok()).flatten() {
            let get = |wanted: &str| {
                let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted));
                found.map(|(_, value)| value.to_unescaped())
            };
            if challenge.scheme.eq_ignore_ascii_case("bearer") {
                if let Some(realm) = get("realm") {
                    return Some(Self::Bearer { realm, service: get("service") });
                }
            } else if challenge.scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Self::Basic);
            }
        }
        basic
    }
}

/// What a token server says.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Tokens {
    pub(crate) fn new(http: reqwest::Client, who: Arc<dyn Who>) -> Self {
        Self { http, who, known: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Scope, (HeaderValue, Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What convinced the registry lately.
    pub(crate) fn known(&self, scope: &Scope) -> Option<HeaderValue> {
        self.lock().get(scope).filter(|(_, end)| *end > Instant::now()).map(|(value, _)| value.clone())
    }

    pub(crate) fn keep(&self, scope: &Scope, value: HeaderValue) {
        self.keep_for(scope, value, MOST_TOKEN_TIME);
    }

    fn keep_for(&self, scope: &Scope, value: HeaderValue, time: Duration) {
        let now = Instant::now();
        let mut known = self.lock();
        known.retain(|_, (_, end)| *end > now);
        if known.len() < MOST_TOKENS {
            // Some of the time is lost on the way.
            known.insert(scope.clone(), (value, now + time.min(MOST_TOKEN_TIME) * 9 / 10));
        }
    }

    pub(crate) fn forget(&self, scope: &Scope) {
        self.lock().remove(scope);
    }

    /// What basic authentication sends, where there is a password.
    pub(crate) async fn basic(&self) -> Result<Option<HeaderValue>, Error> {
        Ok(match self.credential().await? {
            Some(Credential::Password { user, password }) => Some(basic(&user, &password)?),
            _ => None,
        })
    }

    async fn credential(&self) -> Result<Option<Credential>, Error> {
        self.who.credential().await.map_err(Error::NoCredential)
    }

    /// What may convince the registry at `base`, after it answered 401 with these headers to a request with `refused`.
    pub(crate) async fn answer(
        &self,
        base: &Url,
        headers: &HeaderMap,
        scope: &Scope,
        refused: Option<&HeaderValue>,
    ) -> Result<HeaderValue, Error> {
        let _one = self.asking.lock().await;
        if let Some(known) = self.known(scope).filter(|known| Some(known) != refused) {
            return Ok(known);
        }
        let (value, time) = match Challenge::of(headers).ok_or(Error::Unauthorised)? {
            Challenge::Basic => (self.basic().await?.ok_or(Error::Unauthorised)?, MOST_TOKEN_TIME),
            Challenge::Bearer { realm, service } => {
                let token = self.fetch(base, &realm, service.as_deref(), scope).await?;
                let time = token.expires_in.map_or(TOKEN_TIME, Duration::from_secs);
                let text = token.token.filter(|text| !text.is_empty()).or(token.access_token).unwrap_or_default();
                (bearer(&text)?, time)
            }
        };
        self.keep_for(scope, value.clone(), time);
        Ok(value)
    }

    /// Gets a token from where the registry says.
    async fn fetch(&self, base: &Url, realm: &str, service: Option<&str>, scope: &Scope) -> Result<Token, Error> {
        let mut url = Url::parse(realm).map_err(|error| {
            Error::Malformed(format!("the address of its token server, {realm:?}, is none: {error}"))
        })?;
        let credential = self.credential().await?;
        if !may_be_told(&url, base) {
            return Err(Error::Malformed(format!(
                "it sends us to {} for a token, which is without TLS",
                url.origin().ascii_serialization()
            )));
        }
        let scope = scope.text();
        let request = match &credential {
            Some(Credential::IdentityToken(token)) => {
                let mut form = Url::parse("form:").map_err(|error| Error::Malformed(error.to_string()))?;
                form.query_pairs_mut()
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", "lanner")
                    .append_pair("service", service.unwrap_or_default())
                    .append_pair("scope", scope.as_deref().unwrap_or_default())
                    .append_pair("refresh_token", token);
                let form = form.query().unwrap_or_default().to_owned();
                self.http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
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
        let mut response = request.send().await.map_err(|error| explain(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {
                return Err(Error::Unauthorised);
            }
            status => return Err(Error::Unreachable(format!("its token server answers {status}"))),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
            if body.len() + chunk.len() > MAX_TOKEN {
                return Err(Error::TooLong(MAX_TOKEN as u64));
            }
            body.extend_from_slice(&chunk);
        }
        let token: Option<Token> = serde_json::from_slice(&body).ok();
        let given = |token: &Token| token.token.is_some() || token.access_token.is_some();
        token.filter(given).ok_or_else(|| Error::Malformed("its token server gives no token".to_owned()))
    }
}

/// Whether a token server may be told who asks: with TLS, on this machine, or where the registry itself is asked in the clear
/// by leave of the user.
fn may_be_told(realm: &Url, base: &Url) -> bool {
    let host = realm.host_str().unwrap_or_default();
    realm.scheme() == "https" || is_loopback(host) || (base.scheme() == "http" && realm.host_str() == base.host_str())
}

fn basic(user: &str, password: &str) -> Result<HeaderValue, Error> {
    secret(&format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))))
}

fn bearer(token: &str) -> Result<HeaderValue, Error> {
    secret(&format!("Bearer {token}"))
}

fn secret(text: &str) -> Result<HeaderValue, Error> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| Error::Malformed("its token cannot be sent in a header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let of = |values: &[&'static str]| {
            Challenge::of(&values.iter().map(|value| (WWW_AUTHENTICATE, HeaderValue::from_static(value))).collect())
        };
        let bearer = Challenge::Bearer { realm: "https://h/token".into(), service: Some("s, 1".into()) };
        let header = "Bearer realm=\"https://h/token\",service=\"s, 1\",scope=\"repository:a:pull,push\"";
        assert_eq!(of(&[header]), Some(bearer));
        assert_eq!(of(&["basic realm=\"x\""]), Some(Challenge::Basic));
        let both = Challenge::Bearer { realm: "https://h".into(), service: None };
        assert_eq!(of(&["Basic realm=\"x\", Bearer realm=\"https://h\""]), Some(both));
        for none in [&["Bearer service=\"s\""][..], &["Negotiate"], &["Bearer realm=\"unended"], &[""], &[]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_token_server_is_told_only_what_nobody_reads_along() {
        let told = |realm: &str, base: &str| may_be_told(&realm.parse().expect("a URL"), &base.parse().expect("a URL"));
        for (realm, base) in [
            ("https://auth.example.org/token", "https://registry.example.org/"),
            ("http://127.0.0.1:5001/token", "https://registry.example.org/"),
            ("http://registry.example.org:5001/token", "http://registry.example.org:5000/"),
        ] {
            assert!(told(realm, base), "{realm} {base}");
        }
        for (realm, base) in [
            ("http://auth.example.org/token", "https://registry.example.org/"),
            ("http://registry.example.org/token", "https://registry.example.org/"),
            ("http://auth.example.org/token", "http://registry.example.org/"),
        ] {
            assert!(!told(realm, base), "{realm} {base}");
        }
    }
}
