//! Manifests: what is taken, what comes back, and what a deletion takes with it.

use lanner_registry::oci::{Algorithm, INDEX, MANIFEST};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Registry, digest, noise, sha256, without_length};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

pub(crate) fn image(seed: u64) -> Value {
    let layer = noise(seed, 100);
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": CONFIG, "digest": sha256(b"{}"), "size": 2 },
        "layers": [{ "mediaType": "application/wasm", "digest": sha256(&layer), "size": layer.len() }],
    })
}

fn bytes(manifest: &Value) -> Vec<u8> {
    serde_json::to_vec(manifest).expect("JSON")
}

/// Pulled by this reference it is what was pushed.
async fn check(registry: &Registry, name: &str, reference: &str, manifest: &Value, digest: &str) {
    let path = format!("/v2/{name}/manifests/{reference}");
    let accept = [("accept", INDEX), ("accept", MANIFEST)];
    for method in [Method::HEAD, Method::GET] {
        let answer = registry.send(method.clone(), &path, &accept, "".into()).await.is(200);
        assert_eq!(answer.header("content-type"), manifest["mediaType"].as_str().unwrap_or(MANIFEST));
        assert_eq!(answer.header("content-length"), bytes(manifest).len().to_string());
        assert_eq!(answer.header("docker-content-digest"), digest);
        assert_eq!(answer.body, if method == Method::HEAD { Vec::new() } else { bytes(manifest) });
    }
}

#[tokio::test]
async fn pushed_by_tag_and_by_digest() {
    let registry = Registry::start().await;
    let child = image(1);
    let child_digest = sha256(&bytes(&child));
    let index = |manifests: Value| json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
    let manifests = [
        child.clone(),
        json!({ "schemaVersion": 2, "config": { "mediaType": CONFIG, "digest": sha256(b"{}"), "size": 2 }, "layers": [] }),
        index(json!([])),
        index(json!([{ "mediaType": MANIFEST, "digest": child_digest, "size": bytes(&child).len() }])),
        // What is not here may be had elsewhere.
        index(json!([{ "mediaType": MANIFEST, "digest": sha256(b"elsewhere"), "size": 9 }])),
        json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "a/b", "newUnspecifiedField": { "x": [1] },
            "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": sha256(b"{}"), "size": 2, "data": "e30=", "urls": null },
            "layers": [{ "mediaType": "x/y", "digest": sha256(b"far"), "size": 3, "urls": ["https://example.org/far"] }],
        }),
    ];
    for (n, manifest) in manifests.iter().enumerate() {
        let by_digest = sha256(&bytes(manifest));
        let tag = format!("tag{n}");
        for reference in [&by_digest, &tag] {
            let answer = registry.manifest("a/b", reference, manifest).await.is(201);
            assert_eq!(answer.header("docker-content-digest"), by_digest);
            assert_eq!(answer.header("location"), format!("/v2/a/b/manifests/{by_digest}"));
            check(&registry, "a/b", reference, manifest, &by_digest).await;
            registry.get(&format!("/v2/other/manifests/{reference}")).await.refused(404, "MANIFEST_UNKNOWN");
        }
    }
    // A tag can be moved.
    registry.manifest("a/b", "tag0", &manifests[1]).await.is(201);
    check(&registry, "a/b", "tag0", &manifests[1], &sha256(&bytes(&manifests[1]))).await;
}

#[tokio::test]
async fn sha512_and_tags_of_a_digest() {
    let registry = Registry::start().await;
    let manifest = image(2);
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let digest = digest(algorithm, &bytes(&manifest));
        let answer = registry.manifest("a", &format!("{digest}?tag=one&tag=two"), &manifest).await.is(201);
        assert_eq!(answer.header("docker-content-digest"), digest);
        let tags: Vec<_> = answer.headers.get_all("oci-tag").iter().collect();
        assert_eq!(tags, ["one", "two"]);
        for reference in ["one", "two", &digest] {
            check(&registry, "a", reference, &manifest, &digest).await;
        }
    }
    let digest = sha256(&bytes(&manifest));
    let many: String = (0..10).map(|n| format!("&tag=t{n}")).collect();
    registry.manifest("a", &format!("{digest}?{}", &many[1..]), &manifest).await.is(201);
    let too_many: String = (0..200).map(|n| format!("&tag=x{n}")).collect();
    registry.manifest("a", &format!("{digest}?{}", &too_many[1..]), &manifest).await.is(414);
    registry.manifest("a", &format!("{digest}?tag=..%2Fx"), &manifest).await.refused(400, "TAG_INVALID");
    registry.get("/v2/a/manifests/x0").await.refused(404, "MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn what_is_no_manifest() {
    let registry = Registry::start().await;
    let good = bytes(&image(3));
    let digest = sha256(&good);
    let spaced = [good.clone(), b"  ".to_vec()].concat();
    registry.manifest_bytes("a", &digest, spaced, MANIFEST).await.refused(400, "DIGEST_INVALID");
    registry.manifest_bytes("a", "sha256:baddigeststring", good.clone(), MANIFEST).await.refused(400, "DIGEST_INVALID");
    registry.manifest_bytes("a", ".bad", good.clone(), MANIFEST).await.refused(400, "TAG_INVALID");
    registry.manifest_bytes("a", "t", good.clone(), INDEX).await.refused(400, "MANIFEST_INVALID");
    registry.manifest_bytes("a", "t", good.clone(), "text/plain").await.refused(400, "MANIFEST_INVALID");
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let many = json!({ "schemaVersion": 2, "mediaType": INDEX,
        "manifests": vec![json!({ "mediaType": MANIFEST, "digest": digest, "size": 1 }); 10_001] });
    for bad in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        r#"{"schemaVersion":1,"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#,
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#,
        r#"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:../..","size":1},"layers":[]}"#,
        r#"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:00","size":-1},"layers":[]}"#,
        &deep,
        &format!("{{\"schemaVersion\":2,\"x\":{deep}}}"),
        &many.to_string(),
    ] {
        let answer = registry.manifest_bytes("a", "t", bad.as_bytes().to_vec(), "").await;
        answer.refused(400, "MANIFEST_INVALID");
    }
    registry.get("/v2/a/manifests/t").await.refused(404, "MANIFEST_UNKNOWN");
    registry.get("/v2/a/manifests/.INVALID_MANIFEST_NAME").await.refused(404, "MANIFEST_UNKNOWN");
    registry.head("/v2/a/manifests/.INVALID_MANIFEST_NAME").await.is(404);
    registry.get("/v2/a/manifests/sha256:totallywrong").await.refused(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn large_manifests() {
    let registry = Registry::start().await;
    let mut manifest = image(4);
    let annotations: serde_json::Map<_, _> = (0..390).map(|n| (format!("k{n}"), "A".repeat(10_000).into())).collect();
    manifest["annotations"] = annotations.into();
    assert!(bytes(&manifest).len() > 3_900_000);
    registry.manifest("a", "large", &manifest).await.is(201);
    check(&registry, "a", "large", &manifest, &sha256(&bytes(&manifest))).await;
    let endless = vec![b' '; (8 << 20) + 1];
    for body in [endless.clone().into(), without_length(&endless)] {
        let answer = registry.send(Method::PUT, "/v2/a/manifests/t", &[("content-type", MANIFEST)], body).await;
        answer.refused(413, "SIZE_INVALID");
    }
}

#[tokio::test]
async fn a_deletion_takes_the_tags_with_it() {
    let registry = Registry::start().await;
    let (one, other) = (image(5), image(6));
    let digest = sha256(&bytes(&one));
    for tag in ["t1", "t2"] {
        registry.manifest("a", tag, &one).await.is(201);
    }
    registry.manifest("a", "t3", &other).await.is(201);
    registry.delete("/v2/a/manifests/t1").await.is(202);
    registry.head("/v2/a/manifests/t1").await.is(404);
    registry.delete("/v2/a/manifests/t1").await.refused(404, "MANIFEST_UNKNOWN");
    check(&registry, "a", &digest, &one, &digest).await;
    registry.delete(&format!("/v2/a/manifests/{digest}")).await.is(202);
    for reference in [&digest, "t2"] {
        registry.get(&format!("/v2/a/manifests/{reference}")).await.refused(404, "MANIFEST_UNKNOWN");
    }
    registry.delete(&format!("/v2/a/manifests/{digest}")).await.refused(404, "MANIFEST_UNKNOWN");
    assert_eq!(registry.get("/v2/a/tags/list").await.json()["tags"], json!(["t3"]));
}

#[tokio::test]
async fn only_whole_manifests_where_that_is_asked_for() {
    let registry = Registry::start_with(|parts| parts.whole = true).await;
    let manifest = image(7);
    registry.manifest("a", "t", &manifest).await.refused(404, "MANIFEST_BLOB_UNKNOWN");
    registry.blob("a", b"{}").await;
    registry.blob("other", &noise(7, 100)).await;
    let answer = registry.manifest("a", "t", &manifest).await.refused(404, "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(answer.json()["errors"][0]["detail"]["digest"], sha256(&noise(7, 100)));
    registry.blob("a", &noise(7, 100)).await;
    registry.manifest("a", "t", &manifest).await.is(201);
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [{ "mediaType": MANIFEST, "digest": sha256(b"no"), "size": 2 }] });
    registry.manifest("a", "i", &index).await.refused(404, "MANIFEST_BLOB_UNKNOWN");
}

#[tokio::test]
async fn tags_that_stay() {
    let tags = lanner_registry::config::Tags { immutable: vec!["a:v*".into()], mutable: vec!["a:v0*".into()] };
    let registry =
        Registry::start_with(|parts| parts.immutable = lanner_registry::registry::Immutable::new(tags)).await;
    for tag in ["v1", "v0", "latest"] {
        registry.manifest("a", tag, &image(8)).await.is(201);
        // The same again is no change.
        registry.manifest("a", tag, &image(8)).await.is(201);
    }
    let digest = sha256(&bytes(&image(8)));
    for tag in ["v0", "latest"] {
        registry.manifest("a", tag, &image(9)).await.is(201);
    }
    registry.manifest("a", "v1", &image(9)).await.refused(409, "DENIED");
    let other = sha256(&bytes(&image(9)));
    registry.manifest("a", &format!("{other}?tag=v1"), &image(9)).await.refused(409, "DENIED");
    registry.delete("/v2/a/manifests/v1").await.refused(409, "DENIED");
    registry.delete(&format!("/v2/a/manifests/{digest}")).await.refused(409, "DENIED");
    check(&registry, "a", "v1", &image(8), &digest).await;
    registry.manifest("b", "v1", &image(8)).await.is(201);
    registry.manifest("b", "v1", &image(9)).await.is(201);
}

/// An immutable tag keeps all that it leads to, and not only its own name.
#[tokio::test]
async fn what_a_tag_that_stays_leads_to() {
    let tags = lanner_registry::config::Tags { immutable: vec!["a:v*".into()], mutable: Vec::new() };
    let registry =
        Registry::start_with(|parts| parts.immutable = lanner_registry::registry::Immutable::new(tags)).await;
    let index = |child: &Value| {
        let child = bytes(child);
        json!({ "schemaVersion": 2, "mediaType": INDEX,
            "manifests": [{ "mediaType": MANIFEST, "digest": sha256(&child), "size": child.len() }] })
    };
    registry.blob("a", b"{}").await;
    let (layer, loose) = (registry.blob("a", &noise(10, 100)).await, registry.blob("a", &noise(11, 100)).await);
    registry.manifest("a", &sha256(&bytes(&image(10))), &image(10)).await.is(201);
    let inner = index(&image(10));
    registry.manifest("a", &sha256(&bytes(&inner)), &inner).await.is(201);
    registry.manifest("a", "v1", &index(&inner)).await.is(201);
    registry.manifest("a", "latest", &image(11)).await.is(201);
    for blob in [&layer, &sha256(b"{}")] {
        registry.delete(&format!("/v2/a/blobs/{blob}")).await.refused(409, "DENIED");
        registry.head(&format!("/v2/a/blobs/{blob}")).await.is(200);
    }
    for manifest in [&image(10), &inner] {
        registry.delete(&format!("/v2/a/manifests/{}", sha256(&bytes(manifest)))).await.refused(409, "DENIED");
    }
    registry.delete(&format!("/v2/a/blobs/{loose}")).await.is(202);
    registry.delete(&format!("/v2/a/manifests/{}", sha256(&bytes(&image(11))))).await.is(202);
}

#[tokio::test]
async fn the_media_type_of_a_manifest_stays() {
    const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
    let registry = Registry::start().await;
    let mut manifest = image(12);
    manifest.as_object_mut().unwrap().remove("mediaType");
    let digest = sha256(&bytes(&manifest));
    registry.manifest_bytes("a", "t", bytes(&manifest), MANIFEST).await.is(201);
    for reference in ["t", "other", &digest] {
        registry.manifest_bytes("a", reference, bytes(&manifest), DOCKER).await.refused(409, "MANIFEST_INVALID");
        registry.manifest_bytes("a", reference, bytes(&manifest), MANIFEST).await.is(201);
    }
    check(&registry, "a", "t", &manifest, &digest).await;
    // Another repository knows nothing of it.
    registry.manifest_bytes("b", "t", bytes(&manifest), DOCKER).await.is(201);
}

/// What one client reads as a manifest and another as an index (CVE-2021-41190).
#[tokio::test]
async fn documents_of_two_kinds() {
    let registry = Registry::start().await;
    let manifests = json!([{ "mediaType": MANIFEST, "digest": sha256(b"x"), "size": 1 }]);
    let index = json!({ "schemaVersion": 2, "manifests": manifests });
    for (media_type, good, field, value) in [
        (MANIFEST, image(13), "manifests", manifests.clone()),
        (MANIFEST, image(13), "manifests", json!([])),
        (MANIFEST, image(13), "Manifests", json!([])),
        (INDEX, index.clone(), "layers", json!([])),
        (INDEX, index.clone(), "config", image(13)["config"].clone()),
        (INDEX, index.clone(), "layerſ", json!([])),
    ] {
        let mut both = good;
        both.as_object_mut().unwrap().remove("mediaType");
        registry.manifest_bytes("a", "t", bytes(&both), media_type).await.is(201);
        both[field] = value;
        for said in [media_type, ""] {
            registry.manifest_bytes("a", "t", bytes(&both), said).await.refused(400, "MANIFEST_INVALID");
        }
    }
}

/// What is just being pushed is held in memory: many at once are told to come again, and leave room behind.
#[tokio::test]
async fn no_more_manifests_at_once_than_there_is_room_for() {
    let registry =
        Registry::start_with(|parts| parts.pushing = lanner_registry::registry::Pushing::of(100 << 10)).await;
    let mut long = image(14);
    long["annotations"] = json!({ "note": "x".repeat(90 << 10) });
    for _ in 0..3 {
        registry.manifest("a", "fits", &long).await.is(201);
    }
    long["annotations"] = json!({ "note": "x".repeat(110 << 10) });
    let answer = registry.manifest("a", "t", &long).await.refused(503, "UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), "1");
    registry.manifest("a", "t", &image(15)).await.is(201);
}

#[tokio::test]
async fn a_registry_that_takes_nothing() {
    let registry = Registry::start_with(|parts| parts.read_only = true).await;
    registry.post("/v2/a/blobs/uploads/").await.refused(405, "DENIED");
    registry.manifest("a", "t", &image(1)).await.refused(405, "DENIED");
    registry.delete("/v2/a/manifests/t").await.refused(405, "DENIED");
    registry.get("/v2/a/manifests/t").await.refused(404, "MANIFEST_UNKNOWN");
}
