//! The storage by itself: what is collected and what never is, what damage is noticed, and what a full disk does.

mod buckets;
mod collected;
mod damage;
mod evicted;
mod manifests;
mod quotas;
#[path = "../support/mod.rs"]
mod support;
mod uploads;

use std::time::Duration;

use bytes::Bytes;
use lanner_registry::oci::{Algorithm, Digest, MANIFEST, Manifest, RepositoryName};
use lanner_registry::store::{Announced, Retention, Store, StoreError, Stored, TagChange};
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

/// Gives what waits for nobody the time to show it: whatever tasks of this thread do with files comes before this in the
/// same queue.
async fn settle() {
    for _ in 0..50 {
        tokio::task::spawn_blocking(|| ()).await.expect("it does nothing");
    }
}
