//! How much is kept at most.

use lanner_registry::oci::Algorithm;
use lanner_registry::store::{Quota, Store, StoreError};

use crate::{ANY, AT_ONCE, image, name, once, push_blob, push_manifest, sha256};

const MIB: usize = 1 << 20;

async fn open(folder: &std::path::Path, quotas: &[(&str, usize)]) -> Store {
    let store = Store::open_local(folder).unwrap();
    let quota = |(prefix, bytes): &(&str, usize)| Quota { prefix: (*prefix).into(), bytes: *bytes as u64 };
    store.limit(quotas.iter().map(quota).collect()).await.unwrap();
    store
}

fn is_refused<T>(outcome: Result<T, StoreError>, prefix: &str) -> bool {
    matches!(outcome, Err(StoreError::Quota(quota)) if quota.prefix == prefix)
}

#[tokio::test]
async fn no_more_than_a_prefix_may_have() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), &[("team", 4 * MIB), ("", 10 * MIB)]).await;
    let (a, b, other) = (name("team/a"), name("team/b"), name("other"));
    // One that is written at once, one that is an upload first, and the same again.
    let first = push_blob(&store, &a, &vec![1; MIB / 2]).await.unwrap();
    let second = push_blob(&store, &a, &vec![2; MIB * 3 / 2]).await.unwrap();
    for bytes in [vec![1; MIB / 2], vec![2; MIB * 3 / 2]] {
        push_blob(&store, &a, &bytes).await.unwrap();
    }
    assert!(is_refused(push_blob(&store, &b, &vec![3; MIB * 5 / 2]).await, "team"));
    push_blob(&store, &b, &vec![4; MIB]).await.unwrap();
    assert!(is_refused(store.mount(&a, &b, &second).await, "team"));
    assert!(is_refused(push_blob(&store, &b, &[vec![5; MIB], vec![6; MIB / 4]].concat()).await, "team"));
    // What is refused leaves nothing, and is not counted.
    assert_eq!(std::fs::read_dir(folder.path().join("uploads")).unwrap().count(), 0);
    push_blob(&store, &b, &vec![6; MIB / 4]).await.unwrap();
    push_blob(&store, &other, &vec![7; 3 * MIB]).await.unwrap();
    // The bytes are there once.
    assert!(store.mount(&a, &other, &second).await.unwrap());
    // What is deleted is free for its prefix at once.
    assert!(store.delete_blob(&a, &second, |_| false).await.unwrap());
    assert!(store.delete_blob(&a, &first, |_| false).await.unwrap());
    push_blob(&store, &b, &vec![8; 2 * MIB]).await.unwrap();
    assert!(is_refused(push_blob(&store, &other, &vec![9; 2 * MIB]).await, ""));
}

/// Uploads that are never finished are kept too.
#[tokio::test]
async fn uploads_count() {
    let folder = tempfile::tempdir().unwrap();
    let a = name("team/a");
    let quotas = [("team", 4 * MIB)];
    let store = open(folder.path(), &quotas).await;
    let id = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    store.append(&a, id, ANY, once(&vec![1; 3 * MIB])).await.unwrap();
    assert!(is_refused(push_blob(&store, &a, &vec![2; 2 * MIB]).await, "team"));
    drop(store);
    // Also after a restart.
    let store = open(folder.path(), &quotas).await;
    assert!(is_refused(push_blob(&store, &a, &vec![2; 2 * MIB]).await, "team"));
    store.finish_upload(&a, id, &sha256(&vec![1; 3 * MIB]), ANY, once(b"")).await.unwrap();
    assert!(is_refused(push_blob(&store, &a, &vec![2; 2 * MIB]).await, "team"));
    store.collect(AT_ONCE).await.unwrap();
    push_blob(&store, &a, &vec![2; 2 * MIB]).await.unwrap();
}

#[tokio::test]
async fn manifests_count() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), &[("a", MIB)]).await;
    let a = name("a");
    push_blob(&store, &a, b"{}").await.unwrap();
    let mut manifest = image(&[]);
    manifest["annotations"] = serde_json::json!({ "note": "x".repeat(MIB * 3 / 4) });
    let digest = push_manifest(&store, &a, &manifest, &["t"]).await.unwrap();
    push_manifest(&store, &a, &manifest, &["again"]).await.unwrap();
    manifest["annotations"]["more"] = "y".into();
    assert!(is_refused(push_manifest(&store, &a, &manifest, &["t"]).await, "a"));
    assert_eq!(store.tag(&a, &"t".parse().unwrap()).await.unwrap(), Some(digest.clone()));
    store.delete_manifest(&a, &digest, |_| false).await.unwrap();
    push_manifest(&store, &a, &manifest, &["t"]).await.unwrap();
}
