//! Lists: tags page by page, and referrers.

use lanner_registry::oci::{INDEX, MANIFEST};
use serde_json::{Value, json};

use super::client::{Registry, sha256};
use super::manifests::image;

fn tags(answer: &super::client::Answer) -> Vec<String> {
    serde_json::from_value(answer.json()["tags"].clone()).expect("a list")
}

#[tokio::test]
async fn tags_page_by_page() {
    let registry = Registry::start().await;
    registry.get("/v2/a/tags/list").await.refused(404, "NAME_UNKNOWN");
    registry.blob("a", b"x").await;
    assert_eq!(registry.get("/v2/a/tags/list").await.is(200).json(), json!({ "name": "a", "tags": [] }));
    let mut all = ["b", "a", "B", "_x", "1.0", "a-1", "aa"];
    for tag in all {
        registry.manifest("a", tag, &image(1)).await.is(201);
    }
    // By their bytes.
    all.sort_unstable();
    let answer = registry.get("/v2/a/tags/list").await.is(200);
    assert_eq!((tags(&answer), answer.header("link")), (all.map(String::from).to_vec(), ""));
    assert_eq!(tags(&registry.get("/v2/a/tags/list?last=a").await), ["a-1", "aa", "b"]);
    assert_eq!(tags(&registry.get("/v2/a/tags/list?last=a0").await), ["aa", "b"]);
    let none = registry.get("/v2/a/tags/list?n=0").await.is(200);
    assert_eq!((tags(&none).len(), none.header("link")), (0, ""));
    registry.get("/v2/a/tags/list?n=-1").await.refused(400, "UNSUPPORTED");

    let mut seen = Vec::new();
    let mut path = "/v2/a/tags/list?n=3".to_owned();
    let pages = loop {
        let answer = registry.get(&path).await.is(200);
        seen.push(tags(&answer));
        match answer.header("link") {
            "" => break seen,
            link => {
                path = link
                    .strip_prefix('<')
                    .and_then(|link| link.strip_suffix(">; rel=\"next\""))
                    .expect("a link")
                    .into();
            }
        }
    };
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(pages.concat(), all);
    let repositories = registry.get("/v2/_catalog").await.is(200).json();
    assert_eq!(repositories, json!({ "repositories": ["a"] }));
}

fn about(subject: &str, kind: Option<&str>, config: &str, n: u32) -> Value {
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": { "mediaType": config, "digest": sha256(b"{}"), "size": 2 },
        "layers": [], "annotations": { "n": n.to_string() },
        "subject": { "mediaType": MANIFEST, "digest": subject, "size": 7 },
    });
    if let Some(kind) = kind {
        manifest["artifactType"] = kind.into();
    }
    manifest
}

#[tokio::test]
async fn referrers() {
    let registry = Registry::start().await;
    let subject = sha256(serde_json::to_string(&image(1)).unwrap().as_bytes());
    let path = format!("/v2/a/referrers/{subject}");
    // Nothing was ever pushed there.
    let empty = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
    let answer = registry.get(&path).await.is(200);
    assert_eq!((answer.header("content-type"), answer.json()), (INDEX, empty.clone()));
    registry.get("/v2/a/referrers/sha256:no").await.refused(400, "DIGEST_INVALID");

    let manifests = [
        (about(&subject, Some("t/one"), "application/vnd.oci.empty.v1+json", 1), Some("t/one")),
        (about(&subject, Some("t/two+x"), "application/vnd.oci.empty.v1+json", 2), Some("t/two+x")),
        (about(&subject, None, "c/fallback", 3), Some("c/fallback")),
        (about(&subject, Some(""), "c/fallback", 4), Some("c/fallback")),
        (
            json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [],
                "subject": { "mediaType": MANIFEST, "digest": subject, "size": 7 } }),
            None,
        ),
    ];
    let mut expected = Vec::new();
    for (n, (manifest, kind)) in manifests.iter().enumerate() {
        let bytes = serde_json::to_vec(manifest).unwrap();
        let digest = sha256(&bytes);
        // By digest, by tag, and once more.
        for reference in [&digest, &format!("t{n}"), &digest] {
            let answer = registry.manifest("a", reference, manifest).await.is(201);
            assert_eq!(answer.header("oci-subject"), subject);
        }
        let mut descriptor = json!({ "mediaType": manifest["mediaType"], "digest": digest, "size": bytes.len() });
        if let Some(kind) = kind {
            descriptor["artifactType"] = (*kind).into();
        }
        if !manifest["annotations"].is_null() {
            descriptor["annotations"] = manifest["annotations"].clone();
        }
        expected.push(descriptor);
    }
    expected.sort_by_key(|descriptor| descriptor["digest"].as_str().unwrap().to_owned());
    let listed = |answer: &super::client::Answer| answer.json()["manifests"].as_array().expect("a list").clone();
    let answer = registry.get(&path).await.is(200);
    assert_eq!(listed(&answer), expected);
    assert_eq!(answer.header("oci-filters-applied"), "");
    for kind in ["t/one", "t/two+x", "c/fallback", "nothing"] {
        let query = kind.replace('/', "%2F").replace('+', "%2B");
        let answer = registry.get(&format!("{path}?artifactType={query}")).await.is(200);
        assert_eq!(answer.header("oci-filters-applied"), "artifactType");
        let matching: Vec<_> =
            expected.iter().filter(|descriptor| descriptor["artifactType"] == kind).cloned().collect();
        assert_eq!(listed(&answer), matching, "{kind}");
    }
    assert_eq!(registry.get(&path.replace("/a/", "/b/")).await.json(), empty);
    // The subject was never pushed; that it is pushed and deleted changes nothing.
    registry.manifest("a", &subject, &image(1)).await.is(201);
    registry.delete(&format!("/v2/a/manifests/{subject}")).await.is(202);
    assert_eq!(listed(&registry.get(&path).await), expected);
    for descriptor in &expected {
        registry.delete(&format!("/v2/a/manifests/{}", descriptor["digest"].as_str().unwrap())).await.is(202);
    }
    assert_eq!(registry.get(&path).await.json(), empty);
}

#[tokio::test]
async fn many_referrers_come_page_by_page() {
    let registry = Registry::start().await;
    let subject = sha256(b"subject");
    let mut digests = Vec::new();
    for n in 0..8 {
        let mut manifest = about(&subject, Some("t/one"), "c/x", n);
        manifest["annotations"]["long"] = "A".repeat(1 << 20).into();
        digests.push(sha256(&serde_json::to_vec(&manifest).unwrap()));
        registry.manifest("a", &format!("t{n}"), &manifest).await.is(201);
    }
    digests.sort_unstable();
    let mut seen = Vec::new();
    let mut path = format!("/v2/a/referrers/{subject}?artifactType=t%2Fone");
    loop {
        let answer = registry.get(&path).await.is(200);
        assert!(answer.body.len() <= 4 << 20, "{}", answer.body.len());
        assert_eq!(answer.header("oci-filters-applied"), "artifactType");
        let list = answer.json()["manifests"].as_array().unwrap().clone();
        seen.extend(list.iter().map(|descriptor| descriptor["digest"].as_str().unwrap().to_owned()));
        let link = answer.header("link");
        if link.is_empty() {
            break;
        }
        path = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link").into();
    }
    assert_eq!(seen, digests);
}
