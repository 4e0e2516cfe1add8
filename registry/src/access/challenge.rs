//! What a client is told that should log in: where tokens are had, and for what.

use axum::http::header::{HOST, HeaderValue, WWW_AUTHENTICATE};
use axum::http::request::Parts;

use super::{Wanted, scope};
use crate::oci::{Code, OciError};

/// Why a token was not enough, in the words of RFC 6750.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// There was none.
    Token,
    /// It is not good.
    Good,
    /// It is good for something else.
    Scope,
}

/// 401 with where to get a token. Without a realm, the client did not say whom it speaks to.
pub(super) fn challenge(
    realm: Option<&str>,
    service: &str,
    wanted: Option<Wanted<'_>>,
    lack: Lack,
    message: String,
) -> OciError {
    use std::fmt::Write as _;
    let Some(realm) = realm else {
        return OciError::new(
            Code::Unsupported,
            "the Host header must be one host name or address, with or without port",
        )
        .with_status(axum::http::StatusCode::BAD_REQUEST);
    };
    let mut text = format!("Bearer realm=\"{realm}\",service=\"{service}\"");
    // Writing to a string cannot fail.
    if let Some(scope) = wanted.and_then(scope::of) {
        let _ = write!(text, ",scope=\"{scope}\"");
    }
    match lack {
        Lack::Token => {}
        Lack::Good => text.push_str(",error=\"invalid_token\""),
        Lack::Scope => text.push_str(",error=\"insufficient_scope\""),
    }
    let error = OciError::new(Code::Unauthorized, message);
    match HeaderValue::try_from(text) {
        Ok(value) => error.with_header(WWW_AUTHENTICATE, value),
        // Nothing in it can be outside of ASCII.
        Err(_) => error,
    }
}

/// Where tokens are had, by the name that the client itself has for this server.
pub(super) fn realm(parts: &Parts, tls: bool) -> Option<String> {
    let host = host(parts)?;
    // Whoever ends TLS before this server says so. Believed for more security only.
    let forwarded = parts.headers.get("x-forwarded-proto").is_some_and(|value| value == "https");
    let scheme = if tls || forwarded { "https" } else { "http" };
    Some(format!("{scheme}://{host}/token"))
}

/// The host and port that the client asked for, where they are nothing else.
fn host(parts: &Parts) -> Option<&str> {
    let host = match parts.uri.authority() {
        Some(authority) => authority.as_str(),
        None => {
            let mut all = parts.headers.get_all(HOST).iter();
            let first = all.next()?.to_str().ok()?;
            if all.next().is_some() {
                return None;
            }
            first
        }
    };
    is_host(host).then_some(host)
}

fn is_host(text: &str) -> bool {
    /// Of the name system.
    const LONGEST: usize = 253;
    let is_port = |port: &str| {
        port.strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok())
    };
    if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok() && (port.is_empty() || is_port(port));
    }
    let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
    let in_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(in_name) && (port.is_empty() || is_port(port))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use axum::response::IntoResponse as _;
    use proptest::prelude::*;

    use super::*;
    use crate::access::Action;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn header(wanted: Option<Wanted<'_>>, lack: Lack) -> String {
        let refusal = challenge(Some("https://r.example.org/token"), "s", wanted, lack, "log in".to_owned());
        let response = refusal.into_response();
        assert_eq!(response.status(), 401);
        response.headers()[WWW_AUTHENTICATE].to_str().unwrap().to_owned()
    }

    #[test]
    fn challenges() {
        let name = "team/app".parse().unwrap();
        let start = "Bearer realm=\"https://r.example.org/token\",service=\"s\"";
        assert_eq!(header(Some(Wanted::Base), Lack::Token), start);
        let pull = Wanted::Repository(&name, Action::Pull);
        assert_eq!(header(Some(pull), Lack::Token), format!("{start},scope=\"repository:team/app:pull\""));
        let push = Wanted::Repository(&name, Action::Push);
        let scope = "scope=\"repository:team/app:pull,push\",error=\"insufficient_scope\"";
        assert_eq!(header(Some(push), Lack::Scope), format!("{start},{scope}"));
        let delete = Wanted::Repository(&name, Action::Delete);
        let scope = "scope=\"repository:team/app:delete\",error=\"invalid_token\"";
        assert_eq!(header(Some(delete), Lack::Good), format!("{start},{scope}"));
        assert_eq!(header(Some(Wanted::Catalog), Lack::Token), format!("{start},scope=\"registry:catalog:*\""));
    }

    #[test]
    fn realms() {
        let of = |host: &str| realm(&parts("/v2/", &[("host", host)]), false);
        for host in ["r.example.org", "r.example.org:5000", "127.0.0.1:5000", "[::1]:5000", "[::1]", "my_box", "a-b"] {
            assert_eq!(of(host).unwrap(), format!("http://{host}/token"));
        }
        for host in [
            "", ":5000", "a b", "a\"b", "a,b", "a/b", "a@b", "user@a:1", "a:", "a:x", "a:99999", "a:+1", "[::1",
            "[x]:1", "[::1]x", "a\\", "é", "a:1:2", "a?b", "a#b", "a\tb",
        ] {
            assert_eq!(of(host), None, "{host}");
        }
        assert_eq!(of(&"a".repeat(254)), None);
        assert_eq!(realm(&parts("/v2/", &[]), false), None);
        assert_eq!(realm(&parts("/v2/", &[("host", "a"), ("host", "b")]), false), None);
        // HTTP/2 has it elsewhere.
        let two = parts("http://b.example.org:1/v2/", &[]);
        assert_eq!(realm(&two, true).unwrap(), "https://b.example.org:1/token");
        let behind = parts("/v2/", &[("host", "a"), ("x-forwarded-proto", "https")]);
        assert_eq!(realm(&behind, false).unwrap(), "https://a/token");
        let lying = parts("/v2/", &[("host", "a"), ("x-forwarded-proto", "http")]);
        assert_eq!(realm(&lying, true).unwrap(), "https://a/token");
    }

    proptest! {
        /// Whatever is taken for a host cannot end the quotes that it will stand in.
        #[test]
        fn no_injection(text in "[ -~]{0,20}") {
            prop_assert!(!is_host(&text) || !text.contains(['"', '\\', ',', ' ', '/', '@']));
        }
    }
}
