//! From a request's head to what it may do.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse as _, Response};
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;

const RULES: &str = "
    anonymous = []
    [[rule]]
    users = ['alice']
    repositories = ['team/*']
    actions = ['*']
    [[rule]]
    users = ['*']
    repositories = ['team/shared']
    actions = ['pull']
    [[rule]]
    users = ['anonymous']
    repositories = ['public/*']
    actions = ['pull']";

struct Site {
    access: Access,
    _folder: tempfile::TempDir,
}

fn site(more: &str) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users");
    let line = |name| format!("{name}:{}\n", bcrypt::hash(format!("{name}'s"), 4).unwrap());
    std::fs::write(&file, line("alice") + &line("bob")).unwrap();
    // Tokens are good for longer than a test takes.
    let config = format!("htpasswd = {file:?}\ntoken_lifetime = '1h'\n{more}");
    let access = Access::open(&toml::from_str(&config).unwrap(), &Http::default(), folder.path()).unwrap();
    Site { access, _folder: folder }
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{name}:{password}")))
}

/// What a user of the site says.
fn of(name: &str) -> String {
    basic(name, &format!("{name}'s"))
}

fn request(uri: &str, authorization: &str) -> Request<Body> {
    let request = Request::get(uri).header("host", "r.example.org");
    let request = if authorization.is_empty() { request } else { request.header(AUTHORIZATION, authorization) };
    request.body(Body::empty()).unwrap()
}

impl Site {
    /// Status and challenge of a request that wants something.
    async fn ask(&self, authorization: &str, wanted: Wanted<'_>) -> (u16, String) {
        let (parts, _) = request("/v2/", authorization).into_parts();
        let outcome = match self.access.identify(&parts).await {
            Ok(caller) => self.access.authorize(&caller, wanted),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => (200, String::new()),
            Err(error) => {
                let response = error.into_response();
                let challenge = response.headers().get(WWW_AUTHENTICATE);
                let challenge = challenge.map_or("", |value| value.to_str().unwrap());
                (response.status().as_u16(), challenge.to_owned())
            }
        }
    }

    async fn may(&self, authorization: &str, name: &str, action: Action) -> u16 {
        self.ask(authorization, Wanted::Repository(&name.parse().unwrap(), action)).await.0
    }

    async fn send(&self, request: Request<Body>) -> (u16, Value) {
        let response: Response = self.access.routes().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn token(&self, query: &str, authorization: &str) -> (String, Value) {
        let (status, answer) = self.send(request(&format!("/token?{query}"), authorization)).await;
        assert_eq!(status, 200, "{answer}");
        (format!("Bearer {}", answer["token"].as_str().unwrap()), answer)
    }

    async fn post(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(Request::post("/token").body(Body::from(form)).unwrap()).await
    }
}

#[tokio::test]
async fn passwords_at_every_path() {
    let site = site(RULES);
    for (authorization, name, action, status) in [
        (of("alice"), "team/app", Action::Delete, 200),
        (of("bob"), "team/shared", Action::Pull, 200),
        (of("bob"), "team/shared", Action::Push, 403),
        (of("bob"), "team/app", Action::Pull, 403),
        (of("bob"), "public/app", Action::Pull, 200),
        (String::new(), "public/app", Action::Pull, 200),
        (String::new(), "public/app", Action::Push, 401),
        (String::new(), "team/app", Action::Pull, 401),
        (basic("alice", "bob's"), "public/app", Action::Pull, 401),
        (basic("carol", "carol's"), "public/app", Action::Pull, 401),
        (of("alice").replace("Basic", "bAsIc"), "team/app", Action::Pull, 200),
        (of("alice").trim_end_matches('=').to_owned(), "team/app", Action::Pull, 200),
        ("Basic".to_owned(), "public/app", Action::Pull, 401),
        ("Basic !".to_owned(), "public/app", Action::Pull, 401),
        (format!("Basic {}", BASE64.encode("alice")), "public/app", Action::Pull, 401),
        (format!("Basic {}", BASE64.encode(b"\xff:x")), "public/app", Action::Pull, 401),
        ("Negotiate abc".to_owned(), "public/app", Action::Pull, 401),
        ("Bearer".to_owned(), "public/app", Action::Pull, 401),
        ("Bearer a.b.c".to_owned(), "public/app", Action::Pull, 401),
    ] {
        assert_eq!(site.may(&authorization, name, action).await, status, "{authorization} {name} {action:?}");
    }
    let twice = Request::get("/v2/").header(AUTHORIZATION, of("alice")).header(AUTHORIZATION, of("bob"));
    let (parts, ()) = twice.header("host", "a").body(()).unwrap().into_parts();
    assert_eq!(site.access.identify(&parts).await.unwrap_err().status(), 401);
}

/// Who mounts pulls from another repository: a client that is told so asks for a token for both.
#[tokio::test]
async fn mounting() {
    let site = site(RULES);
    let [to, shared, own] = ["team/app", "team/shared", "team/own"].map(|name| name.parse().unwrap());
    let mount = |from| Wanted::Mount { to: &to, from };
    let (status, challenge) = site.ask("", mount(&shared)).await;
    let both = "scope=\"repository:team/app:pull,push repository:team/shared:pull\"";
    assert!(status == 401 && challenge.contains(both), "{challenge}");
    let push = "scope=repository:team/app:pull,push";
    let (one, _) = site.token(push, &of("alice")).await;
    let (status, challenge) = site.ask(&one, mount(&shared)).await;
    assert!(status == 401 && challenge.contains(both) && challenge.contains("insufficient_scope"), "{challenge}");
    let (two, _) = site.token(&format!("{push}%20repository:team/shared:pull"), &of("alice")).await;
    assert_eq!(site.ask(&two, mount(&shared)).await.0, 200);
    assert_eq!(site.ask(&two, mount(&own)).await.0, 401);
    // With what may not be pulled nothing is gained by another token: the bytes are sent.
    let private = "private".parse().unwrap();
    assert_eq!(site.ask(&one, mount(&private)).await.0, 200);
    assert_eq!(site.ask(&of("bob"), mount(&shared)).await.0, 403);
}

#[tokio::test]
async fn the_base_and_the_catalog() {
    let site = site(RULES);
    let start = "Bearer realm=\"http://r.example.org/token\",service=\"lanner-registry\"";
    assert_eq!(site.ask("", Wanted::Base).await, (401, start.to_owned()));
    assert_eq!(site.ask(&of("alice"), Wanted::Base).await.0, 200);
    assert_eq!(site.ask(&basic("alice", "x"), Wanted::Base).await.0, 401);
    let (anonymous, answer) = site.token("service=lanner-registry", "").await;
    assert!(answer.get("refresh_token").is_none());
    assert_eq!(site.ask(&anonymous, Wanted::Base).await.0, 200);
    // Some may be pulled, so that there is a list, of these only.
    assert_eq!(site.ask("", Wanted::Catalog).await.0, 200);
    let scope = format!("{start},scope=\"registry:catalog:*\",error=\"insufficient_scope\"");
    assert_eq!(site.ask(&anonymous, Wanted::Catalog).await, (401, scope));
    let (lister, _) = site.token("scope=registry:catalog:*", &of("bob")).await;
    assert_eq!(site.ask(&lister, Wanted::Catalog).await.0, 200);
    let (parts, _) = request("/v2/_catalog", &lister).into_parts();
    let caller = site.access.identify(&parts).await.unwrap();
    let seen: Vec<&str> = ["public/a", "team/app", "team/shared"]
        .into_iter()
        .filter(|name| site.access.may_see(&caller, &name.parse().unwrap()))
        .collect();
    assert_eq!(seen, ["public/a", "team/shared"]);

    let closed = tests::site("");
    assert_eq!(closed.ask("", Wanted::Catalog).await.0, 401);
}

#[tokio::test]
async fn tokens_hold_what_was_asked_and_is_allowed() {
    let site = site(RULES);
    let query = "service=lanner-registry&account=bob&scope=repository:team/shared:pull,push&scope=repository:team/app:pull%20repository:public/a:*";
    let (token, answer) = site.token(query, &of("bob")).await;
    assert_eq!(answer["scope"], "repository:team/shared:pull repository:public/a:pull");
    assert_eq!(answer["access_token"], answer["token"]);
    assert_eq!(answer["expires_in"], 3600);
    assert!(answer["issued_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(site.may(&token, "team/shared", Action::Pull).await, 200);
    assert_eq!(site.may(&token, "team/shared", Action::Push).await, 403);
    assert_eq!(site.may(&token, "team/app", Action::Pull).await, 403);
    // Allowed, but not asked for: another token helps.
    let scope = "scope=\"repository:public/b:pull\",error=\"insufficient_scope\"";
    let (status, challenge) = site.ask(&token, Wanted::Repository(&"public/b".parse().unwrap(), Action::Pull)).await;
    assert!(status == 401 && challenge.ends_with(scope), "{status} {challenge}");

    let (token, _) = site.token("scope=repository:team/app:pull", &of("alice")).await;
    assert_eq!(site.may(&token, "team/app", Action::Pull).await, 200);
    assert_eq!(site.may(&token, "team/app", Action::Push).await, 401);
    assert_eq!(site.may(&token, "team/other", Action::Pull).await, 401);
    // Another registry has another key.
    assert_eq!(tests::site(RULES).may(&token, "team/app", Action::Pull).await, 401);

    let (anonymous, answer) =
        site.token("scope=repository:team/app:pull&scope=repository:public/a:pull,push", "").await;
    assert_eq!(answer["scope"], "repository:public/a:pull");
    assert_eq!(site.may(&anonymous, "public/a", Action::Pull).await, 200);
    assert_eq!(site.may(&anonymous, "team/app", Action::Pull).await, 401);
}

#[tokio::test]
async fn refused_tokens() {
    let site = site(RULES);
    for (uri, authorization, status) in [
        ("/token?service=another", of("bob"), 400),
        ("/token", basic("bob", "x"), 401),
        ("/token", basic("nobody", "x"), 401),
        ("/token", "Bearer x".to_owned(), 401),
        ("/token", "Basic x".to_owned(), 401),
    ] {
        let (actual, answer) = site.send(request(uri, &authorization)).await;
        assert_eq!(actual, status, "{uri} {authorization} {answer}");
        assert!(answer["errors"][0]["message"].is_string());
        assert!(answer.get("token").is_none());
    }
    let many = "scope=repository:a:pull&".repeat(101);
    assert_eq!(site.send(request(&format!("/token?{many}"), "")).await.0, 400);
    // Whether a user is there makes no difference to the answer.
    let known = site.send(request("/token", &basic("bob", "x"))).await;
    assert_eq!(known, site.send(request("/token", &basic("mallory", "x"))).await);
}

#[tokio::test]
async fn oauth() {
    let site = site(RULES);
    let password = [("grant_type", "password"), ("username", "alice"), ("service", "lanner-registry")];
    let scope = ("scope", "repository:team/app:pull,push repository:public/a:pull");
    let good = [&password[..], &[("password", "alice's"), scope]].concat();
    let (status, answer) = site.post(&good).await;
    assert_eq!((status, answer.get("refresh_token")), (200, None));
    assert_eq!(answer["scope"], "repository:team/app:pull,push repository:public/a:pull");
    let (_, answer) = site.post(&[&good[..], &[("access_type", "offline")]].concat()).await;
    let refresh = answer["refresh_token"].as_str().unwrap();
    let (_, other) = site.token("offline_token=true", &of("alice")).await;
    assert!(other["refresh_token"].is_string());
    let (_, nobody) = site.token("offline_token=true", "").await;
    assert!(nobody.get("refresh_token").is_none());

    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", "repository:team/b:*")];
    let (status, answer) = site.post(&again).await;
    assert_eq!((status, &answer["scope"]), (200, &"repository:team/b:pull,push,delete".into()));
    let token = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    assert_eq!(site.may(&token, "team/b", Action::Delete).await, 200);
    // Neither is the other.
    assert_eq!(site.may(&format!("Bearer {refresh}"), "team/b", Action::Pull).await, 401);
    let access = answer["access_token"].as_str().unwrap();
    assert_eq!(site.post(&[("grant_type", "refresh_token"), ("refresh_token", access)]).await.0, 401);

    for (form, status) in [
        (&[][..], 400),
        (&[("grant_type", "client_credentials")], 400),
        (&password, 400),
        (&[("grant_type", "refresh_token")], 400),
        (&[("grant_type", "refresh_token"), ("refresh_token", "x")], 401),
        (&[&password[..], &[("password", "x")]].concat(), 401),
    ] {
        assert_eq!(site.post(form).await.0, status, "{form:?}");
    }
    assert_eq!(site.post(&[("grant_type", &"x".repeat(200_000))]).await.0, 413);
}

/// No time passes but what is said here, however long a login takes.
#[tokio::test(start_paused = true)]
async fn too_many_failures() {
    let site = site("");
    let fail = async || {
        let response = site.access.routes().oneshot(request("/token", &basic("bob", "x"))).await.unwrap();
        let wait = response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), wait)
    };
    for _ in 0..6 {
        assert_eq!(fail().await, (401, None));
    }
    for seconds in [1, 2, 4] {
        for _ in 0..2 {
            // In whole seconds, and not a moment too early; a refusal makes it no longer.
            assert_eq!(fail().await, (429, Some((seconds + 1).to_string())));
        }
        tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
        assert_eq!(fail().await, (401, None));
    }
    assert_eq!(site.ask(&of("alice"), Wanted::Base).await.0, 200, "others are not held up");
}

#[tokio::test]
async fn without_users() {
    let folder = tempfile::tempdir().unwrap();
    let open = |text: &str| {
        let access = Access::open(&toml::from_str(text).unwrap(), &Http::default(), folder.path()).unwrap();
        Site { access, _folder: tempfile::tempdir().unwrap() }
    };
    let site = open("");
    for authorization in ["", "Bearer x", &of("bob")] {
        assert_eq!(site.ask(authorization, Wanted::Base).await.0, 200);
        assert_eq!(site.may(authorization, "a", Action::Delete).await, 200);
    }
    let site = open("anonymous = ['pull']");
    assert_eq!(site.may("", "a", Action::Pull).await, 200);
    // No password can help here.
    assert_eq!(site.may("", "a", Action::Push).await, 403);
    assert!(!folder.path().join("access").exists(), "no key is made that nobody needs");
    assert_eq!(site.send(request("/token", "")).await.0, 404);
}

#[tokio::test]
async fn realms() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    std::fs::write(&users, "").unwrap();
    let realm = async |access: &str, url: Option<&str>| {
        let http = Http { url: url.map(str::to_owned), ..Http::default() };
        let config = toml::from_str(&format!("htpasswd = {users:?}\n{access}")).unwrap();
        let access = Access::open(&config, &http, folder.path()).unwrap();
        // The name in the request makes no difference where the configuration has one.
        let parts = Request::get("/v2/").header("host", "evil\"").body(()).unwrap().into_parts().0;
        let caller = access.identify(&parts).await.unwrap();
        let response = access.authorize(&caller, Wanted::Base).unwrap_err().into_response();
        let challenge = response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), challenge.unwrap_or_default())
    };
    let expected = |url| (401, format!("Bearer realm=\"{url}\",service=\"lanner-registry\""));
    assert_eq!(realm("", None).await, (400, String::new()));
    assert_eq!(realm("", Some("https://r.example.org/")).await, expected("https://r.example.org/token"));
    let realm = realm("realm = 'https://r.example.org/auth/token'", Some("https://r.example.org")).await;
    assert_eq!(realm, expected("https://r.example.org/auth/token"));
}
