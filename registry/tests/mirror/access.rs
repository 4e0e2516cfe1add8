//! Who the mirror is there, and who gets to know it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use lanner_registry::config::{Limits, Tags};
use lanner_registry::mirror::MirrorConfig;
use serde_json::json;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use super::scene::{MANIFEST, Mirror, Server, config, image, sha256};

/// `puffin:secret`
const BASIC: &str = "Basic cHVmZmluOnNlY3JldA==";

fn sent(headers: &HeaderMap) -> &str {
    headers.get("authorization").map_or("", |value| value.to_str().unwrap())
}

fn challenge(challenge: String) -> Option<Response> {
    Some((StatusCode::UNAUTHORIZED, [("www-authenticate", challenge)]).into_response())
}

fn as_puffin(url: &str, password: &str) -> (MirrorConfig, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{password}\n")).unwrap();
    let mut config = config(url);
    (config.username, config.password_file) = (Some("puffin".into()), Some(file.path().into()));
    (config, file)
}

async fn start(config: MirrorConfig) -> Mirror {
    Mirror::start(&[config], Limits::default(), Tags::default()).await
}

/// Wants a token, which it gives away itself: to anybody, or to the puffin alone.
fn with_tokens(url: String, to_all: bool) -> impl Fn(&Parts) -> Option<Response> {
    move |parts| {
        if parts.uri.path() == "/token" {
            let query = parts.uri.query().unwrap_or_default();
            assert_eq!(query, "service=a+service&scope=repository%3Aa%3Apull");
            return match to_all || sent(&parts.headers) == BASIC {
                true => Some(axum::Json(json!({ "token": "a.b-c", "expires_in": 3600 })).into_response()),
                false => Some(StatusCode::UNAUTHORIZED.into_response()),
            };
        }
        match sent(&parts.headers) == "Bearer a.b-c" {
            true => None,
            false => challenge(format!("Bearer realm=\"{url}/token\",service=\"a service\",scope=\"registry:*:*\"")),
        }
    }
}

#[tokio::test]
async fn a_user() {
    let server = Server::start().await;
    server.push("a", "1", &image(b"x", "1")).await;
    server.trick(|parts| match sent(&parts.headers) {
        BASIC => None,
        _ => challenge("Basic realm=\"here\"".into()),
    });
    let (right, _file) = as_puffin(&server.url, "secret");
    let mirror = start(right).await;
    mirror.get("up/a/manifests/1").await.is(200);
    server.forget();
    mirror.get("up/a/manifests/1").await.is(200);
    assert_eq!(server.authorizations(""), [Some(BASIC.to_owned())], "asked once, it is known");
    let (wrong, _file) = as_puffin(&server.url, "other");
    start(wrong).await.get("up/a/manifests/1").await.refused(403, "DENIED", "does not give this to the mirror");
    start(config(&server.url)).await.get("up/a/manifests/1").await.refused(403, "DENIED", "to the mirror");
}

#[tokio::test]
async fn a_token_for_anybody() {
    let server = Server::start().await;
    server.push("a", "1", &image(b"x", "1")).await;
    let layer = server.push_blob("a", "x").await;
    server.trick(with_tokens(server.url.clone(), true));
    let mirror = start(config(&server.url)).await;
    mirror.get("up/a/manifests/1").await.is(200);
    mirror.get(&format!("up/a/blobs/{layer}")).await.is(200);
    assert_eq!(server.authorizations("GET /token"), [None], "one token is enough");
}

#[tokio::test]
async fn a_token_for_a_user() {
    let server = Server::start().await;
    server.push("a", "1", &image(b"x", "1")).await;
    server.trick(with_tokens(server.url.clone(), false));
    let (right, _file) = as_puffin(&server.url, "secret");
    start(right).await.get("up/a/manifests/1").await.is(200);
    let (wrong, file) = as_puffin(&server.url, "other");
    let wrong = start(wrong).await;
    wrong.get("up/a/manifests/1").await.refused(403, "DENIED", "does not give this to the mirror");
    // Read again when it is needed.
    std::fs::write(file.path(), "secret").unwrap();
    wrong.get("up/a/manifests/1").await.is(200);
}

#[tokio::test]
async fn bad_token_servers() {
    let server = Server::start().await;
    let (config, _file) = as_puffin(&server.url, "secret");
    let mirror = start(config).await;
    for (realm, sentence) in [
        ("nowhere", "is none"),
        ("http://token.example.org/", "which is without TLS"),
        (&format!("{}/token", server.url), "gives no token"),
    ] {
        let realm = realm.to_owned();
        server.trick(move |parts| match parts.uri.path() {
            "/token" => Some(axum::Json(json!({ "nothing": true })).into_response()),
            _ => challenge(format!("Bearer realm=\"{realm}\"")),
        });
        mirror.get("up/a/manifests/1").await.refused(502, "UNAVAILABLE", sentence);
    }
}

#[tokio::test]
async fn credentials_stay_with_the_registry() {
    let (server, other) = (Server::start().await, Server::start().await);
    let layer = server.push_blob("a", "x").await;
    other.push_blob("a", "x").await;
    for tokens in [false, true] {
        let (there, url) = (other.url.clone(), server.url.clone());
        let (there, tokens) = (there, tokens.then(|| with_tokens(url, false)));
        server.trick(move |parts| {
            let refused = match &tokens {
                Some(tokens) => tokens(parts),
                None if sent(&parts.headers) == BASIC => None,
                None => challenge("Basic realm=\"here\"".into()),
            };
            let away = || (StatusCode::TEMPORARY_REDIRECT, [("location", format!("{there}{}", parts.uri))]);
            refused.or_else(|| Some(away().into_response()))
        });
        other.honest();
        let (config, _file) = as_puffin(&server.url, "secret");
        let mirror = start(config.clone()).await;
        let path = format!("up/a/blobs/{layer}");
        assert_eq!(mirror.get(&path).await.is(200).body(), b"x");
        assert_eq!(other.authorizations("GET /v2/a/blobs"), [None]);
        // Nor may the other host ask for them.
        let realm = other.url.clone();
        other.trick(move |parts| match parts.uri.path() {
            "/steal" => Some(axum::Json(json!({ "token": "t" })).into_response()),
            _ => challenge(format!("Bearer realm=\"{realm}/steal\", Basic realm=\"steal\"")),
        });
        let next = format!("up/a/blobs/{}", sha256(b"y"));
        for mirror in [mirror, start(config).await] {
            mirror.get(&next).await.refused(403, "DENIED", "does not give this to the mirror");
        }
        assert_eq!(other.count("GET /steal"), 0);
        assert!(other.authorizations("").iter().all(Option::is_none));
        other.forget();
    }
}

/// Connections that speak TLS; others are let go.
struct Tls {
    listener: tokio::net::TcpListener,
    acceptor: TlsAcceptor,
}

impl Tls {
    async fn bind(certificate: &Path, key: &Path) -> Self {
        let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
        Self { listener: tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), acceptor }
    }
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<tokio::net::TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let mut command = std::process::Command::new("openssl");
    let done = command.args(arguments.split(' ')).current_dir(folder).output().expect("Debian's openssl");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn only_the_authority_that_was_named_is_believed() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    openssl(
        folder.path(),
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test",
    );
    openssl(
        folder.path(),
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out asked -subj /CN=server",
    );
    std::fs::write(folder.path().join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
    openssl(folder.path(), "x509 -req -in asked -CA ca.pem -CAkey ca.key -days 2 -extfile names -out certificate");
    let listener = Tls::bind(&folder.path().join("certificate"), &folder.path().join("key")).await;
    let url = format!("https://{}", listener.listener.local_addr().unwrap());
    // From https nothing leads to http.
    let there = server.url.clone();
    let away = axum::Router::new().fallback(async move |uri: axum::http::Uri| match uri.path().contains("away") {
        true => (StatusCode::TEMPORARY_REDIRECT, [("location", there)]).into_response(),
        false => ([("content-type", MANIFEST)], image(b"x", "private").to_string()).into_response(),
    });
    tokio::spawn(async move { axum::serve(listener, away).await });
    let mut config = config(&url);
    start(config.clone()).await.get("up/a/manifests/1").await.refused(502, "UNAVAILABLE", "cannot be reached");
    config.ca = Some(folder.path().join("ca.pem"));
    let mirror = start(config).await;
    assert_eq!(mirror.get("up/a/manifests/1").await.is(200).json()["annotations"]["note"], "private");
    mirror.get("up/away/manifests/1").await.refused(502, "UNAVAILABLE", "to an address without TLS");
    assert_eq!(server.count(""), 0);
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start().await;
    server.trick(|parts| Some((StatusCode::TEMPORARY_REDIRECT, [("location", parts.uri.to_string())]).into_response()));
    let mirror = start(config(&server.url)).await;
    mirror.get("up/a/manifests/1").await.refused(502, "UNAVAILABLE", "redirects too often");
    assert!(server.count("GET") < 10);
}
