//! What a collection takes, and what it never does.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use lanner_registry::oci::{Algorithm, INDEX, MANIFEST, Reference};
use lanner_registry::store::{Collected, Retention, Store, StoreError};
use serde_json::json;

use crate::support::HANG;
use crate::{AT_ONCE, image, name, push_blob, push_manifest, sha256};

/// Longer than anything here takes, and as long as what a client was told is relied on at most.
const LONG: Duration = Duration::from_secs(3600);

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
    let patient = Retention { unreferenced: LONG, idle_upload: LONG, untagged: None };
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
    /// How often each pushes at least, and how much has to be collected meanwhile.
    const PUSHES: u64 = 150;
    const TAKEN: u64 = 100;
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let (over, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let collector = tokio::spawn({
        let (store, over, taken) = (store.clone(), over.clone(), taken.clone());
        async move {
            while !over.load(Ordering::Relaxed) {
                let collected = store.collect(Retention { untagged: None, ..AT_ONCE }.without_uploads()).await.unwrap();
                taken.fetch_add(collected.links + collected.blobs, Ordering::Relaxed);
            }
        }
    });
    let pushers: Vec<_> = (0..3)
        .map(|worker| {
            let (store, taken) = (store.clone(), taken.clone());
            tokio::spawn(async move {
                let to = name(&format!("r{}", worker % 2));
                let (mut n, mut whole) = (0, 0);
                while n < PUSHES || whole == 0 || taken.load(Ordering::Relaxed) < TAKEN {
                    assert!(began.elapsed() < HANG, "of {n} pushes {whole} went through, {taken:?} was collected");
                    n += 1;
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
                                // Two push to one repository: the other may have deleted the same manifest, and our tag with
                                // it, just now.
                                let ours = Reference::Tag(tag.parse().unwrap());
                                let refers = found.is_none() && store.manifest(&to, &ours).await.unwrap().is_some();
                                assert!(!refers, "{blob} is gone although {digest} refers to it");
                            }
                            // So that the next push finds them unreferenced again.
                            store.delete_manifest(&to, &digest, |_| false).await.unwrap();
                            whole += 1;
                        }
                        // It was taken before it was referred to, as nothing is waited for here; the client is told.
                        Err(StoreError::MissingContent(_)) => {}
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
    collector.await.unwrap();
    assert_eq!(store.verify().await.unwrap().problems, []);
}

trait WithoutUploads {
    fn without_uploads(self) -> Self;
}

impl WithoutUploads for Retention {
    /// Uploads under way are not resting, but with no time to rest they would be taken.
    fn without_uploads(self) -> Self {
        Self { idle_upload: LONG, ..self }
    }
}

/// Has all files in a folder be older than [`LONG`].
pub(crate) fn grow_old(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => grow_old(&path),
            false => std::fs::File::open(path).unwrap().set_modified(SystemTime::now() - LONG * 2).unwrap(),
        }
    }
}

/// `untagged` counts from when the last tag was lost, and not from the push.
#[tokio::test]
async fn an_old_manifest_that_has_just_lost_its_tag() {
    let folder = tempfile::tempdir().unwrap();
    let a = name("a");
    let open = || {
        let store = Store::open_local(folder.path()).unwrap();
        store.mark_losses();
        store
    };
    let note = |n: u32| {
        let mut manifest = image(&[]);
        manifest["annotations"] = json!({ "n": n.to_string() });
        manifest
    };
    let store = open();
    push_blob(&store, &a, b"{}").await.unwrap();
    let child = push_manifest(&store, &a, &note(1), &[]).await.unwrap();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [{ "mediaType": MANIFEST, "digest": child.to_string(), "size": 1 }] });
    let index = push_manifest(&store, &a, &index, &["moved"]).await.unwrap();
    let deleted = push_manifest(&store, &a, &note(2), &["deleted"]).await.unwrap();
    let never = push_manifest(&store, &a, &note(3), &[]).await.unwrap();
    let tagged = push_manifest(&store, &a, &note(4), &["stays"]).await.unwrap();
    let keep = Retention { unreferenced: LONG * 9, idle_upload: LONG, untagged: Some(LONG) };
    // Not as a client would ask: what a client was shown is kept.
    let there = || {
        let file = |digest: &lanner_registry::oci::Digest| format!("repositories/a/_manifests/sha256/{}", digest.hex());
        [&child, &index, &deleted, &never, &tagged].map(|digest| folder.path().join(file(digest)).exists())
    };
    // Each time a new process: it knows nothing of what clients were shown.
    drop(store);
    grow_old(folder.path());
    let store = open();
    push_manifest(&store, &a, &note(5), &["moved"]).await.unwrap();
    assert!(store.delete_tag(&a, &"deleted".parse().unwrap()).await.unwrap());
    assert_eq!(store.collect(keep).await.unwrap().manifests, 0);
    assert_eq!(there(), [true; 5]);
    drop(store);
    grow_old(folder.path());
    let store = open();
    // One is tagged again, and loses that: it counts anew.
    assert_eq!(push_manifest(&store, &a, &note(2), &["again"]).await.unwrap(), deleted);
    assert!(store.delete_tag(&a, &"again".parse().unwrap()).await.unwrap());
    drop(store);
    grow_old(&folder.path().join("repositories/a/_manifests"));
    let store = open();
    assert_eq!(store.collect(keep).await.unwrap().manifests, 3);
    assert_eq!(there(), [false, false, true, false, true]);
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
    drop(store);
    grow_old(folder.path());
    // One that knows nothing of the pushes.
    let store = Store::open_local(folder.path()).unwrap();
    assert!(store.blob(&a, &old[0]).await.unwrap().is_some());
    push_blob(&store, &a, b"pushed again").await.unwrap();
    assert!(store.mount(&a, &b, &old[2]).await.unwrap());
    let keep = Retention { unreferenced: LONG, idle_upload: LONG, untagged: None };
    let collected = store.collect(keep).await.unwrap();
    assert_eq!((collected.links, collected.blobs), (1, 1), "only what nobody asked for");
    for kept in &old[..3] {
        assert!(store.blob(&a, kept).await.unwrap().is_some());
    }
}
