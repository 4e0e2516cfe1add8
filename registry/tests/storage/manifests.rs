//! Manifests, their tags, and what refers to them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lanner_registry::oci::{Digest, MANIFEST, RepositoryName};
use lanner_registry::store::{Store, StoreError};
use serde_json::{Value, json};

use crate::support::HANG;
use crate::{image, name, push_blob, push_manifest, settle, sha256};

/// Waits until nothing goes on any more that a request has left behind.
async fn all_is_over() {
    let began = Instant::now();
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
        assert!(began.elapsed() < HANG, "it goes on for ever");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    settle().await;
}

/// A client may go away at any moment: what it asked for is done whole or not at all.
#[tokio::test]
async fn a_push_is_not_left_half_made() {
    use tower::ServiceExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let routes = lanner_registry::api::routes(Arc::new(lanner_registry::registry::Registry::open(store.clone())));
    let mut manifest = image(&[]);
    manifest["subject"] = json!({ "mediaType": MANIFEST, "digest": sha256(b"subject").to_string(), "size": 7 });
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let (mut begun, mut whole) = (0, 0);
    for polls in 1..40 {
        let to = name(&format!("r{polls}"));
        let request = axum::http::Request::put(format!("/v2/{to}/manifests/t"))
            .body(axum::body::Body::from(bytes.clone()))
            .unwrap();
        let mut answer = Box::pin(routes.clone().oneshot(request));
        let mut left = polls;
        let answered = std::future::poll_fn(|context| {
            let outcome = answer.as_mut().poll(context);
            left -= 1;
            match left {
                0 => std::task::Poll::Ready(outcome.is_ready()),
                _ => outcome.map(|_| true),
            }
        })
        .await;
        drop(answer);
        all_is_over().await;
        if store.has_manifest(&to, &sha256(&bytes)).await.unwrap() {
            begun += u32::from(!answered);
            whole += u32::from(answered);
            let tag = store.tag(&to, &"t".parse().unwrap()).await.unwrap();
            let referrers = store.referrers(&to, &sha256(b"subject")).await.unwrap();
            assert_eq!((tag, referrers.len()), (Some(sha256(&bytes)), 1), "dropped after {polls}");
        }
        if answered {
            break;
        }
    }
    assert!(begun > 0 && whole > 0, "{begun} were dropped in the middle, {whole} were not");
}

/// Whether a tag may be moved is decided where nobody else can set it meanwhile.
#[tokio::test]
async fn a_manifest_with_an_immutable_tag_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let a = name("a");
    push_blob(&store, &a, b"{}").await.unwrap();
    let digest = push_manifest(&store, &a, &image(&[]), &["latest", "v1"]).await.unwrap();
    let refused = store.delete_manifest(&a, &digest, |tag| tag.as_str() == "v1").await;
    assert!(matches!(refused, Err(StoreError::HeldByTag { ref tag, .. }) if tag == "v1"), "{refused:?}");
    assert_eq!(store.tags(&a).await.unwrap().len(), 2);
    assert!(store.delete_manifest(&a, &digest, |_| false).await.unwrap());
    assert!(store.tags(&a).await.unwrap().is_empty());
}

/// What refers to a manifest may be as long as a manifest itself: only as much is read as one answer holds.
#[tokio::test]
async fn only_a_page_of_referrers_is_read() {
    use tower::ServiceExt as _;
    const COUNT: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let routes = lanner_registry::api::routes(Arc::new(lanner_registry::registry::Registry::open(store.clone())));
    let (a, subject) = (name("a"), sha256(b"subject"));
    push_blob(&store, &a, b"{}").await.unwrap();
    let mut digests = Vec::new();
    for n in 0..COUNT {
        let mut manifest = image(&[]);
        manifest["subject"] = json!({ "mediaType": MANIFEST, "digest": subject.to_string(), "size": 7 });
        manifest["annotations"] = json!({ "n": n.to_string(), "long": "x".repeat(1 << 20) });
        digests.push(push_manifest(&store, &a, &manifest, &[]).await.unwrap());
    }
    digests.sort_unstable();
    let last = format!("repositories/a/_referrers/sha256/{}/sha256-{}", subject.hex(), digests[COUNT - 1].hex());
    let whole = std::fs::read(folder.path().join(&last)).unwrap();
    std::fs::write(folder.path().join(&last), "nonsense").unwrap();
    let mut path = format!("/v2/a/referrers/{subject}");
    let mut found = Vec::new();
    loop {
        let request = axum::http::Request::get(&path).body(axum::body::Body::empty()).unwrap();
        let answer = routes.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        std::fs::write(folder.path().join(&last), &whole).unwrap();
        let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(answer.into_body(), 4 << 20).await.unwrap();
        let index: Value = serde_json::from_slice(&body).unwrap();
        let all = index["manifests"].as_array().unwrap();
        found.extend(all.iter().map(|found| found["digest"].as_str().unwrap().parse::<Digest>().unwrap()));
        let Some(link) = link else { break };
        path = link.trim_start_matches('<').split_once('>').unwrap().0.to_owned();
    }
    assert_eq!(found, digests);
}

/// To look for a blob in all repositories is dear: none is looked into in vain.
#[tokio::test]
async fn who_has_a_blob() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let names = ["a", "b", "c", "d"].map(name);
    let digest = push_blob(&store, &names[1], b"shared").await.unwrap();
    push_blob(&store, &names[2], b"shared").await.unwrap();
    push_blob(&store, &names[3], b"another").await.unwrap();
    let asked = std::cell::RefCell::new(Vec::new());
    let allowed = |secret: &'static str| {
        let asked = &asked;
        move |name: &RepositoryName| {
            asked.borrow_mut().push(name.to_string());
            name.as_str() != secret
        }
    };
    // One that has it itself need not look at others.
    assert_eq!(store.holder(&names[2], &digest, allowed("")).await.unwrap().as_ref(), Some(&names[2]));
    assert_eq!(asked.take(), ["c"]);
    assert_eq!(store.holder(&names[0], &digest, allowed("")).await.unwrap().as_ref(), Some(&names[1]));
    assert_eq!(asked.take(), ["a", "b"]);
    assert_eq!(store.holder(&names[1], &digest, allowed("b")).await.unwrap().as_ref(), Some(&names[2]));
    assert_eq!(store.holder(&names[0], &sha256(b"nowhere"), allowed("")).await.unwrap(), None);
    store.delete_blob(&names[2], &digest, |_| false).await.unwrap();
    assert_eq!(store.holder(&names[0], &digest, allowed("b")).await.unwrap(), None);
}
