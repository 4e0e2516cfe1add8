//! What comes before each page: by which name it was asked for, who asks, and whether a form is one of ours.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, LOCATION, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::caller::{Caller, Role, same};
use crate::desk::Desk;
use crate::pages::layout;

/// Nothing but what is served here, and no script or style within a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// Bytes of a form at most.
const MAX_FORM: usize = 64 << 10;
/// How long it may take to come.
const FORM_TIME: Duration = Duration::from_secs(10);
/// What stands in each form, so that no page of others can send one.
pub(crate) const FORM_FIELD: &str = "form";

/// The fields of a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first of this name that is not empty.
    pub(crate) fn get<'f>(&'f self, name: &str) -> Option<&'f str> {
        let named = self.0.iter().find(|(known, value)| known == name && !value.is_empty());
        named.map(|(_, value)| value.as_str())
    }

    /// All of this name.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Lets through what may be asked.
pub(crate) async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let mut response = answer(&desk, request, next).await;
    let headers = response.headers_mut();
    let fixed = HeaderValue::from_static;
    headers.insert(CONTENT_SECURITY_POLICY, fixed(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    // Addresses in here name findings and what is looked for: nobody else is told. With `no-referrer` browsers would not say
    // either that forms come from here.
    headers.insert(REFERRER_POLICY, fixed("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), fixed("same-origin"));
    if desk.tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000"));
    }
    headers.entry(CACHE_CONTROL).or_insert(fixed("no-store"));
    response
}

async fn answer(desk: &Desk, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !desk.names.allow(host) {
        let sentence = "this console is not asked for by that name: use an address, localhost, or a name that \
                        console.names has\n";
        return (StatusCode::MISDIRECTED_REQUEST, sentence).into_response();
    }
    if is_embedded(&parts) {
        return (StatusCode::FORBIDDEN, "this console is not for pages of others\n").into_response();
    }
    let is_asset = parts.uri.path().starts_with("/assets/");
    let caller = match is_asset {
        // They are the same for all.
        true => return next.run(Request::from_parts(parts, body)).await,
        false => desk.access.identify(&parts.headers).await,
    };
    match parts.method {
        Method::GET | Method::HEAD => {
            if caller.role == Role::Nothing && parts.uri.path() != "/login" {
                return to_login(&parts);
            }
        }
        Method::POST => {
            if !is_from_here(&parts, host, desk.tls) {
                return refuse(desk, &caller, StatusCode::FORBIDDEN, "This was not sent by a page of this console.");
            }
            let fields = match read(body).await {
                Ok(fields) => fields,
                Err(status) => return refuse(desk, &caller, status, "The form is too large, or did not come in time."),
            };
            if !fields.get(FORM_FIELD).is_some_and(|form| same(form, &caller.form)) {
                let sentence = "The page that sent this is too old: go back, load it anew, and send it again.";
                return refuse(desk, &caller, StatusCode::FORBIDDEN, sentence);
            }
            let is_open = ["/login", "/logout"].contains(&parts.uri.path());
            if !is_open && !caller.operates() {
                let sentence = "You may look, and not change anything: console.operators says who may.";
                return refuse(desk, &caller, StatusCode::FORBIDDEN, sentence);
            }
            parts.extensions.insert(fields);
            parts.extensions.insert(caller);
            return next.run(Request::from_parts(parts, Body::empty())).await;
        }
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
    parts.extensions.insert(caller);
    next.run(Request::from_parts(parts, Body::empty())).await
}

/// Whether the browser says that a page of this host sent it. One that says nothing is known by its form alone.
fn is_from_here(parts: &Parts, host: &str, tls: bool) -> bool {
    let header = |name: HeaderName| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = header(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| site == "same-origin");
    // Without TLS of its own it may stand behind somebody who does it.
    let schemes: &[&str] = if tls { &["https"] } else { &["http", "https"] };
    let ours = |origin: &str| schemes.iter().any(|scheme| origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")));
    site && header(ORIGIN).is_none_or(ours)
}

/// Whether the browser says that a page of others wants it for itself: it may lead here, and no more.
fn is_embedded(parts: &Parts) -> bool {
    let header = |name| parts.headers.get(HeaderName::from_static(name)).map(HeaderValue::as_bytes);
    let theirs = header("sec-fetch-site").is_some_and(|site| site != b"same-origin" && site != b"none");
    theirs && header("sec-fetch-mode").is_some_and(|mode| mode != b"navigate")
}

async fn read(body: Body) -> Result<Fields, StatusCode> {
    let bytes = tokio::time::timeout(FORM_TIME, to_bytes(body, MAX_FORM)).await;
    let bytes = bytes.map_err(|_| StatusCode::REQUEST_TIMEOUT)?.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok(Fields(form_urlencoded::parse(&bytes).into_owned().collect()))
}

/// Whoever has to log in first comes back to where he wanted to go.
fn to_login(parts: &Parts) -> Response {
    let wants_page = parts
        .headers
        .get(ACCEPT)
        .is_none_or(|accept| accept.to_str().is_ok_and(|a| a.contains("text/html") || a.contains("*/*")));
    if !wants_page {
        return (StatusCode::UNAUTHORIZED, "log in first\n").into_response();
    }
    let back = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish();
    (StatusCode::SEE_OTHER, [(LOCATION, format!("/login?{query}"))]).into_response()
}

fn refuse(desk: &Desk, caller: &Caller, status: StatusCode, sentence: &str) -> Response {
    let page = layout::message(desk, caller, "This is not done", sentence);
    (status, page).into_response()
}

/// Where somebody is led back to: nowhere but here.
pub(crate) fn back(path: Option<&str>) -> &str {
    let leads_here = |path: &&str| {
        path.starts_with('/') && !path.starts_with("//") && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
    };
    path.filter(leads_here).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        assert_eq!(back(Some("/findings/ab?x=%2F")), "/findings/ab?x=%2F");
        for path in
            ["", "//attacker.example", "/\\attacker.example", "https://attacker.example", "/a\r\nb", "javascript:x"]
        {
            assert_eq!(back(Some(path)), "/", "{path}");
        }
    }

    #[test]
    fn forms_of_others_are_known() {
        let sent = |headers: &[(&str, &str)]| {
            let mut request = axum::http::Request::post("/");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            request.body(()).expect("a request").into_parts().0
        };
        let here = "127.0.0.1:1";
        assert!(is_from_here(&sent(&[]), here, false));
        let ours = [("origin", "http://127.0.0.1:1"), ("sec-fetch-site", "same-origin")];
        assert!(is_from_here(&sent(&ours), here, false) && !is_from_here(&sent(&ours), here, true));
        for theirs in [
            ("origin", "http://attacker.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:2"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
        ] {
            assert!(!is_from_here(&sent(&[theirs]), here, false), "{theirs:?}");
        }
    }

    #[test]
    fn pages_of_others_may_lead_here_and_no_more() {
        let asked = |site: &str, mode: &str| {
            let request =
                axum::http::Request::get("/live").header("sec-fetch-site", site).header("sec-fetch-mode", mode);
            is_embedded(&request.body(()).expect("a request").into_parts().0)
        };
        for (site, mode) in
            [("cross-site", "navigate"), ("same-origin", "cors"), ("none", "navigate"), ("same-origin", "no-cors")]
        {
            assert!(!asked(site, mode), "{site} {mode}");
        }
        for (site, mode) in
            [("cross-site", "cors"), ("cross-site", "no-cors"), ("same-site", "cors"), ("cross-site", "websocket")]
        {
            assert!(asked(site, mode), "{site} {mode}");
        }
        assert!(!is_embedded(&axum::http::Request::get("/").body(()).expect("a request").into_parts().0));
    }

    #[test]
    fn the_policy_lets_nothing_else_in() {
        assert!(!POLICY.contains("unsafe") && !POLICY.contains('*') && !POLICY.contains("http"));
    }
}
