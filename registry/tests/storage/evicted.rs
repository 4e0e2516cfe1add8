//! Blobs that are taken away to make room.

use std::time::{Duration, SystemTime};

use lanner_registry::oci::{Digest, RepositoryName};
use lanner_registry::store::Store;

use crate::{name, push_blob};

const SIZE: usize = 1000;

/// Has it that a blob of a repository was last used so many hours ago.
fn last_used(folder: &std::path::Path, to: &RepositoryName, digest: &Digest, hours: u64) {
    let link = folder.join(format!("repositories/{to}/_blobs/sha256/{}", digest.hex()));
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    std::fs::File::open(link).unwrap().set_modified(then).unwrap();
}

#[tokio::test]
async fn what_was_least_recently_used_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let (far, own) = (name("far/a"), name("own"));
    let mut blobs = Vec::new();
    for n in 0..6u8 {
        blobs.push(push_blob(&store, &far, &[n; SIZE]).await.unwrap());
        last_used(folder.path(), &far, &blobs[usize::from(n)], 10 - u64::from(n));
    }
    let elsewhere = push_blob(&store, &own, &[99; SIZE]).await.unwrap();
    push_blob(&store, &own, &[1; SIZE]).await.unwrap();
    last_used(folder.path(), &own, &elsewhere, 100);
    // The oldest is used again.
    store.use_blob(&far, &blobs[0]).await.unwrap();
    let evict = async |most: usize, least: usize, recent| {
        let of_far = |name: &RepositoryName| name.as_str().starts_with("far/");
        store.evict(of_far, (most * SIZE) as u64, (least * SIZE) as u64, recent).await.unwrap()
    };
    let all = 6 * SIZE as u64;
    assert_eq!(evict(6, 3, Duration::ZERO).await, (all, all), "there is no more than there may be");
    assert_eq!(evict(5, 3, Duration::from_secs(3600)).await, (all, all), "all has just come");
    assert_eq!(evict(5, 3, Duration::ZERO).await, (all, 3 * SIZE as u64));
    let mut left = Vec::new();
    for blob in &blobs {
        left.push(store.blob(&far, blob).await.unwrap().is_some());
    }
    assert_eq!(left, [true, false, false, false, true, true]);
    assert!(store.blob(&own, &elsewhere).await.unwrap().is_some(), "it is no mirror's");
    assert!(store.blob(&own, &blobs[1]).await.unwrap().is_some(), "another one has it too");
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.problems, verified.blobs), (vec![], 5), "the bytes are gone");
    // What was taken away is not brought back by being used.
    store.use_blob(&far, &blobs[2]).await.unwrap();
    assert!(store.blob(&far, &blobs[2]).await.unwrap().is_none());
}
