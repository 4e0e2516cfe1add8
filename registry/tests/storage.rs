//! The storage by itself: what is collected and what never is, what damage is noticed, and what a full disk does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use lanner_registry::oci::{Algorithm, Digest, INDEX, MANIFEST, Manifest, Reference, RepositoryName};
use lanner_registry::store::{Announced, Collected, Problem, Retention, Store, StoreError, Stored, TagChange};
use serde_json::{Value, json};

/// Nothing is kept that nothing refers to, however new.
const AT_ONCE: Retention =
    Retention { unreferenced: Duration::ZERO, idle_upload: Duration::ZERO, untagged: Some(Duration::ZERO) };

fn name(text: &str) -> RepositoryName {
    text.parse().expect("a name")
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

fn once(bytes: &[u8]) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Unpin + use<> {
    let pieces: Vec<_> = bytes.chunks(64 << 10).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures_util::stream::iter(pieces)
}

const ANY: Announced = Announced { start: None, length: None, limit: 1 << 40 };

async fn push_blob(store: &Store, to: &RepositoryName, bytes: &[u8]) -> Result<Digest, StoreError> {
    let digest = sha256(bytes);
    let id = store.begin_upload(to, Algorithm::Sha256).await?;
    store.finish_upload(to, id, &digest, ANY, once(bytes)).await?;
    Ok(digest)
}

fn image(layers: &[&Digest]) -> Value {
    let layers: Vec<_> =
        layers.iter().map(|digest| json!({ "mediaType": "x/y", "digest": digest.to_string(), "size": 1 })).collect();
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "layers": layers,
        "config": { "mediaType": "x/y", "digest": sha256(b"{}").to_string(), "size": 2 } })
}

async fn push_manifest(
    store: &Store,
    to: &RepositoryName,
    manifest: &Value,
    tags: &[&str],
) -> Result<Digest, StoreError> {
    let bytes = Bytes::from(serde_json::to_vec(manifest).expect("JSON"));
    let (manifest, media_type) = Manifest::parse(&bytes, "").expect("a manifest");
    let stored = Stored { digest: sha256(&bytes), media_type, bytes };
    let tags: Vec<_> =
        tags.iter().map(|tag| TagChange { tag: tag.parse().expect("a tag"), immutable: false }).collect();
    store.put_manifest(to, &stored, &manifest, &tags, true).await?;
    Ok(stored.digest)
}

#[tokio::test]
async fn what_nothing_refers_to_is_collected() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let (a, b) = (name("a"), name("team/b"));
    for to in [&a, &b] {
        push_blob(&store, to, b"{}").await.unwrap();
    }
    let shared = push_blob(&store, &a, b"shared").await.unwrap();
    push_blob(&store, &b, b"shared").await.unwrap();
    let orphan = push_blob(&store, &a, b"orphan").await.unwrap();
    let tagged = push_manifest(&store, &a, &image(&[&shared]), &["t"]).await.unwrap();
    let child_layer = push_blob(&store, &a, b"of a child").await.unwrap();
    let child = push_manifest(&store, &a, &image(&[&child_layer]), &[]).await.unwrap();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [{ "mediaType": MANIFEST, "digest": child.to_string(), "size": 1 }] });
    let index = push_manifest(&store, &a, &index, &["i"]).await.unwrap();
    let mut signature = image(&[]);
    signature["subject"] = json!({ "mediaType": MANIFEST, "digest": tagged.to_string(), "size": 1 });
    let signature = push_manifest(&store, &a, &signature, &[]).await.unwrap();
    let untagged_layer = push_blob(&store, &a, b"of an untagged one").await.unwrap();
    let untagged = push_manifest(&store, &a, &image(&[&untagged_layer]), &[]).await.unwrap();
    let upload = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();

    // Everything is new.
    let patient =
        Retention { unreferenced: Duration::from_secs(60), idle_upload: Duration::from_secs(60), untagged: None };
    assert_eq!(store.collect(patient).await.unwrap(), Collected::default());

    let collected = store.collect(AT_ONCE).await.unwrap();
    // In `b` nothing refers to anything; the bytes of what `a` has stay.
    let bytes = (b"orphan".len() + b"of an untagged one".len()) as u64;
    assert_eq!(collected, Collected { manifests: 1, links: 4, blobs: 2, bytes, uploads: 1 });
    assert!(matches!(store.upload(&a, upload).await, Err(StoreError::NoUpload)));
    for gone in [&orphan, &untagged_layer] {
        assert!(store.blob(&a, gone).await.unwrap().is_none());
    }
    assert!(!store.has_manifest(&a, &untagged).await.unwrap());
    for kept in [&tagged, &child, &index, &signature] {
        assert!(store.has_manifest(&a, kept).await.unwrap(), "{kept}");
    }
    for kept in [&shared, &child_layer, &sha256(b"{}")] {
        assert!(store.blob(&a, kept).await.unwrap().is_some(), "{kept}");
    }
    assert!(store.blob(&b, &shared).await.unwrap().is_none());
    assert_eq!(store.collect(AT_ONCE).await.unwrap(), Collected::default());
    assert_eq!(store.verify().await.unwrap().problems, []);
}

/// Pushes the same few blobs again and again while they are collected at every moment: what was acknowledged is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_collection_never_takes_what_a_push_refers_to() {
    const PUSHES: u64 = 150;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let collector = tokio::spawn({
        let (store, over) = (store.clone(), over.clone());
        async move {
            let mut taken = 0;
            while !over.load(Ordering::Relaxed) {
                let collected = store.collect(Retention { untagged: None, ..AT_ONCE }.without_uploads()).await.unwrap();
                taken += collected.links + collected.blobs;
            }
            taken
        }
    });
    let refused = Arc::new(AtomicU64::new(0));
    let pushers: Vec<_> = (0..3)
        .map(|worker| {
            let (store, refused) = (store.clone(), refused.clone());
            tokio::spawn(async move {
                let to = name(&format!("r{}", worker % 2));
                for n in 0..PUSHES {
                    let mut digests = Vec::new();
                    for part in 0..2 {
                        digests
                            .push(push_blob(&store, &to, format!("blob {}", (n + part) % 5).as_bytes()).await.unwrap());
                    }
                    push_blob(&store, &to, b"{}").await.unwrap();
                    let tag = format!("t{worker}-{n}");
                    match push_manifest(&store, &to, &image(&[&digests[0], &digests[1]]), &[&tag]).await {
                        Ok(digest) => {
                            for blob in digests.iter().chain([&sha256(b"{}")]) {
                                let found = store.blob(&to, blob).await.unwrap();
                                assert!(found.is_some(), "{blob} is gone although {digest} refers to it");
                            }
                            // So that the next push finds them unreferenced again.
                            store.delete_manifest(&to, &digest, |_| false).await.unwrap();
                        }
                        // It was taken before it was referred to, as nothing is waited for here; the client is told.
                        Err(StoreError::MissingContent(_)) => {
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    for pusher in pushers {
        pusher.await.unwrap();
    }
    over.store(true, Ordering::Relaxed);
    let taken = collector.await.unwrap();
    let refused = refused.load(Ordering::Relaxed);
    assert!(taken > 20, "hardly anything was collected: {taken}");
    assert!(refused < PUSHES * 3, "no push went through");
    assert_eq!(store.verify().await.unwrap().problems, []);
}

trait WithoutUploads {
    fn without_uploads(self) -> Self;
}

impl WithoutUploads for Retention {
    /// Uploads under way are not resting, but with no time to rest they would be taken.
    fn without_uploads(self) -> Self {
        Self { idle_upload: Duration::from_secs(600), ..self }
    }
}

fn blob_file(root: &Path, digest: &Digest) -> PathBuf {
    root.join("blobs").join(digest.algorithm().name()).join(&digest.hex()[..2]).join(digest.hex())
}

#[tokio::test]
async fn damage_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let a = name("a");
    push_blob(&store, &a, b"{}").await.unwrap();
    let spoiled = push_blob(&store, &a, b"spoiled").await.unwrap();
    let lost = push_blob(&store, &a, b"lost").await.unwrap();
    let manifest = push_manifest(&store, &a, &image(&[&spoiled, &lost]), &["t"]).await.unwrap();
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.blobs, verified.manifests, verified.tags, verified.problems), (3, 1, 1, vec![]));

    std::fs::write(blob_file(folder.path(), &spoiled), b"spoilt!").unwrap();
    std::fs::remove_file(blob_file(folder.path(), &lost)).unwrap();
    std::fs::write(folder.path().join("blobs/stray"), b"").unwrap();
    let tag = folder.path().join("repositories/a/_tags/t");
    std::fs::write(&tag, sha256(b"nothing").to_string()).unwrap();
    let problems = store.verify().await.unwrap().problems;
    let manifest_object = format!("repositories/a/_manifests/sha256/{}", manifest.hex());
    let expected = [
        Problem::Content {
            object: format!("blobs/sha256/{}/{}", &spoiled.hex()[..2], spoiled.hex()),
            actual: sha256(b"spoilt!"),
        },
        Problem::Unreadable { object: "blobs/stray".into(), reason: "it is no blob".into() },
        Problem::Missing { object: manifest_object.clone(), digest: lost },
        Problem::Missing { object: "repositories/a/_tags/t".into(), digest: sha256(b"nothing") },
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
    for problem in &expected {
        assert!(problems.contains(problem), "{problem:?} is not among {problems:?}");
    }
    std::fs::write(&tag, "nonsense").unwrap();
    std::fs::write(folder.path().join(&manifest_object), "no head").unwrap();
    let problems: Vec<_> = store.verify().await.unwrap().problems.iter().map(ToString::to_string).collect();
    assert!(problems.iter().any(|p| p.contains("_tags/t") && p.contains("holds no digest")), "{problems:?}");
    assert!(problems.iter().any(|p| p.contains(manifest.hex()) && p.contains("no first line")), "{problems:?}");
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let a = name("a");
    let bytes = vec![7; 3 << 20];
    let (first, second) = bytes.split_at(1_500_000);
    let store = Store::open_local(folder.path()).unwrap();
    let id = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    assert_eq!(store.append(&a, id, ANY, once(first)).await.unwrap().length, first.len() as u64);
    // A second process is refused, and another registry of the same process too.
    assert!(matches!(Store::open_local(folder.path()), Err(StoreError::InUse { .. })));
    drop(store);

    let store = Store::open_local(folder.path()).unwrap();
    assert_eq!(store.upload(&a, id).await.unwrap().length, first.len() as u64);
    let early = Announced { start: Some(0), ..ANY };
    let refused = store.append(&a, id, early, once(second)).await.unwrap_err();
    assert!(matches!(refused, StoreError::OutOfOrder { start: 0, expected } if expected == first.len() as u64));
    store.append(&a, id, Announced { start: Some(first.len() as u64), ..ANY }, once(second)).await.unwrap();
    let digest = sha256(&bytes);
    store.finish_upload(&a, id, &digest, ANY, once(b"")).await.unwrap();
    assert_eq!(store.blob(&a, &digest).await.unwrap().unwrap().size, bytes.len() as u64);
    assert_eq!(store.verify().await.unwrap().problems, []);
    // Nothing is left behind.
    assert!(matches!(store.upload(&a, id).await, Err(StoreError::NoUpload)));
}

/// A body that comes when the test says so.
fn slow_body() -> (
    tokio::sync::mpsc::UnboundedSender<&'static [u8]>,
    impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Unpin,
) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let body = futures_util::stream::unfold(receiver, async |mut receiver| {
        let bytes: &[u8] = receiver.recv().await?;
        Some((Ok(Bytes::from_static(bytes)), receiver))
    });
    (sender, Box::pin(body))
}

/// Long enough for a request to come as far as it can.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// What is under a digest must be what was hashed, whatever a client sends at the same time.
#[tokio::test]
async fn one_request_at_a_time_writes_to_an_upload() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let (a, b) = (name("a"), name("b"));
    let id = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    let (first, body) = slow_body();
    let appending = tokio::spawn({
        let (store, a) = (store.clone(), a.clone());
        async move { store.append(&a, id, ANY, body).await }
    });
    a_while().await;
    // Of another repository, where there is no such upload.
    let cancelling = tokio::spawn({
        let (store, b) = (store.clone(), b.clone());
        async move { store.cancel_upload(&b, id).await }
    });
    a_while().await;
    let digest = sha256(b"head and tail");
    let (last, body) = slow_body();
    let finishing = tokio::spawn({
        let (store, a, digest) = (store.clone(), a.clone(), digest.clone());
        async move { store.finish_upload(&a, id, &digest, ANY, body).await }
    });
    a_while().await;
    first.send(b"head").unwrap();
    drop(first);
    assert_eq!(appending.await.unwrap().unwrap().length, 4);
    assert!(matches!(cancelling.await.unwrap(), Err(StoreError::NoUpload)));
    a_while().await;
    let late = tokio::spawn({
        let (store, a) = (store.clone(), a.clone());
        async move { store.append(&a, id, ANY, once(b"something else")).await }
    });
    a_while().await;
    last.send(b" and tail").unwrap();
    drop(last);
    finishing.await.unwrap().unwrap();
    assert!(matches!(late.await.unwrap(), Err(StoreError::NoUpload)));
    assert_eq!(store.blob(&a, &digest).await.unwrap().unwrap().size, 13);
    assert_eq!(store.verify().await.unwrap().problems, []);
}

#[tokio::test]
async fn an_upload_that_is_written_to_does_not_expire() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let a = name("a");
    let id = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    let (sender, body) = slow_body();
    let appending = tokio::spawn({
        let (store, a) = (store.clone(), a.clone());
        async move { store.append(&a, id, ANY, body).await }
    });
    a_while().await;
    assert_eq!(store.expire_uploads(Duration::ZERO).await.unwrap(), 0);
    sender.send(b"bytes").unwrap();
    drop(sender);
    assert_eq!(appending.await.unwrap().unwrap().length, 5);
    store.finish_upload(&a, id, &sha256(b"bytes"), ANY, once(b"")).await.unwrap();
    let rests = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    assert_eq!(store.expire_uploads(Duration::ZERO).await.unwrap(), 1);
    assert!(matches!(store.upload(&a, rests).await, Err(StoreError::NoUpload)));
}

#[tokio::test]
async fn a_storage_that_leads_elsewhere_is_refused() {
    for link in ["blobs", "repositories", "uploads", "lock"] {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = if link == "lock" { other.path().join("victim") } else { other.path().to_owned() };
        std::os::unix::fs::symlink(&target, folder.path().join(link)).unwrap();
        let refused = Store::open_local(folder.path()).err().expect("refused");
        assert!(matches!(refused, StoreError::Link { .. }), "{link}: {refused}");
        assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0, "{link}");
    }
}

/// A small file system of its own, unmounted at the end.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    fn new(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "lanner-test"]).arg(folder.path()).status();
        assert!(mounted.unwrap().success(), "a file system can be mounted: this test runs as root");
        Self(folder)
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_spoils_nothing() {
    let disk = Tmpfs::new("8m");
    let store = Store::open_local(disk.0.path()).unwrap();
    let a = name("a");
    push_blob(&store, &a, b"{}").await.unwrap();
    let kept = push_blob(&store, &a, &vec![1; 2 << 20]).await.unwrap();
    push_manifest(&store, &a, &image(&[&kept]), &["t"]).await.unwrap();
    // One that is spooled, one that is not.
    let large = vec![2; 20 << 20];
    assert!(matches!(push_blob(&store, &a, &large).await, Err(StoreError::Full)));
    let mut small = 0u32;
    let full = loop {
        small += 1;
        match push_blob(&store, &a, &[small.to_le_bytes().as_slice(), &vec![3; 900 << 10]].concat()).await {
            Ok(_) => assert!(small < 100, "it does not fill up"),
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full), "{full}");
    assert_eq!(store.verify().await.unwrap().problems, []);
    let found = store.manifest(&a, &Reference::Tag("t".parse().unwrap())).await.unwrap();
    assert!(found.is_some());
    // What was begun expires, and there is space again.
    store.collect(AT_ONCE).await.unwrap();
    push_blob(&store, &a, &vec![4; 2 << 20]).await.unwrap();
    assert_eq!(store.verify().await.unwrap().problems, []);
}

/// The same through an object store that is no folder: uploads are sent there when they are whole.
#[tokio::test]
async fn content_in_an_object_store() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(object_store::memory::InMemory::new());
    let store = Store::open_objects(objects.clone(), folder.path()).unwrap();
    let a = name("a");
    push_blob(&store, &a, b"{}").await.unwrap();
    let bytes: Vec<u8> = (0..20u32 << 20).map(|n| (n >> 8) as u8).collect();
    let large = push_blob(&store, &a, &bytes).await.unwrap();
    push_manifest(&store, &a, &image(&[&large]), &["t"]).await.unwrap();
    let orphan = push_blob(&store, &a, b"orphan").await.unwrap();
    let collected = store.collect(AT_ONCE).await.unwrap();
    assert_eq!((collected.links, collected.blobs, collected.bytes), (1, 1, 6));
    assert!(store.blob(&a, &orphan).await.unwrap().is_none());
    drop(store);
    let store = Store::open_objects(objects, folder.path()).unwrap();
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.problems, verified.blobs, verified.bytes), (vec![], 2, bytes.len() as u64 + 2));
    let content: Vec<_> =
        futures_util::TryStreamExt::try_collect(store.open(&large, Some(1000..3_000_000)).await.unwrap())
            .await
            .unwrap();
    assert_eq!(content.concat(), &bytes[1000..3_000_000]);
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
        a_while().await;
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
    assert!(matches!(refused, Err(StoreError::Immutable { ref tag, .. }) if tag == "v1"), "{refused:?}");
    assert_eq!(store.tags(&a).await.unwrap().len(), 2);
    assert!(store.delete_manifest(&a, &digest, |_| false).await.unwrap());
    assert!(store.tags(&a).await.unwrap().is_empty());
}

/// A client that is told that a blob is there does not send it: it pushes the manifest, some time later.
#[tokio::test]
async fn what_a_client_was_told_to_be_there_waits_for_its_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let (a, b) = (name("a"), name("b"));
    let mut old = Vec::new();
    for text in ["asked for", "pushed again", "mounted", "forgotten"] {
        old.push(push_blob(&store, &a, text.as_bytes()).await.unwrap());
    }
    let age = Duration::from_secs(2);
    tokio::time::sleep(age).await;
    assert!(store.blob(&a, &old[0]).await.unwrap().is_some());
    push_blob(&store, &a, b"pushed again").await.unwrap();
    assert!(store.mount(&a, &b, &old[2]).await.unwrap());
    let keep = Retention { unreferenced: age, idle_upload: age, untagged: None };
    let collected = store.collect(keep).await.unwrap();
    assert_eq!((collected.links, collected.blobs), (1, 1), "only what nobody asked for");
    for kept in &old[..3] {
        assert!(store.blob(&a, kept).await.unwrap().is_some());
    }
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
    store.delete_blob(&names[2], &digest).await.unwrap();
    assert_eq!(store.holder(&names[0], &digest, allowed("b")).await.unwrap(), None);
}
