//! Blobs: one download for all, read while it grows.

use axum::body::Body;
use axum::response::IntoResponse as _;
use lanner_registry::config::{Limits, Tags};

use super::scene::{Mirror, Server, config, sha256, slowly};

/// Several pieces, none like another.
fn long() -> Vec<u8> {
    (0..3_000_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[..1].to_vec()).collect()
}

#[tokio::test]
async fn one_download_read_by_all_while_it_grows() {
    let server = Server::start().await;
    let (blob, (sender, body)) = (long(), slowly());
    let (digest, length) = (sha256(&blob), blob.len());
    server.trick(move |parts| {
        let body = body.lock().unwrap().take().filter(|_| parts.method == "GET")?;
        Some(([("content-length", length.to_string())], body).into_response())
    });
    let mirror = Mirror::of(&server).await;
    let url = format!("{}/v2/up/a/blobs/{digest}", mirror.url);
    sender.send(blob[..1_500_000].to_vec()).unwrap();
    let client = reqwest::Client::new();
    let begun = futures_util::future::join_all((0..32).map(|_| client.get(&url).send())).await;
    let mut answers = Vec::new();
    for answer in begun {
        let mut answer = answer.unwrap();
        assert_eq!(answer.content_length(), Some(length as u64));
        // The other registry has not sent the second half yet.
        let first = answer.chunk().await.unwrap().unwrap();
        answers.push((answer, first.to_vec()));
    }
    let range = client.get(&url).header("range", "bytes=2000000-2000009").send().await.unwrap();
    assert_eq!(range.status(), 206);
    // Most go away, and the download goes on.
    answers.truncate(4);
    sender.send(blob[1_500_000..].to_vec()).unwrap();
    drop(sender);
    for (mut answer, mut got) in answers {
        while let Some(piece) = answer.chunk().await.unwrap() {
            got.extend_from_slice(&piece);
        }
        assert!(got == blob);
    }
    assert_eq!(range.bytes().await.unwrap(), &blob[2_000_000..2_000_010]);
    assert_eq!(server.count("GET"), 1);
    let counts = mirror.counts();
    assert_eq!((counts.misses, counts.bytes), (1, length as u64), "{counts:?}");
    assert!(counts.joins >= 31, "{counts:?}");
    assert_eq!(mirror.verified().await.blobs, 1);
    assert_eq!(mirror.get(&format!("up/a/blobs/{digest}")).await.is(200).body(), blob);
    assert_eq!(server.count("GET"), 1);
}

#[tokio::test]
async fn a_download_goes_on_when_nobody_waits() {
    let server = Server::start().await;
    let (blob, (sender, body)) = (long(), slowly());
    let digest = sha256(&blob);
    server.trick(move |_| Some(Body::into_response(body.lock().unwrap().take()?)));
    let mirror = Mirror::of(&server).await;
    sender.send(blob[..10].to_vec()).unwrap();
    let path = format!("up/a/blobs/{digest}");
    let mut answer = reqwest::get(format!("{}/v2/{path}", mirror.url)).await.unwrap();
    assert_eq!(answer.content_length(), None, "nobody knows how long it is");
    assert_eq!(answer.chunk().await.unwrap().unwrap(), &blob[..10]);
    drop(answer);
    sender.send(blob[10..].to_vec()).unwrap();
    drop(sender);
    assert_eq!(mirror.get(&path).await.is(200).body(), blob);
    assert_eq!(server.count("GET"), 1);
}

#[tokio::test]
async fn what_is_something_else_is_neither_kept_nor_ended_well() {
    let server = Server::start().await;
    let mirror = Mirror::of(&server).await;
    for blob in [b"".to_vec(), b"short".to_vec(), long()] {
        server.honest();
        let digest = server.push_blob("a", blob.clone()).await;
        let mut other = blob.clone();
        match other.last_mut() {
            Some(last) => *last ^= 1,
            None => other.push(b'x'),
        }
        let path = format!("up/a/blobs/{digest}");
        for chunked in [false, true] {
            let other = other.clone();
            server.trick(move |_| {
                let bytes = other.clone();
                let once = futures_util::stream::once(async { Ok::<_, String>(bytes) });
                Some(if chunked { Body::from_stream(once).into_response() } else { other.clone().into_response() })
            });
            let answer = mirror.get(&path).await;
            match answer.status {
                // Sent before it was known: it does not end as it should.
                200 => assert!(answer.body.is_err(), "{} bytes, chunked {chunked}", blob.len()),
                _ => drop(answer.refused(502, "UNAVAILABLE", "has the digest")),
            }
        }
        let whole = mirror.send("GET", &path, &[("range", "bytes=0-2")]).await;
        assert!(whole.status == 502 || whole.body.is_err() || whole.status == 416, "{}", whole.status);
        assert_eq!(mirror.verified().await.blobs, 0, "{} bytes", blob.len());
    }
    server.honest();
    for blob in [b"".to_vec(), b"short".to_vec(), long()] {
        assert_eq!(mirror.get(&format!("up/a/blobs/{}", sha256(&blob))).await.is(200).body(), blob);
    }
    assert_eq!(mirror.verified().await.blobs, 3);
}

#[tokio::test]
async fn what_breaks_off_is_not_kept() {
    let server = Server::start().await;
    let blob = long();
    let digest = server.push_blob("a", blob.clone()).await;
    let half = blob[..2_000_000].to_vec();
    server.trick(move |_| {
        let pieces = vec![Ok(half.clone()), Err("broken on purpose".to_owned())];
        Some(Body::from_stream(futures_util::stream::iter(pieces)).into_response())
    });
    let mirror = Mirror::of(&server).await;
    let path = format!("up/a/blobs/{digest}");
    assert!(mirror.get(&path).await.body.is_err());
    assert_eq!(mirror.verified().await.blobs, 0);
    server.honest();
    assert_eq!(mirror.get(&path).await.is(200).body(), blob);
}

#[tokio::test]
async fn what_is_too_long_is_cut() {
    let server = Server::start().await;
    let limits = Limits { blob_bytes: 1_000_000, ..Limits::default() };
    let mirror = Mirror::start(&[config(&server.url)], limits, Tags::default()).await;
    let digest = server.push_blob("a", long()).await;
    let path = format!("up/a/blobs/{digest}");
    mirror.get(&path).await.refused(502, "UNAVAILABLE", "longer than 1000000 bytes");
    server.trick(|_| {
        let endless = futures_util::stream::repeat_with(|| Ok::<_, String>(vec![0; 50_000]));
        Some(Body::from_stream(endless).into_response())
    });
    assert!(mirror.get(&path).await.body.is_err());
    assert_eq!(mirror.verified().await.blobs, 0);
    assert!(mirror.counts().bytes <= 1_000_000, "{:?}", mirror.counts());
}

#[tokio::test]
async fn facts_are_had_without_the_bytes() {
    let server = Server::start().await;
    let digest = server.push_blob("a", long()).await;
    let mirror = Mirror::of(&server).await;
    let path = format!("up/a/blobs/{digest}");
    let head = mirror.send("HEAD", &path, &[]).await.is(200);
    assert_eq!(head.headers["content-length"], long().len().to_string().as_str());
    assert_eq!((server.count("HEAD"), server.count("GET")), (1, 0));
    let nothing = format!("up/a/blobs/{}", sha256(b"nothing"));
    mirror.get(&nothing).await.refused(404, "BLOB_UNKNOWN", "no such blob");
    mirror.send("HEAD", &nothing, &[]).await.is(404);
}

#[tokio::test]
async fn what_another_repository_has_does_not_come_again() {
    let server = Server::start().await;
    let digest = server.push_blob("a", long()).await;
    server.push_blob("b", long()).await;
    let mirror = Mirror::of(&server).await;
    mirror.get(&format!("up/a/blobs/{digest}")).await.is(200);
    assert_eq!(mirror.get(&format!("up/b/blobs/{digest}")).await.is(200).body(), long());
    assert_eq!(mirror.counts().bytes, long().len() as u64);
    // But only where the other registry lets the mirror have it.
    server.always(axum::http::StatusCode::FORBIDDEN);
    mirror.get(&format!("up/c/blobs/{digest}")).await.refused(403, "DENIED", "does not give this to the mirror");
}

/// What was pulled through long ago makes room for what is pulled now; what this registry has itself does not.
#[tokio::test]
async fn no_more_is_kept_than_there_may_be() {
    use lanner_registry::oci::Algorithm;
    use lanner_registry::store::{Announced, Store};
    const SIZE: usize = 3000;
    let server = Server::start().await;
    let new = server.push_blob("a", vec![9; SIZE]).await;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    for (name, filler) in [("up/a", 1), ("up/a", 2), ("own", 3)] {
        let (name, bytes) = (name.parse().unwrap(), vec![filler; SIZE]);
        let digest = sha256(&bytes).parse().unwrap();
        let id = store.begin_upload(&name, Algorithm::Sha256).await.unwrap();
        let body = futures_util::stream::iter([Ok::<_, String>(bytes::Bytes::from(bytes))]);
        let said = Announced { limit: u64::MAX, ..Announced::default() };
        store.finish_upload(&name, id, &digest, said, body).await.unwrap();
    }
    // A new process knows of no request that may be about to read them, and they have been there for a while.
    drop(store);
    let root = folder.path().join("blobs/sha256");
    let kept = || {
        let folders = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
        folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path())
    };
    for blob in kept() {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        std::fs::File::open(blob).unwrap().set_modified(then).unwrap();
    }
    let mut config = config(&server.url);
    config.max_bytes = Some(2 * SIZE as u64);
    let mirror = Mirror::start_in(folder, &[config], Limits::default(), Tags::default()).await;
    mirror.get(&format!("up/a/blobs/{new}")).await.is(200);
    // Room is made after that was answered: the new one and that of this registry are left.
    let began = std::time::Instant::now();
    while kept().count() > 2 {
        assert!(began.elapsed() < super::support::HANG, "nothing is taken away");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    mirror.get(&format!("up/a/blobs/{new}")).await.is(200);
    mirror.get(&format!("own/blobs/{}", sha256(&[3; SIZE]))).await.is(200);
    mirror.verified().await;
}
