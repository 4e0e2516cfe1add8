//! A server that is asked over HTTP: requests, and what an answer means.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use lanner_trust::SecretText;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use tokio::runtime::Runtime;

use super::Refusal;
use super::open::OpenError;
use super::settings::{Http as Settings, PlainOrSecret};
use super::tls;

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read: of many findings, one by one.
pub(super) const MAX_ANSWER: usize = 4 << 20;
/// Secrets that are remembered, of those that were replaced too.
const MAX_SECRETS: usize = 64;
/// Letters of an answer that are shown.
const SHOWN: usize = 200;

/// How a server is to be asked makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address is none.
    #[error("`url` is no address that begins with https:// or http://")]
    Url,
    /// A password stands in it.
    #[error("`url` has a user or a password: say who asks with `basic` or `bearer`")]
    Login,
    /// A header is none.
    #[error("{0:?} is no header, or what it is to say is none")]
    Header(String),
    /// It is said twice who asks.
    #[error("it is said twice who asks: `bearer`, `basic`, `api_key` and `token` exclude one another")]
    TwoCredentials,
    /// Something that the machine lacks.
    #[error("it cannot be prepared: {0}")]
    Prepare(String),
}

/// A server.
pub(super) struct Http {
    runtime: Runtime,
    client: Client,
    settings: Settings,
    /// Further credentials, as the type of the sink has them.
    who: Option<Who>,
    url: Url,
    headers: HeaderMap,
    /// What is not shown, whatever a server says.
    secrets: Vec<SecretText>,
}

/// What stands before a secret in `Authorization`.
pub(super) struct Who {
    pub(super) scheme: &'static str,
    pub(super) secret: lanner_trust::Secret,
}

/// An answer that says that all went well.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
}

impl Http {
    pub(super) fn open(settings: &Settings, who: Option<Who>) -> Result<Self, OpenError> {
        let url = settings.url.read()?;
        let url = Url::parse(url.reveal().trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or(HttpError::Url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HttpError::Login.into());
        }
        if [settings.bearer.is_some(), settings.basic.is_some(), who.is_some()].iter().filter(|is| **is).count() > 1 {
            return Err(HttpError::TwoCredentials.into());
        }
        let headers = headers(settings, who.as_ref())?;
        let prepare = |error: &dyn std::fmt::Display| HttpError::Prepare(error.to_string());
        let mut tls = tls::config(&settings.tls)?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut client = Client::builder()
            .user_agent(concat!("lanner/", env!("CARGO_PKG_VERSION")))
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(settings.timeout)
            // Findings and credentials go where it was said, and nowhere else.
            .redirect(Policy::none())
            .tls_backend_preconfigured(tls);
        // A proxy is for what is far.
        if is_loopback(&url) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| prepare(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| prepare(&error))?;
        let secrets = secrets(settings, who.as_ref(), &url)?;
        Ok(Self { runtime, client, settings: settings.clone(), who, url, headers, secrets })
    }

    /// Its address.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// An address below its own.
    pub(super) fn below(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let before = url.path().trim_end_matches('/').to_owned();
        // Who gave all of it meant this.
        if !before.ends_with(path) {
            url.set_path(&format!("{before}{path}"));
        }
        url
    }

    /// Bytes that are sent at once.
    pub(super) fn batch_bytes(&self) -> usize {
        usize::try_from(self.settings.batch_bytes).unwrap_or(usize::MAX)
    }

    /// Sends this, with these further headers.
    pub(super) fn post(
        &mut self,
        url: Url,
        content: &'static str,
        body: Vec<u8>,
        more: HeaderMap,
    ) -> Result<Answer, Refusal> {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
        headers.extend(more);
        let body = match self.settings.gzip {
            true => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                compressed(&body).map_err(Refusal::later)?
            }
            false => body,
        };
        let request = self.client.post(url).headers(headers).body(body);
        let (status, retry_after, body) = self.runtime.block_on(ask(request))?;
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            // The secret may be another by now.
            if let Ok(headers) = self::headers(&self.settings, self.who.as_ref())
                && let Ok(secrets) = secrets(&self.settings, self.who.as_ref(), &self.url)
            {
                self.headers = headers;
                self.secrets.extend(secrets);
                // Those of before may stand in answers yet.
                let too_many = self.secrets.len().saturating_sub(MAX_SECRETS);
                self.secrets.drain(..too_many);
            }
        }
        judge(status, retry_after, body, &self.secrets)
    }

    /// What is shown nowhere.
    pub(super) fn secrets(&self) -> &[SecretText] {
        &self.secrets
    }

    /// Has this be shown nowhere: it is sent otherwise than in a header.
    pub(super) fn hide(&mut self, secret: SecretText) {
        self.secrets.push(secret);
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Result<(StatusCode, Option<Duration>, Vec<u8>), Refusal> {
    let unreachable = |error: reqwest::Error| {
        if error.is_timeout() {
            return Refusal::later("it does not answer in time");
        }
        let is_connect = error.is_connect();
        // The address may be a secret. What happened is told by the last of the causes.
        let error = error.without_url();
        let mut last: &dyn std::error::Error = &error;
        while let Some(cause) = last.source() {
            last = cause;
        }
        Refusal::later(if is_connect { format!("it cannot be reached: {last}") } else { last.to_string() })
    };
    let mut response = request.send().await.map_err(unreachable)?;
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| pause(value, SystemTime::now()));
    let mut body = Vec::new();
    while body.len() < MAX_ANSWER
        && let Some(chunk) = response.chunk().await.map_err(unreachable)?
    {
        body.extend_from_slice(&chunk[..chunk.len().min(MAX_ANSWER - body.len())]);
    }
    Ok((response.status(), retry_after, body))
}

/// What an answer means for what was sent.
fn judge(
    status: StatusCode,
    retry_after: Option<Duration>,
    body: Vec<u8>,
    secrets: &[SecretText],
) -> Result<Answer, Refusal> {
    if status.is_success() {
        return Ok(Answer { body });
    }
    let shown = shown(&body, secrets);
    let why = format!("it answers {status}{}{shown}", if shown.is_empty() { "" } else { ": " });
    match status {
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            Err(Refusal::Never(why))
        }
        _ => Err(Refusal::Later(why, retry_after)),
    }
}

/// The beginning of an answer, on one line. Servers that do not understand a request repeat it in their answers, with what
/// nobody is to see.
pub(super) fn shown(body: &[u8], secrets: &[SecretText]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * SHOWN)]).into_owned();
    let text = secrets.iter().fold(text, |text, secret| text.replace(secret.reveal(), "***"));
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|letter| !letter.is_control() && !turns(*letter))
        .take(SHOWN)
        .collect()
}

/// Whether it has what follows run the other way (Unicode, UAX 9).
fn turns(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How long a server asks to wait: seconds, or a date (RFC 9110, 10.2.3).
fn pause(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text).ok().map(|date| date.duration_since(now).unwrap_or_default())
}

/// What is sent and nobody is to see, the longest first.
fn secrets(settings: &Settings, who: Option<&Who>, url: &Url) -> Result<Vec<SecretText>, OpenError> {
    use base64::Engine as _;
    let mut secrets: Vec<SecretText> = Vec::new();
    for text in settings.headers.values().filter(|text| matches!(text, PlainOrSecret::Secret(_))) {
        secrets.push(text.read()?);
    }
    if let Some(bearer) = &settings.bearer {
        secrets.push(bearer.read()?);
    }
    if let Some(basic) = &settings.basic {
        let password = basic.password.read()?;
        let pair = format!("{}:{}", basic.user, password.reveal());
        secrets.push(base64::engine::general_purpose::STANDARD.encode(pair).as_str().into());
        secrets.push(password);
    }
    if let Some(who) = who {
        secrets.push(who.secret.read()?);
    }
    if let PlainOrSecret::Secret(_) = settings.url {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let parts = [format!("{}{query}", url.path()), query.clone()];
        // Of a path that is no more than a slash nothing is secret.
        secrets.extend(parts.iter().filter(|part| part.len() > 1).map(|part| part.as_str().into()));
    }
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.reveal().len()));
    Ok(secrets)
}

fn headers(settings: &Settings, who: Option<&Who>) -> Result<HeaderMap, OpenError> {
    let mut headers = HeaderMap::new();
    for (name, text) in &settings.headers {
        let wrong = || HttpError::Header(name.clone());
        let header = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
        let mut value = HeaderValue::try_from(text.read()?.reveal()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    let mut authorise = |text: String| -> Result<(), OpenError> {
        let wrong = |_| HttpError::Header("Authorization".to_owned());
        let mut value = HeaderValue::try_from(text).map_err(wrong)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(())
    };
    if let Some(bearer) = &settings.bearer {
        authorise(format!("Bearer {}", bearer.read()?.reveal()))?;
    }
    if let Some(basic) = &settings.basic {
        use base64::Engine as _;
        let pair = format!("{}:{}", basic.user, basic.password.read()?.reveal());
        authorise(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))?;
    }
    if let Some(who) = who {
        authorise(format!("{} {}", who.scheme, who.secret.read()?.reveal()))?;
    }
    Ok(headers)
}

pub(super) fn compressed(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_never_taken_is_not_tried_again_and_all_else_is() {
        for status in [400, 413, 422] {
            let judged = judge(StatusCode::from_u16(status).expect("a status"), None, b"no".to_vec(), &[]);
            assert!(matches!(judged, Err(Refusal::Never(_))), "{status}");
        }
        for status in [301, 401, 403, 404, 408, 429, 500, 502, 503] {
            let asked = Some(Duration::from_secs(7));
            let judged = judge(StatusCode::from_u16(status).expect("a status"), asked, Vec::new(), &[]);
            assert!(matches!(judged, Err(Refusal::Later(_, after)) if after == asked), "{status}");
        }
        assert!(judge(StatusCode::ACCEPTED, None, Vec::new(), &[]).is_ok());
        let refused = judge(
            StatusCode::BAD_REQUEST,
            None,
            b"line\none\x1b[31m of \xe2\x80\xaes3cret".to_vec(),
            &["s3cret".into()],
        )
        .err()
        .expect("refused");
        assert_eq!(refused.why(), "it answers 400 Bad Request: line one[31m of ***");
    }

    #[test]
    fn a_server_says_how_long_to_wait_in_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let said = |text| pause(&HeaderValue::from_static(text), now);
        assert_eq!(said("120"), Some(Duration::from_secs(120)));
        assert_eq!(said("Sun, 06 Nov 1994 08:49:47 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(said("Sun, 06 Nov 1994 08:49:07 GMT"), Some(Duration::ZERO), "it is past");
        assert_eq!(said("soon"), None);
    }
}
