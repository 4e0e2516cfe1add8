//! Tags and referrers, together with what was kept.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde_json::json;

use super::scene::{INDEX, Mirror, Server, image, sha256};

fn signature(subject: &str, size: usize) -> serde_json::Value {
    let mut signature = image(b"signature", "signed");
    signature["artifactType"] = "application/vnd.example.signature".into();
    signature["subject"] = json!({ "mediaType": super::scene::MANIFEST, "digest": subject, "size": size });
    signature
}

#[tokio::test]
async fn a_signature_is_found_through_the_mirror_and_without_the_registry() {
    let mut server = Server::start().await;
    let manifest = image(b"x", "1");
    let subject = server.push("a", "1", &manifest).await;
    let layer = server.push_blob("a", b"signature").await;
    let signed = server.push("a", "", &signature(&subject, manifest.to_string().len())).await;
    let mirror = Mirror::of(&server).await;
    let path = format!("up/a/referrers/{subject}");
    let answer = mirror.get(&path).await.is(200);
    assert!(!answer.is_stale());
    let found = &answer.json()["manifests"][0];
    assert_eq!((&found["digest"], &found["annotations"]["note"]), (&json!(signed), &json!("signed")));
    assert_eq!(mirror.get(&format!("up/a/blobs/{layer}")).await.is(200).body(), b"signature");
    let other = mirror.get(&format!("{path}?artifactType=application/other")).await.is(200);
    assert_eq!(other.json()["manifests"], json!([]));
    server.stop().await;
    let answer = mirror.get(&path).await.is(200);
    assert!(answer.is_stale());
    assert_eq!(answer.json()["manifests"][0]["digest"], signed.as_str());
    mirror.get(&format!("up/a/manifests/{signed}")).await.is(200);
    // What nothing is known of does not look as if nothing referred to it.
    let unknown = format!("up/a/referrers/{}", sha256(b"unknown"));
    mirror.get(&unknown).await.refused(502, "UNAVAILABLE", "cannot be reached");
}

#[tokio::test]
async fn referrers_of_a_registry_that_knows_of_none() {
    let server = Server::start().await;
    let subject = server.push("a", "1", &image(b"x", "1")).await;
    let signature = signature(&subject, 7);
    let signed = server.push("a", "", &signature).await;
    let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [
        { "mediaType": super::scene::MANIFEST, "digest": signed, "size": signature.to_string().len() }
    ] });
    server.push("a", &subject.replace(':', "-"), &list).await;
    server.trick(|parts| parts.uri.path().contains("/referrers/").then(|| StatusCode::NOT_FOUND.into_response()));
    let mirror = Mirror::of(&server).await;
    let answer = mirror.get(&format!("up/a/referrers/{subject}")).await.is(200);
    assert_eq!(answer.json()["manifests"][0]["digest"], signed.as_str());
    assert_eq!(answer.json()["manifests"].as_array().unwrap().len(), 1);
    let none = mirror.get(&format!("up/a/referrers/{}", sha256(b"other"))).await.is(200);
    assert_eq!(none.json()["manifests"], json!([]));
}

#[tokio::test]
async fn tags_of_all_pages_and_what_was_kept() {
    let mut server = Server::start().await;
    for tag in ["a", "b", "c", "d", "e"] {
        server.push("a", tag, &image(b"x", tag)).await;
    }
    let mirror = Mirror::of(&server).await;
    // Pages of two, whatever is asked for; and a way to another host that is not gone.
    let url = server.url.clone();
    server.trick(move |parts| {
        let last = parts.uri.query().unwrap_or_default().split("last=").nth(1).unwrap_or_default();
        let (tags, next) = match last {
            "" => (["a", "b"], "</v2/a/tags/list?n=2&last=b>; rel=\"next\"".to_owned()),
            "b" => (
                ["c", "d"],
                format!("<{}/v2/a/tags/list?n=2&last=d>; rel=\"next\"", url.replace("127.0.0.1", "127.0.0.2")),
            ),
            other => panic!("{other} was asked for"),
        };
        Some(([("link", next)], axum::Json(json!({ "name": "a", "tags": tags }))).into_response())
    });
    assert_eq!(
        mirror.get("up/a/tags/list").await.is(200).json(),
        json!({ "name": "up/a", "tags": ["a", "b", "c", "d"] })
    );
    server.honest();
    mirror.get("up/a/manifests/e").await.is(200);
    let page = mirror.get("up/a/tags/list?n=2&last=c").await.is(200);
    assert_eq!(page.json()["tags"], json!(["d", "e"]));
    mirror.get("up/b/tags/list").await.refused(404, "NAME_UNKNOWN", "up/b");
    server.stop().await;
    let answer = mirror.get("up/a/tags/list").await.is(200);
    assert!(answer.is_stale());
    assert_eq!(answer.json()["tags"], json!(["e"]));
    mirror.get("up/b/tags/list").await.refused(502, "UNAVAILABLE", "cannot be reached");
}

#[tokio::test]
async fn lists_without_an_end_are_cut() {
    let server = Server::start().await;
    let mirror = Mirror::of(&server).await;
    server.trick(|_| Some(([("link", "<?n=1>; rel=next")], axum::Json(json!({ "tags": ["a"] }))).into_response()));
    mirror.get("up/a/tags/list").await.refused(502, "UNAVAILABLE", "more than 200 pages");
    server.trick(|_| Some(vec![b' '; (4 << 20) + 1].into_response()));
    mirror.get("up/a/tags/list").await.refused(502, "UNAVAILABLE", "longer than 4194304 bytes");
    mirror.get(&format!("up/a/referrers/{}", sha256(b""))).await.refused(
        502,
        "UNAVAILABLE",
        "longer than 4194304 bytes",
    );
    server.trick(|_| Some("{}]".into_response()));
    mirror.get("up/a/tags/list").await.refused(502, "UNAVAILABLE", "cannot be used");
}
