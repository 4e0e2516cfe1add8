//! What people and programs see of packs: pages at `/`, JSON below `/api/v1/packs`.
//!
//! Everything that packs say is foreign text. Pages carry it escaped, and forbid the browser whatever they do not need.

mod changes;
mod coverage;
mod json;
mod layout;
mod list;
mod pack;
mod view;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{OriginalUri, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::search::{Query, may_pull, search};
use crate::access::Caller;
use crate::oci::{Code, OciError, RepositoryName};
use crate::registry::Registry;
use view::Site;

/// How a browser is asked for a name and a password.
const CHALLENGE: &str = "Basic realm=\"lanner-registry\", charset=\"UTF-8\"";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The path of the stylesheet, another for each content: it is kept for ever.
static STYLE_PATH: LazyLock<String> =
    LazyLock::new(|| format!("/assets/{}.css", &hex::encode(Sha256::digest(STYLE))[..16]));

/// Nothing but our stylesheet and the one script, which stands in the page and is known by its hash.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'sha256-{hash}'; img-src data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("it is ASCII")
});

/// The pages and the search.
pub fn routes(registry: Arc<Registry>) -> Router {
    Router::new()
        .route("/", get(list_page))
        .route("/packs", get(async || ([(LOCATION, "/")], StatusCode::SEE_OTHER).into_response()))
        .route("/packs/{*repository}", get(pack_page))
        .route("/login", get(log_in))
        .route("/logout", get(log_out))
        .route("/api/v1/packs", get(list_json))
        .route("/api/v1/packs/", get(list_json))
        .route("/api/v1/packs/{*repository}", get(pack_json))
        .route(&STYLE_PATH, get(style))
        .layer(from_fn(guarded))
        .with_state(registry)
}

/// What every answer forbids.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    // What one client may see is not for the next one.
    headers.insert(VARY, HeaderValue::from_static("authorization"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

async fn style() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, STYLE).into_response()
}

/// Asks for a name and a password as browsers know it, and leads back.
async fn log_in(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let site = site_for_people(&registry, &parts).await;
    if site.user().is_some() {
        return ([(LOCATION, "/")], StatusCode::SEE_OTHER).into_response();
    }
    let page = layout::message(&site, "Not signed in", "Go back to the list, or try again.");
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, CHALLENGE)], page).into_response()
}

/// Has the browser forget the name and the password: it does when they are not taken any more, whatever they are.
async fn log_out(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let site = Site::new(&registry, Caller::anonymous(), host(&parts));
    let page = layout::message(&site, "Signed out", "What is shown now is what everybody may see.");
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, CHALLENGE)], page).into_response()
}

async fn list_page(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let site = site_for_people(&registry, &parts).await;
    match Query::parse(parts.uri.query()) {
        Ok(query) => {
            let found = search(&registry, &site.caller, &query);
            match view::found(&registry, &site, found, &query).await {
                Ok(found) => list::page(&site, &query, &found).into_response(),
                Err(error) => refused(&site, &error),
            }
        }
        Err(reason) => {
            (StatusCode::BAD_REQUEST, layout::message(&site, "This cannot be looked for", &reason)).into_response()
        }
    }
}

async fn pack_page(State(registry): State<Arc<Registry>>, Path(path): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let site = site_for_people(&registry, &parts).await;
    let shown = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .find_map(|(key, value)| if key == "version" { Some(value.into_owned()) } else { None });
    let found = match repository(&path) {
        Ok(name) if may_pull(&registry, &site.caller, &name).is_ok() => view::pack(&registry, &site, name).await,
        _ => Ok(None),
    };
    match found {
        Ok(Some(pack)) => match pack::page(&site, &pack, shown.as_deref()) {
            Some(page) => page.into_response(),
            None => {
                let reason = "This pack has no such version any more; its other versions are still there.";
                (StatusCode::NOT_FOUND, layout::message(&site, "No such version", reason)).into_response()
            }
        },
        Ok(None) if !registry.packs.index.is_built() => {
            let reason = "The registry has just started and is still reading what it has. Try again in a moment.";
            let page = layout::message(&site, "Not yet known", reason);
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "2")], page).into_response()
        }
        Ok(None) => {
            let reason = "There is no pack of this name, or it is not for everybody: sign in to see what you may pull.";
            (StatusCode::NOT_FOUND, layout::message(&site, "No such pack", reason)).into_response()
        }
        Err(error) => refused(&site, &error),
    }
}

async fn list_json(State(registry): State<Arc<Registry>>, request: Request) -> Result<Response, OciError> {
    let (parts, _) = request.into_parts();
    let site = site(&registry, &parts).await?;
    let query = Query::parse(parts.uri.query())
        .map_err(|reason| OciError::new(Code::Unsupported, reason).with_status(StatusCode::BAD_REQUEST))?;
    let found = search(&registry, &site.caller, &query);
    let found = view::found(&registry, &site, found, &query).await?;
    Ok(axum::Json(json::list(&found)).into_response())
}

async fn pack_json(
    State(registry): State<Arc<Registry>>,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, OciError> {
    let (parts, _) = request.into_parts();
    let site = site(&registry, &parts).await?;
    let name = repository(&path)?;
    may_pull(&registry, &site.caller, &name)?;
    match view::pack(&registry, &site, name.clone()).await? {
        Some(pack) => Ok(axum::Json(json::pack(&pack)).into_response()),
        None if !registry.packs.index.is_built() => {
            let reason = "the list of packs is still being built; ask again";
            Err(OciError::new(Code::Unavailable, reason).with_header(RETRY_AFTER, HeaderValue::from_static("2")))
        }
        None => Err(OciError::new(Code::NameUnknown, format!("the repository {name} has no pack"))),
    }
}

fn repository(path: &str) -> Result<RepositoryName, OciError> {
    path.parse().map_err(|()| OciError::new(Code::NameInvalid, "this is no name of a repository"))
}

fn refused(site: &Site, error: &OciError) -> Response {
    (error.status(), layout::message(site, "This cannot be shown", "The registry's log says why.")).into_response()
}

/// The registry as this request sees it.
async fn site(registry: &Registry, parts: &Parts) -> Result<Site, OciError> {
    let caller = registry.access.identify(parts).await?;
    Ok(Site::new(registry, caller, host(parts)))
}

/// The same for who can sign in again: what is said wrongly is as if it were not said.
async fn site_for_people(registry: &Registry, parts: &Parts) -> Site {
    let caller = registry.access.identify(parts).await.unwrap_or_else(|_| Caller::anonymous());
    Site::new(registry, caller, host(parts))
}

/// What the client calls this registry.
fn host(parts: &Parts) -> Option<&str> {
    // With HTTP/2 the host is a part of the address.
    let original = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    host.or_else(|| original.authority().map(axum::http::uri::Authority::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_knows_the_script() {
        let policy = POLICY.to_str().unwrap();
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        // The page closes the element by this text.
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }

    #[test]
    fn the_stylesheet_needs_nothing_else() {
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
