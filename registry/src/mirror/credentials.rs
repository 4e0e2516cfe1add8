//! Who the mirror is at the other registry: nobody, a user (Basic), or the bearer of a token that is had first.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use base64::Engine as _;
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::believed::Believed;
use super::config::{MirrorConfig, MirrorConfigError, is_private};
use super::error::MirrorError;
use super::upstream::{judge, unreachable, whole};
use crate::oci::RepositoryName;

/// For how many repositories a token is remembered.
const MOST_TOKENS: usize = 1_000;
/// How long an answer with a token may be, in bytes.
const TOKEN_BYTES: u64 = 256 << 10;
/// How long a token is good that does not say it, as the token flow has it.
const TOKEN_TIME: u64 = 60;
/// How long a token is used at most, in seconds, whatever it says.
const MOST_TOKEN_TIME: u64 = 3600;

pub(super) struct Credentials {
    user: Option<(String, PathBuf)>,
    /// Whether the registry itself is asked by https.
    https: bool,
    known: Believed<RepositoryName, HeaderValue>,
    /// One token at a time: who waits may find it there.
    asking: tokio::sync::Mutex<()>,
}

/// What a token server says.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// How the registry wants to be convinced.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

impl Credentials {
    pub(super) fn new(config: &MirrorConfig, origin: &Url) -> Result<Self, MirrorConfigError> {
        let user = config.username.clone().zip(config.password_file.clone());
        if let Some((_, path)) = &user {
            // Read now only to say so early.
            std::fs::read_to_string(path).map_err(|error| MirrorConfigError::File {
                prefix: config.prefix.clone(),
                path: path.clone(),
                error,
            })?;
        }
        let https = origin.scheme() == "https";
        Ok(Self { user, https, known: Believed::new(MOST_TOKENS), asking: tokio::sync::Mutex::default() })
    }

    /// What convinced the registry lately.
    pub(super) fn known(&self, name: &RepositoryName) -> Option<HeaderValue> {
        self.known.get(name)
    }

    /// What may convince the registry, after it answered 401 to a request with `refused`.
    pub(super) async fn answer(
        &self,
        client: &reqwest::Client,
        challenge: &HeaderMap,
        name: &RepositoryName,
        refused: Option<&HeaderValue>,
    ) -> Result<HeaderValue, MirrorError> {
        let _one = self.asking.lock().await;
        if let Some(known) = self.known.get(name).filter(|known| Some(known) != refused) {
            return Ok(known);
        }
        let (value, time) = match wanted(challenge).ok_or(MirrorError::Refused(StatusCode::UNAUTHORIZED))? {
            Challenge::Basic => {
                let user = self.user().await?.ok_or(MirrorError::Refused(StatusCode::UNAUTHORIZED))?;
                let text = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", user.0, user.1));
                (format!("Basic {text}"), MOST_TOKEN_TIME)
            }
            Challenge::Bearer { realm, service } => {
                let token = self.token(client, &realm, service.as_deref(), name).await?;
                let time = token.expires_in.unwrap_or(TOKEN_TIME).min(MOST_TOKEN_TIME);
                let text = token.token.or(token.access_token).unwrap_or_default();
                // Some time is lost on the way.
                (format!("Bearer {text}"), time - time / 10)
            }
        };
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| MirrorError::Unusable("its token cannot be sent in a header".into()))?;
        value.set_sensitive(true);
        self.known.put(name.clone(), value.clone(), Duration::from_secs(time));
        Ok(value)
    }

    /// The name and the password.
    async fn user(&self) -> Result<Option<(&str, String)>, MirrorError> {
        let Some((name, path)) = &self.user else { return Ok(None) };
        match tokio::fs::read_to_string(path).await {
            Ok(text) => Ok(Some((name, text.trim_end_matches(['\r', '\n']).to_owned()))),
            Err(error) => {
                tracing::error!(file = %path.display(), %error, "the password of a mirror cannot be read");
                Err(MirrorError::Refused(StatusCode::UNAUTHORIZED))
            }
        }
    }

    async fn token(
        &self,
        client: &reqwest::Client,
        realm: &str,
        service: Option<&str>,
        name: &RepositoryName,
    ) -> Result<Token, MirrorError> {
        let unusable = |reason: String| MirrorError::Unusable(reason);
        let mut url = Url::parse(realm).map_err(|_| unusable("the address of its token server is none".into()))?;
        if (self.https || self.user.is_some()) && !is_private(&url) {
            return Err(unusable("its token server is not asked by https".into()));
        }
        // Not what the challenge asks for: to read this one repository is all that is needed.
        let scope = format!("repository:{name}:pull");
        url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service))).append_pair("scope", &scope);
        let mut request = client.get(url);
        if let Some((user, password)) = self.user().await? {
            request = request.basic_auth(user, Some(password));
        }
        let response = judge(request.send().await.map_err(|error| unreachable(&error))?)?;
        let bytes = whole(response, TOKEN_BYTES).await?;
        let token: Token =
            serde_json::from_slice(&bytes).map_err(|_| unusable("its token server gives no token".into()))?;
        match token.token.is_some() || token.access_token.is_some() {
            true => Ok(token),
            false => Err(unusable("its token server gives no token".into())),
        }
    }
}

/// The best of the ways that are offered and known.
fn wanted(headers: &HeaderMap) -> Option<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let mut basic = None;
    for challenge in values.filter_map(|value| http_auth::parse_challenges(value).ok()).flatten() {
        let get = |wanted: &str| {
            let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.to_unescaped())
        };
        if challenge.scheme.eq_ignore_ascii_case("bearer") {
            if let Some(realm) = get("realm") {
                return Some(Challenge::Bearer { realm, service: get("service") });
            }
        } else if challenge.scheme.eq_ignore_ascii_case("basic") {
            basic = Some(Challenge::Basic);
        }
    }
    basic
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Option<Challenge> {
        wanted(&values.iter().map(|value| (WWW_AUTHENTICATE, HeaderValue::from_static(value))).collect())
    }

    #[test]
    fn challenges() {
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
}
