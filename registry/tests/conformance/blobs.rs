//! Blobs: every way to push, and what can be pulled.

use lanner_registry::oci::Algorithm;
use reqwest::Method;

use super::client::{Registry, digest, noise, sha256, without_length};

const BOTH: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

/// What was pushed can be pulled, and is gone after it was deleted.
async fn check(registry: &Registry, name: &str, location: &str, bytes: &[u8], digest: &str) {
    let path = format!("/v2/{name}/blobs/{digest}");
    assert_eq!(location, path);
    let head = registry.head(&path).await.is(200);
    assert_eq!(head.header("content-length"), bytes.len().to_string());
    assert_eq!(head.header("docker-content-digest"), digest);
    let got = registry.get(&path).await.is(200);
    assert_eq!(got.body, bytes);
    assert_eq!(got.header("content-length"), bytes.len().to_string());
    assert_eq!(got.header("docker-content-digest"), digest);
    registry.delete(&path).await.is(202);
    registry.head(&path).await.is(404);
    registry.get(&path).await.refused(404, "BLOB_UNKNOWN");
    registry.delete(&path).await.refused(404, "BLOB_UNKNOWN");
}

#[tokio::test]
async fn pushed_in_one_request() {
    let registry = Registry::start().await;
    for algorithm in BOTH {
        for bytes in [noise(1, 512), Vec::new(), b"{}".to_vec(), noise(2, 3 << 20)] {
            let digest = digest(algorithm, &bytes);
            let path = format!("/v2/a/b/blobs/uploads/?digest={}", digest.replace(':', "%3A"));
            for body in [bytes.clone().into(), without_length(&bytes)] {
                let answer = registry.send(Method::POST, &path, &[], body).await.is(201);
                assert_eq!(answer.header("docker-content-digest"), digest);
                check(&registry, "a/b", answer.header("location"), &bytes, &digest).await;
            }
        }
    }
}

#[tokio::test]
async fn pushed_in_two_requests() {
    let registry = Registry::start().await;
    for algorithm in BOTH {
        for bytes in [noise(3, 512), Vec::new(), noise(4, 2 << 20)] {
            let digest = digest(algorithm, &bytes);
            for body in [bytes.clone().into(), without_length(&bytes)] {
                let upload = registry.begin("a").await;
                let answer = registry.put(&format!("{upload}?digest={digest}"), body).await.is(201);
                assert_eq!(answer.header("docker-content-digest"), digest);
                check(&registry, "a", answer.header("location"), &bytes, &digest).await;
                registry.get(&upload).await.refused(404, "BLOB_UPLOAD_UNKNOWN");
            }
        }
    }
}

#[tokio::test]
async fn streamed() {
    let registry = Registry::start().await;
    for algorithm in BOTH {
        let bytes = noise(5, 3072);
        let digest = digest(algorithm, &bytes);
        let upload = registry.begin("a").await;
        let (first, second) = bytes.split_at(1000);
        registry.send(Method::PATCH, &upload, &[], first.to_vec().into()).await.is(202);
        let answer = registry.send(Method::PATCH, &upload, &[], without_length(second)).await.is(202);
        assert_eq!((answer.header("location"), answer.header("range")), (upload.as_str(), "0-3071"));
        let answer = registry.put(&format!("{upload}?digest={digest}"), "").await.is(201);
        check(&registry, "a", answer.header("location"), &bytes, &digest).await;
    }
}

#[tokio::test]
async fn pushed_in_chunks_that_come_in_order_only() {
    let registry = Registry::start().await;
    for algorithm in BOTH {
        for last_in_put in [false, true] {
            let bytes = noise(6, 3067);
            let digest = digest(algorithm, &bytes);
            let upload = registry.begin("a").await;
            let closing = format!("{upload}?digest={digest}");
            let chunk = |n: usize| (n * 1024, &bytes[n * 1024..bytes.len().min((n + 1) * 1024)]);
            let patch = async |n: usize| registry.chunk(Method::PATCH, &upload, chunk(n).0, chunk(n).1).await;
            let progress = async |range: &str| {
                let answer = registry.get(&upload).await.is(204);
                assert!(!answer.headers.contains_key("content-length"));
                assert_eq!((answer.header("range"), answer.header("location")), (range, upload.as_str()));
            };

            progress("0-0").await;
            let refused = patch(1).await.refused(416, "BLOB_UPLOAD_INVALID");
            assert_eq!((refused.header("range"), refused.header("location")), ("0-0", upload.as_str()));
            assert_eq!(patch(0).await.is(202).header("range"), "0-1023");
            if last_in_put {
                let (start, bytes) = chunk(2);
                registry.chunk(Method::PUT, &closing, start, bytes).await.refused(416, "BLOB_UPLOAD_INVALID");
            } else {
                patch(2).await.refused(416, "BLOB_UPLOAD_INVALID");
            }
            progress("0-1023").await;
            assert_eq!(patch(1).await.is(202).header("range"), "0-2047");
            let refused = patch(0).await.refused(416, "BLOB_UPLOAD_INVALID");
            assert_eq!(refused.header("range"), "0-2047");
            progress("0-2047").await;
            let answer = if last_in_put {
                let (start, bytes) = chunk(2);
                registry.chunk(Method::PUT, &closing, start, bytes).await
            } else {
                assert_eq!(patch(2).await.is(202).header("range"), "0-3066");
                registry.put(&closing, "").await
            };
            check(&registry, "a", answer.is(201).header("location"), &bytes, &digest).await;
        }
    }
}

#[tokio::test]
async fn chunks_that_are_not_what_they_say() {
    let registry = Registry::start().await;
    let upload = registry.begin("a").await;
    for range in ["x-y", "5-2", "0-", "bytes", "0-99999999999999999999"] {
        let headers = [("content-range", range)];
        registry.send(Method::PATCH, &upload, &headers, "hello".into()).await.refused(416, "BLOB_UPLOAD_INVALID");
    }
    for range in ["0-9", "0-1"] {
        let headers = [("content-range", range)];
        registry.send(Method::PATCH, &upload, &headers, "hello".into()).await.refused(400, "SIZE_INVALID");
    }
    let path = format!("{upload}?digest={}", sha256(b"hello"));
    registry.put(&path, "hello").await.is(201);
}

#[tokio::test]
async fn other_content_than_the_digest_says() {
    let registry = Registry::start().await;
    for algorithm in BOTH {
        let wanted = digest(algorithm, b"hello");
        let path = format!("/v2/a/blobs/{wanted}");
        registry
            .send(Method::POST, &format!("/v2/a/blobs/uploads/?digest={wanted}"), &[], "hello, oh no".into())
            .await
            .refused(400, "DIGEST_INVALID");
        let upload = registry.begin("a").await;
        registry.put(&format!("{upload}?digest={wanted}"), "oh no").await.refused(400, "DIGEST_INVALID");
        let upload = registry.begin("a").await;
        registry.chunk(Method::PATCH, &upload, 0, b"oh").await.is(202);
        registry
            .chunk(Method::PUT, &format!("{upload}?digest={wanted}"), 2, b" no")
            .await
            .refused(400, "DIGEST_INVALID");
        registry.head(&path).await.is(404);
    }
    let upload = registry.begin("a").await;
    registry.put(&upload, "hello").await.refused(400, "DIGEST_INVALID");
    for digest in ["", "sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:../../../../etc/passwd"] {
        registry.put(&format!("{upload}?digest={digest}"), "hello").await.refused(400, "DIGEST_INVALID");
    }
    registry.get("/v2/a/blobs/sha256:abc").await.refused(400, "DIGEST_INVALID");
    registry.get("/v2/a/blobs/sha256:..%2f..%2fx").await.refused(404, "NAME_UNKNOWN");
    registry.post("/v2/a/blobs/uploads/?digest-algorithm=sha512").await.is(202);
    registry.post("/v2/a/blobs/uploads/?digest-algorithm=md5").await.refused(400, "UNSUPPORTED");
}

#[tokio::test]
async fn an_upload_can_be_given_up() {
    let registry = Registry::start().await;
    let upload = registry.begin("a").await;
    registry.send(Method::PATCH, &upload, &[], "hello".into()).await.is(202);
    // Another repository knows nothing of it.
    registry.get(&upload.replace("/v2/a/", "/v2/b/")).await.refused(404, "BLOB_UPLOAD_UNKNOWN");
    registry.delete(&upload).await.is(204);
    for answer in [
        registry.delete(&upload).await,
        registry.get(&upload).await,
        registry.put(&format!("{upload}?digest={}", sha256(b"hello")), "").await,
    ] {
        answer.refused(404, "BLOB_UPLOAD_UNKNOWN");
    }
    registry.head(&format!("/v2/a/blobs/{}", sha256(b"hello"))).await.is(404);
    registry.get("/v2/a/blobs/uploads/no-such").await.refused(404, "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn mounted_from_another_repository() {
    let registry = Registry::start().await;
    for algorithm in BOTH {
        let bytes = noise(7, 512);
        let digest = digest(algorithm, &bytes);
        let mount = |query: &str| format!("/v2/to/blobs/uploads/?mount={digest}{query}");
        for query in ["", "&from=from", "&from=../x"] {
            let answer = registry.post(&mount(query)).await.is(202);
            assert!(answer.header("location").starts_with("/v2/to/blobs/uploads/"), "{answer:?}");
        }
        let upload = registry.begin("from").await;
        registry.put(&format!("{upload}?digest={digest}"), bytes.clone()).await.is(201);
        for query in ["&from=from", ""] {
            let answer = registry.post(&mount(query)).await.is(201);
            assert_eq!(answer.header("docker-content-digest"), digest);
            check(&registry, "to", answer.header("location"), &bytes, &digest).await;
        }
        // Deleted there, it is still here.
        registry.head(&format!("/v2/from/blobs/{digest}")).await.is(200);
        registry.delete(&format!("/v2/from/blobs/{digest}")).await.is(202);
    }
}

#[tokio::test]
async fn parts_of_a_blob() {
    let registry = Registry::start().await;
    let bytes = noise(8, 2048);
    let path = format!("/v2/a/blobs/{}", registry.blob("a", &bytes).await);
    for (range, start, end) in [
        ("bytes=500-1499", 500, 1500),
        ("bytes=500-", 500, 2048),
        ("bytes=-500", 1548, 2048),
        ("bytes=2000-5000", 2000, 2048),
        ("bytes=-5000", 0, 2048),
        ("bytes=0-0", 0, 1),
    ] {
        let answer = registry.send(Method::GET, &path, &[("range", range)], "".into()).await.is(206);
        assert_eq!(answer.body, &bytes[start..end], "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {start}-{}/2048", end - 1));
        assert_eq!(answer.header("content-length"), (end - start).to_string());
    }
    for range in ["bytes=500-0", "bytes=5000-10000", "bytes=2048-", "bytes=-0"] {
        let answer = registry.send(Method::GET, &path, &[("range", range)], "".into()).await;
        assert_eq!(answer.refused(416, "RANGE_INVALID").header("content-range"), "bytes */2048");
    }
    for range in ["bytes=0-1,5-6", "lines=1-2", "bytes"] {
        let answer = registry.send(Method::GET, &path, &[("range", range)], "".into()).await.is(200);
        assert_eq!(answer.body, bytes);
    }
    let answer = registry.send(Method::HEAD, &path, &[("range", "bytes=0-9")], "".into()).await.is(200);
    assert_eq!(answer.header("content-length"), "2048");
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let registry = Registry::start().await;
    let digest = registry.blob("a", b"hello").await;
    let path = format!("/v2/a/blobs/{digest}");
    let etag = registry.head(&path).await.header("etag").to_owned();
    let answer = registry.send(Method::GET, &path, &[("if-none-match", &etag)], "".into()).await.is(304);
    assert!(answer.body.is_empty());
    registry.send(Method::GET, &path, &[("if-none-match", "\"other\"")], "".into()).await.is(200);
}

#[tokio::test]
async fn uploads_have_a_limit() {
    let registry = Registry::start_with(|parts| parts.limits.blob_bytes = 1000).await;
    let bytes = noise(9, 1001);
    let path = format!("/v2/a/blobs/uploads/?digest={}", sha256(&bytes));
    for body in [bytes.clone().into(), without_length(&bytes)] {
        registry.send(Method::POST, &path, &[], body).await.refused(413, "SIZE_INVALID");
    }
    let upload = registry.begin("a").await;
    registry.send(Method::PATCH, &upload, &[], noise(9, 600).into()).await.is(202);
    registry.send(Method::PATCH, &upload, &[], without_length(&noise(9, 600))).await.refused(413, "SIZE_INVALID");
    registry.blob("a", &bytes[..1000]).await;
}

#[tokio::test]
async fn names_that_are_none() {
    let registry = Registry::start().await;
    for name in ["A", "a%2f..%2fb", "a//b", "-a", "a__-b", "%00", "a%0d%0aX: y", &"a".repeat(256)] {
        let answer = registry.post(&format!("/v2/{name}/blobs/uploads/")).await;
        assert!(answer.status == 400 || answer.status == 404, "{name}: {answer:?}");
        assert_eq!(answer.json()["errors"][0]["code"], "NAME_INVALID", "{name}");
    }
}
