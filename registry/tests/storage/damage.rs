//! Damage, links that lead elsewhere, a full disk, and content that lies in an object store.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use lanner_registry::oci::{Algorithm, Digest, Reference};
use lanner_registry::store::{Problem, Store, StoreError};

use crate::{ANY, AT_ONCE, image, name, once, push_blob, push_manifest, sha256};

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

/// What failed pushes left behind is not in the way of others.
#[tokio::test]
async fn a_disk_that_failed_pushes_filled() {
    let disk = Tmpfs::new("8m");
    let store = Store::open_local(disk.0.path()).unwrap();
    let a = name("a");
    let half = push_blob(&store, &a, &vec![1; 4 << 20]).await.unwrap();
    // In one request, and in chunks: the client that is refused may never come back.
    assert!(matches!(push_blob(&store, &a, &vec![2; 20 << 20]).await, Err(StoreError::Full)));
    push_blob(&store, &a, &vec![3; 1 << 10]).await.unwrap();
    let id = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    assert!(matches!(store.append(&a, id, ANY, once(&vec![4; 20 << 20])).await, Err(StoreError::Full)));
    push_blob(&store, &a, &vec![5; 1 << 10]).await.unwrap();
    assert_eq!(std::fs::read_dir(disk.0.path().join("uploads")).unwrap().count(), 0);
    // A layer whose manifest never came makes room when it is needed, long before it would be collected.
    drop(store);
    crate::collected::grow_old(disk.0.path());
    let store = Store::open_local(disk.0.path()).unwrap();
    while push_blob(&store, &a, &[vec![6; 200 << 10], uuid::Uuid::new_v4().as_bytes().to_vec()].concat()).await.is_ok()
        && store.blob(&a, &half).await.unwrap().is_some()
    {}
    push_blob(&store, &a, &vec![7; 1 << 10]).await.unwrap();
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
