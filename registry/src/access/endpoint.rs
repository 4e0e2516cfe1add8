//! `/token`: where tokens are had, as the distribution project specifies it (`GET`, and `POST` in the ways of OAuth2).

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;
use zeroize::Zeroizing;

use super::tokens::Purpose;
use super::{Access, Credentials, Identity, scope};
use crate::oci::{Code, OciError};

/// How long a form may be, in bytes: the longest refresh token and scopes fit in.
const LONGEST_FORM: usize = 128 << 10;

pub(super) fn routes(access: Access) -> Router {
    Router::new().route("/token", get(answer).post(answer)).with_state(access)
}

async fn answer(State(access): State<Access>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let outcome = match parts.method {
        Method::POST => posted(&access, &parts, body).await,
        _ => asked(&access, &parts).await,
    };
    let mut response = outcome.unwrap_or_else(axum::response::IntoResponse::into_response);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Names and values, those that are secret wiped afterwards.
struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    fn parse(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text);
        Self(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &str) -> Result<&str, OciError> {
        self.get(name).ok_or_else(|| bad_request(format!("{name} is missing")))
    }
}

fn bad_request(message: String) -> OciError {
    OciError::new(Code::Unsupported, message).with_status(StatusCode::BAD_REQUEST)
}

/// `GET /token?service=…&scope=…`, with a password in `Authorization`, or as nobody in particular.
async fn asked(access: &Access, parts: &Parts) -> Result<Response, OciError> {
    let form = Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let who = match access.credentials(parts) {
        Ok(None) => Identity::Anonymous,
        Ok(Some(Credentials::Basic(name, password))) => log_in(access, parts, name, password).await?,
        Ok(Some(Credentials::Bearer(_))) | Err(_) => {
            return Err(wrong(access, "tokens are had for a user name and a password (HTTP Basic)"));
        }
    };
    let refresh = matches!(form.get("offline_token"), Some("true" | "1")) && who != Identity::Anonymous;
    issue(access, &who, &form, refresh.then_some(Refresh::New)).await
}

/// `POST /token`, with a password or a refresh token in the form.
async fn posted(access: &Access, parts: &Parts, body: Body) -> Result<Response, OciError> {
    let bytes = axum::body::to_bytes(body, LONGEST_FORM).await.map_err(|_| {
        OciError::new(Code::SizeInvalid, format!("the form must end, and within {LONGEST_FORM} bytes"))
            .with_status(StatusCode::PAYLOAD_TOO_LARGE)
    })?;
    let form = Form::parse(&bytes);
    match form.required("grant_type")? {
        "password" => {
            let name = form.required("username")?.to_owned();
            let password = form.required("password")?.to_owned().into();
            let who = log_in(access, parts, name, password).await?;
            let refresh = form.get("access_type") == Some("offline");
            issue(access, &who, &form, refresh.then_some(Refresh::New)).await
        }
        "refresh_token" => {
            let token = form.required("refresh_token")?;
            let users = access.users().await;
            match access.0.tokens.as_ref().and_then(|tokens| tokens.verify(Purpose::Refresh, token, &users)) {
                Some((who @ Identity::User(_), _)) => issue(access, &who, &form, Some(Refresh::Same(token))).await,
                _ => Err(wrong(access, "the refresh token is not valid, or not any more: log in again")),
            }
        }
        _ => Err(bad_request("grant_type must be password or refresh_token".to_owned())),
    }
}

enum Refresh<'a> {
    New,
    Same(&'a str),
}

/// Always 401, whatever is wrong with a login: which it is, is for the log.
fn wrong(access: &Access, message: &str) -> OciError {
    let value = format!("Basic realm=\"{}\",charset=\"UTF-8\"", access.0.service);
    let error = OciError::new(Code::Unauthorized, message);
    match HeaderValue::try_from(value) {
        Ok(value) => error.with_header(WWW_AUTHENTICATE, value),
        Err(_) => error,
    }
}

async fn log_in(
    access: &Access,
    parts: &Parts,
    name: String,
    password: Zeroizing<String>,
) -> Result<Identity, OciError> {
    let wrong = || wrong(access, super::WRONG);
    access.log_in(super::address(parts), name, password, wrong).await
}

async fn issue(
    access: &Access,
    who: &Identity,
    form: &Form,
    refresh: Option<Refresh<'_>>,
) -> Result<Response, OciError> {
    let service = &access.0.service;
    if let Some(asked) = form.get("service").filter(|asked| *asked != service.as_str()) {
        let shown: String = asked.chars().take(100).collect();
        return Err(bad_request(format!("tokens for {shown:?} are not had here, only for {service:?}")));
    }
    let scopes: Vec<&str> = scope::split(form.all("scope")).take(scope::MOST + 1).collect();
    if scopes.len() > scope::MOST {
        return Err(bad_request(format!("more than {} scopes", scope::MOST)));
    }
    let granted: Vec<_> =
        scopes.into_iter().filter_map(|scope| scope::granted(scope, who, &access.0.permissions)).collect();
    let shown = granted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let users = access.users().await;
    let gone = || wrong(access, super::WRONG);
    let Some(tokens) = &access.0.tokens else {
        return Err(OciError::new(Code::Unsupported, "nobody can log in here, and nobody needs a token")
            .with_status(StatusCode::NOT_FOUND));
    };
    let issued = tokens.issue(Purpose::Access, who, &users, granted).ok_or_else(gone)?;
    let at = i64::try_from(issued.at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok()).unwrap_or_default();
    let mut answer = json!({
        "token": issued.token,
        "access_token": issued.token,
        "expires_in": issued.lifetime.as_secs(),
        "issued_at": at.to_string(),
        "scope": shown,
    });
    match refresh {
        None => {}
        Some(Refresh::Same(token)) => answer["refresh_token"] = token.into(),
        Some(Refresh::New) => {
            let issued = tokens.issue(Purpose::Refresh, who, &users, Vec::new()).ok_or_else(gone)?;
            answer["refresh_token"] = issued.token.into();
        }
    }
    Ok(axum::Json(answer).into_response())
}
