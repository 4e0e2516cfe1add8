//! Packs where not everybody may do everything: what is held back, and what is not shown.

use axum::http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use base64::Engine as _;
use lanner_access::hash_password;
use reqwest::Method;

use crate::server::{Server, description, rule};
use crate::signatures::{Keys, attach};

fn basic(user: &str, password: &str) -> HeaderMap {
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    HeaderMap::from_iter([(AUTHORIZATION, format!("Basic {text}").parse().unwrap())])
}

/// A client that is always this user.
fn client(headers: HeaderMap) -> reqwest::Client {
    reqwest::Client::builder().default_headers(headers).build().unwrap()
}

async fn ask(client: &reqwest::Client, method: Method, url: String) -> (u16, HeaderMap, String) {
    let answer = client.request(method, url).send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
}

#[tokio::test]
async fn what_is_not_signed_is_held_back_and_what_may_not_be_pulled_is_not_shown() {
    let keys = Keys::new();
    let users = keys.folder.path().join("users");
    std::fs::write(&users, format!("alice:{}\n", hash_password("wonderland").unwrap())).unwrap();
    let config = format!(
        "{}[access]\nhtpasswd = {users:?}\n\
         [[access.rule]]\nusers = ['alice']\nrepositories = ['*']\nactions = ['*']\n\
         [[access.rule]]\nusers = ['anonymous']\nrepositories = ['team/*']\nactions = ['pull']\n",
        keys.config()
    );
    let mut server = Server::start(&config).await;
    let anybody = reqwest::Client::new();
    server.client = client(basic("alice", "wonderland"));
    let said = |name: &str| description(name, "1.0.0", vec![rule("a/b", "high", &["T1003"])], &["exec"]);
    let digest = server.push("team/held", "1", &said("held")).await;
    server.push("secret/pack", "1", &said("secret")).await;

    let manifest = |reference: &str| format!("{}/v2/team/held/manifests/{reference}", server.url);
    for reference in ["1", &digest] {
        let (status, _, body) = ask(&anybody, Method::GET, manifest(reference)).await;
        assert_eq!(status, 403, "{body}");
        assert!(body.contains("DENIED") && body.contains("is not signed by a key this registry asks for"), "{body}");
        assert_eq!(ask(&anybody, Method::HEAD, manifest(reference)).await.0, 403);
        assert_eq!(ask(&server.client, Method::GET, manifest(reference)).await.0, 200);
    }
    attach(&server, "team/held", &keys.ours, &digest, &digest, true).await;
    for reference in ["1", &digest] {
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(ask(&anybody, method, manifest(reference)).await.0, 200, "{reference}");
        }
    }

    // Each sees what is theirs, in the list, as JSON and on the page.
    assert_eq!(server.found("").await, ["secret/pack", "team/held"]);
    let at = |path: &str| format!("{}{path}", server.url);
    for path in ["/", "/api/v1/packs", "/api/v1/packs?q=secret", "/?q=secret"] {
        let (status, _, body) = ask(&anybody, Method::GET, at(path)).await;
        assert_eq!(status, 200, "{path}: {body}");
        assert!(!body.contains("secret/pack"), "{path}: {body}");
        assert!(ask(&server.client, Method::GET, at(path)).await.2.contains("secret/pack"), "{path}");
    }
    assert_eq!(ask(&anybody, Method::GET, at("/packs/secret/pack")).await.0, 404);
    assert_eq!(ask(&anybody, Method::GET, at("/api/v1/packs/secret/pack")).await.0, 401);
    assert_eq!(ask(&server.client, Method::GET, at("/api/v1/packs/secret/pack")).await.0, 200);
    assert_eq!(ask(&anybody, Method::GET, at("/api/v1/packs/team/held")).await.0, 200);

    // Signing in, as a browser does it.
    let (status, headers, _) = ask(&anybody, Method::GET, at("/login")).await;
    assert_eq!(status, 401);
    assert!(headers[WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic "), "{headers:?}");
    let (status, _, body) = ask(&server.client, Method::GET, at("/login")).await;
    assert!(status == 200 && body.contains("alice"), "{status} {body}");
    let wrong = client(basic("alice", "looking-glass"));
    assert_eq!(ask(&wrong, Method::GET, at("/login")).await.0, 401);
    assert_eq!(ask(&wrong, Method::GET, at("/api/v1/packs")).await.0, 401);
    assert!(ask(&anybody, Method::GET, at("/")).await.2.contains("Sign in"));
    // Who is signed in is offered to leave; a browser forgets a password that is refused, the right one too.
    assert!(ask(&server.client, Method::GET, at("/")).await.2.contains("href=\"/logout\""));
    let (status, headers, body) = ask(&server.client, Method::GET, at("/logout")).await;
    assert!(status == 401 && headers.contains_key("www-authenticate") && body.contains("Signed out"), "{body}");
    // To people it is as if they had not signed in.
    let (status, _, body) = ask(&wrong, Method::GET, at("/")).await;
    assert!(status == 200 && !body.contains("secret/pack"), "{status} {body}");
}

/// A mirror fetches signatures before it says that there are none.
#[tokio::test]
async fn a_signed_pack_through_a_mirror() {
    let keys = Keys::new();
    let upstream = Server::start("").await;
    let said = |version: &str| description("far", version, vec![rule("a/b", "high", &["T1003"])], &["exec"]);
    let signed = upstream.push("far", "1", &said("1.0.0")).await;
    upstream.push("far", "2", &said("2.0.0")).await;
    attach(&upstream, "far", &keys.ours, &signed, &signed, true).await;
    let config = format!(
        "{}[access]\nanonymous = ['pull']\n[[mirror]]\nprefix = 'team'\nurl = '{}'\nrefresh = '2h'\ntimeout = '2h'\n",
        keys.config(),
        upstream.url
    );
    let mirror = Server::start(&config).await;
    for reference in ["1", &signed] {
        let url = format!("{}/v2/team/far/manifests/{reference}", mirror.url);
        let (status, _, body) = ask(&mirror.client, Method::GET, url).await;
        assert_eq!(status, 200, "{body}");
    }
    let url = format!("{}/v2/team/far/manifests/2", mirror.url);
    assert_eq!(ask(&mirror.client, Method::GET, url).await.0, 403, "nobody signed it");
}
