//! What the OCI distribution specification and its conformance suite ask for, request by request, over real HTTP. The
//! official suite needs Go modules; this one follows its requests (order, headers, bodies without a length) and is
//! stricter where the specification is.

mod blobs;
mod client;
mod listing;
mod manifests;

use client::Registry;

#[tokio::test]
async fn the_base_says_that_this_is_a_registry() {
    let registry = Registry::start().await;
    let answer = registry.get("/v2/").await;
    assert_eq!((answer.status, answer.body.as_ref()), (200, b"{}".as_ref()));
    assert_eq!(answer.header("docker-distribution-api-version"), "registry/2.0");
    registry.post("/v2/").await.refused(405, "UNSUPPORTED");
    registry.get("/v2/nothing/here").await.refused(404, "NAME_UNKNOWN");
}

/// A client that is refused before it has sent everything must still be able to read why.
#[tokio::test]
async fn what_is_refused_is_read_to_its_end() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::body::Body;
    use futures_util::StreamExt as _;
    use tower::ServiceExt as _;

    const COUNT: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let store = lanner_registry::store::Store::open_local(folder.path()).unwrap();
    let mut parts = lanner_registry::registry::Registry::open(store.clone());
    (parts.limits.manifest_bytes, parts.limits.blob_bytes) = (100, 100);
    let id = store.begin_upload(&"a".parse().unwrap(), Default::default()).await.unwrap();
    let routes = lanner_registry::api::routes(Arc::new(parts));
    let upload = format!("/v2/a/blobs/uploads/{id}");
    let digest = client::sha256(b"");
    for (method, path, range, status) in [
        ("PUT", format!("{upload}?digest=no"), None, 400),
        ("PUT", upload.clone(), None, 400),
        ("PUT", format!("{upload}?digest={digest}"), Some("nonsense"), 416),
        ("PUT", format!("{upload}?digest={digest}"), None, 413),
        ("PATCH", upload.clone(), Some("nonsense"), 416),
        ("PATCH", upload.clone(), Some("7-9"), 416),
        ("PATCH", upload.clone(), None, 413),
        ("POST", "/v2/a/blobs/uploads/?digest=no".into(), None, 400),
        ("POST", "/v2/a/blobs/uploads/?mount=no".into(), None, 400),
        ("POST", "/v2/a/blobs/uploads/?digest-algorithm=md5".into(), None, 400),
        ("PUT", "/v2/a/manifests/t?tag=-".into(), None, 400),
        ("PUT", "/v2/a/manifests/t".into(), None, 413),
        ("PUT", "/v2/a/manifests/-".into(), None, 400),
    ] {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = read.clone();
        let pieces = futures_util::stream::iter(0..COUNT).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![b'x'; 60])
        });
        let mut request = axum::http::Request::builder().method(method).uri(&path);
        if let Some(range) = range {
            request = request.header("content-range", range);
        }
        let request = request.body(Body::from_stream(pieces)).unwrap();
        let answer = routes.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(read.load(Ordering::Relaxed), COUNT, "{method} {path}");
    }
}
