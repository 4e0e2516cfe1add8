//! Tags and digests.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use lanner_registry::config::{Limits, Tags};

use super::scene::{Mirror, Server, config, image};
use super::support::HANG;

#[tokio::test]
async fn pulled_once_for_all_who_ask_at_once() {
    let server = Server::start().await;
    let digest = server.push("a", "1", &image(b"x", "1")).await;
    let mut patient = config(&server.url);
    patient.refresh = Duration::from_secs(3600);
    let mirror = Mirror::start(&[patient], Limits::default(), Tags::default()).await;
    let by_tag = (0..32).map(|_| mirror.get("up/a/manifests/1"));
    for answer in futures_util::future::join_all(by_tag).await {
        assert_eq!(answer.is(200).headers["docker-content-digest"], digest.as_str());
    }
    assert_eq!(server.count("GET /v2/a/manifests/1"), 1);
    assert_eq!(server.count("HEAD"), 0);
    let counts = mirror.counts();
    assert_eq!((counts.misses, counts.hits + counts.joins + counts.misses), (1, 32), "{counts:?}");
    let head = mirror.send("HEAD", &format!("up/a/manifests/{digest}"), &[]).await.is(200);
    assert_eq!(head.headers["docker-content-digest"], digest.as_str());
    assert_eq!(server.count("GET"), 1, "it is there");
}

#[tokio::test]
async fn a_digest_is_pulled_once_for_all_who_ask_at_once() {
    let server = Server::start().await;
    let digest = server.push("a", "1", &image(b"x", "1")).await;
    let mirror = Mirror::of(&server).await;
    let path = format!("up/a/manifests/{digest}");
    let answers = futures_util::future::join_all((0..32).map(|_| mirror.get(&path))).await;
    assert!(answers.into_iter().all(|answer| answer.is(200).body() == serde_json::to_vec(&image(b"x", "1")).unwrap()));
    assert_eq!(server.count("GET"), 1);
}

#[tokio::test]
async fn a_moved_tag_is_seen_after_a_while() {
    let server = Server::start().await;
    let first = server.push("a", "1", &image(b"x", "1")).await;
    let mirror = Mirror::of(&server).await;
    let mut patient = config(&server.url);
    patient.refresh = Duration::from_secs(3600);
    let patient = Mirror::start(&[patient], Limits::default(), Tags::default()).await;
    for mirror in [&mirror, &patient] {
        assert_eq!(mirror.get("up/a/manifests/1").await.is(200).headers["docker-content-digest"], first.as_str());
    }
    server.forget();
    mirror.get("up/a/manifests/1").await.is(200);
    assert_eq!((server.count("HEAD"), server.count("GET")), (1, 0), "what did not change is not sent");
    let second = server.push("a", "1", &image(b"x", "2")).await;
    assert_eq!(mirror.get("up/a/manifests/1").await.is(200).headers["docker-content-digest"], second.as_str());
    assert_eq!(patient.get("up/a/manifests/1").await.is(200).headers["docker-content-digest"], first.as_str());
}

#[tokio::test]
async fn an_immutable_tag_stays() {
    let server = Server::start().await;
    let first = server.push("a", "1", &image(b"x", "1")).await;
    let tags = Tags { immutable: vec!["up/*:*".into()], mutable: Vec::new() };
    let mirror = Mirror::start(&[config(&server.url)], Limits::default(), tags).await;
    mirror.get("up/a/manifests/1").await.is(200);
    server.push("a", "1", &image(b"x", "2")).await;
    assert_eq!(mirror.get("up/a/manifests/1").await.is(200).headers["docker-content-digest"], first.as_str());
}

#[tokio::test]
async fn what_was_kept_is_served_while_the_registry_fails() {
    let mut server = Server::start().await;
    let digest = server.push("a", "1", &image(b"x", "1")).await;
    let mirror = Mirror::of(&server).await;
    assert!(!mirror.get("up/a/manifests/1").await.is(200).is_stale());
    let unknown = format!("up/a/blobs/{digest}");
    for status in [500, 503, 429, 401] {
        server.trick(move |_| Some((StatusCode::from_u16(status).unwrap(), [("retry-after", "7")]).into_response()));
        let answer = mirror.get("up/a/manifests/1").await.is(200);
        assert!(answer.is_stale(), "{status}");
        assert_eq!(answer.headers["docker-content-digest"], digest.as_str());
        if status != 401 {
            let answer = mirror.get("up/a/manifests/2").await.refused(502, "UNAVAILABLE", &status.to_string());
            assert_eq!(answer.headers["retry-after"], "7");
            mirror.get(&unknown).await.refused(502, "UNAVAILABLE", "try again later");
        }
    }
    server.honest();
    assert!(!mirror.get("up/a/manifests/1").await.is(200).is_stale());
    server.stop().await;
    assert!(mirror.get("up/a/manifests/1").await.is(200).is_stale());
    assert!(!mirror.get(&format!("up/a/manifests/{digest}")).await.is(200).is_stale(), "a digest is never stale");
    mirror.get("up/a/manifests/2").await.refused(502, "UNAVAILABLE", "cannot be reached");
    mirror.get(&unknown).await.refused(502, "UNAVAILABLE", "cannot be reached");
    assert!(mirror.counts().stale >= 5 && mirror.counts().errors >= 5, "{:?}", mirror.counts());
}

#[tokio::test]
async fn a_silent_registry_is_not_waited_for() {
    let server = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut config = config(&format!("http://{}", server.local_addr().unwrap()));
    config.timeout = Duration::from_millis(300);
    let mirror = Mirror::start(&[config], Limits::default(), Tags::default()).await;
    mirror.get("up/a/manifests/1").await.refused(504, "UNAVAILABLE", "did not answer in time");
}

#[tokio::test]
async fn after_a_failure_the_registry_is_left_alone_for_a_while() {
    let server = Server::start().await;
    server.push("a", "1", &image(b"x", "1")).await;
    let mut patient = config(&server.url);
    patient.refresh = Duration::from_millis(400);
    let mirror = Mirror::start(&[patient], Limits::default(), Tags::default()).await;
    mirror.get("up/a/manifests/1").await.is(200);
    server.always(StatusCode::BAD_GATEWAY);
    let began = Instant::now();
    // Until one answer after the failure comes without a question. On a slow machine the while is soon over.
    loop {
        let asked = server.count("");
        let stale = mirror.get("up/a/manifests/1").await.is(200).is_stale();
        if stale && server.count("") == asked {
            break;
        }
        assert!(began.elapsed() < HANG, "it is asked each time");
    }
    server.honest();
    while mirror.get("up/a/manifests/1").await.is(200).is_stale() {
        assert!(began.elapsed() < HANG, "it is left alone for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_is_gone_there_is_gone_here() {
    let mut server = Server::start().await;
    server.push("a", "1", &image(b"x", "1")).await;
    let mirror = Mirror::of(&server).await;
    mirror.get("up/a/manifests/1").await.is(200);
    let deleted = reqwest::Client::new().delete(format!("{}/v2/a/manifests/1", server.url)).send().await.unwrap();
    assert_eq!(deleted.status(), 202);
    // Twice: what was missed once may be back.
    for left in [1, 0] {
        mirror.get("up/a/manifests/1").await.refused(404, "MANIFEST_UNKNOWN", "no manifest 1");
        assert_eq!(mirror.verified().await.tags, left);
    }
    mirror.get("up/b/manifests/1").await.refused(404, "MANIFEST_UNKNOWN", "no manifest 1");
    server.stop().await;
    // It does not come back.
    mirror.get("up/a/manifests/1").await.refused(502, "UNAVAILABLE", "cannot be reached");
}

/// What stands between (an ingress, a proxy) may say 404 to everything.
#[tokio::test]
async fn a_404_that_is_not_the_registrys() {
    let server = Server::start().await;
    let digest = server.push("a", "1", &image(b"x", "1")).await;
    let mirror = Mirror::of(&server).await;
    mirror.get("up/a/manifests/1").await.is(200);
    server.trick(|_| Some((StatusCode::NOT_FOUND, "default backend - 404").into_response()));
    for _ in 0..3 {
        let answer = mirror.get("up/a/manifests/1").await.is(200);
        assert!(answer.is_stale());
        assert_eq!(answer.headers["docker-content-digest"], digest.as_str());
    }
    server.honest();
    assert!(!mirror.get("up/a/manifests/1").await.is(200).is_stale());
    // The registry itself says so, but only once within `refresh`: it stays.
    let mut patient = config(&server.url);
    patient.refresh = Duration::from_secs(3600);
    let patient = Mirror::start(&[patient], Limits::default(), Tags::default()).await;
    patient.keep("up/a", "lost", &image(b"x", "lost")).await;
    for _ in 0..3 {
        patient.get("up/a/manifests/lost").await.is(404);
    }
    assert_eq!(patient.verified().await.tags, 1);
}

/// Some registries, and some proxies, know only GET.
#[tokio::test]
async fn a_head_that_is_refused_is_explained_by_a_get() {
    let server = Server::start().await;
    let digest = server.push("a", "1", &image(b"x", "1")).await;
    let blob = server.push_blob("a", "blob").await;
    let mirror = Mirror::of(&server).await;
    mirror.get("up/a/manifests/1").await.is(200);
    for status in [405, 403, 404, 400] {
        server.trick(move |parts| {
            let is_head = parts.method == axum::http::Method::HEAD;
            is_head.then(|| StatusCode::from_u16(status).unwrap().into_response())
        });
        let answer = mirror.get("up/a/manifests/1").await.is(200);
        assert!(!answer.is_stale(), "{status}");
        assert_eq!(answer.headers["docker-content-digest"], digest.as_str());
        let facts = mirror.send("HEAD", &format!("up/a/blobs/{blob}"), &[]).await.is(200);
        assert_eq!(facts.headers["content-length"], "4", "{status}");
    }
}

#[tokio::test]
async fn what_is_no_manifest_is_not_kept() {
    let server = Server::start().await;
    let right = serde_json::to_vec(&image(b"x", "1")).unwrap();
    let digest = server.push("a", "1", &image(b"x", "1")).await;
    let limits = Limits { manifest_bytes: 100_000, ..Limits::default() };
    let mirror = Mirror::start(&[config(&server.url)], limits, Tags::default()).await;
    let other = serde_json::to_vec(&image(b"x", "2")).unwrap();
    let manifest = super::scene::MANIFEST;
    for (media_type, body, sentence) in [
        (manifest, other, "has the digest"),
        ("application/json", right.clone(), "calls itself"),
        ("text/html", b"<html>".to_vec(), "has the digest"),
        (manifest, vec![b' '; 100_001], "longer than 100000 bytes"),
    ] {
        server.trick(move |_| Some(([("content-type", media_type)], body.clone()).into_response()));
        let answer = mirror.get(&format!("up/a/manifests/{digest}")).await;
        answer.refused(502, "UNAVAILABLE", sentence);
    }
    // Without a length, and without an end.
    server.trick(move |_| {
        let endless = futures_util::stream::repeat_with(|| Ok::<_, String>(vec![b' '; 10_000]));
        Some(([("content-type", manifest)], axum::body::Body::from_stream(endless)).into_response())
    });
    mirror.get("up/a/manifests/1").await.refused(502, "UNAVAILABLE", "longer than 100000 bytes");
    // A tag whose digest is said to be another.
    let lie = super::scene::sha256(b"lie");
    server.trick(move |_| {
        Some(([("content-type", manifest), ("docker-content-digest", &lie)], right.clone()).into_response())
    });
    mirror.get("up/a/manifests/1").await.refused(502, "UNAVAILABLE", "has the digest");
    let verified = mirror.verified().await;
    assert_eq!((verified.manifests, verified.tags), (0, 0));
    server.honest();
    mirror.get("up/a/manifests/1").await.is(200);
}

#[tokio::test]
async fn the_longest_prefix_is_meant() {
    let (one, two) = (Server::start().await, Server::start().await);
    one.push("a", "1", &image(b"x", "one")).await;
    two.push("library/a", "1", &image(b"x", "two")).await;
    let (mut all, mut deep) = (config(&one.url), config(&two.url));
    all.prefix = String::new();
    (deep.prefix, deep.namespace) = ("up/deep".into(), Some("library".into()));
    let mirror = Mirror::start(&[all, deep], Limits::default(), Tags::default()).await;
    assert_eq!(mirror.get("a/manifests/1").await.is(200).json()["annotations"]["note"], "one");
    assert_eq!(mirror.get("up/deep/a/manifests/1").await.is(200).json()["annotations"]["note"], "two");
    mirror.get("up/deeper/manifests/1").await.is(404);
    assert_eq!((one.count("GET /v2/up/deeper/"), two.count("GET /v2/library/a/")), (1, 1));
}

#[tokio::test]
async fn nothing_is_pushed_to_a_mirror() {
    let server = Server::start().await;
    let digest = server.push("a", "1", &image(b"x", "1")).await;
    server.forget();
    let mirror = Mirror::of(&server).await;
    for (method, path) in [
        ("PUT", "up/a/manifests/1".to_owned()),
        ("DELETE", format!("up/a/manifests/{digest}")),
        ("DELETE", format!("up/a/blobs/{digest}")),
        ("POST", "up/a/blobs/uploads/".into()),
    ] {
        let sentence = format!("up/a is a mirror of a at {}", server.url.strip_prefix("http://").unwrap());
        mirror.send(method, &path, &[]).await.refused(405, "UNSUPPORTED", &sentence);
    }
    assert_eq!(server.count(""), 0);
    super::scene::push(&mirror.url, "own", "1", &image(b"x", "1")).await;
}
