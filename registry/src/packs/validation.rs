//! Packs looked at before they are taken.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::header::{HeaderValue, RETRY_AFTER};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use lanner_artifact::COMPONENT_MEDIA_TYPE;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{component, description};
use crate::oci::{Code, Digest, Manifest, OciError, RepositoryName};
use crate::store::Store;

/// How many components are looked at at once: each is held in memory whole.
const AT_ONCE: usize = 2;
/// How long a push waits for its turn.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many components are known to be good: pushing one again, under another tag, costs nothing.
const REMEMBERED: usize = 4096;

/// Looks at packs before they are taken.
pub(super) struct Validation {
    limit: u64,
    turns: Arc<Semaphore>,
    good: Mutex<Good>,
}

#[derive(Default)]
struct Good {
    known: HashSet<Digest>,
    order: VecDeque<Digest>,
}

impl Validation {
    /// With components of at most `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, turns: Arc::new(Semaphore::new(AT_ONCE)), good: Mutex::default() }
    }

    /// Whether the pack may be taken. The manifest has a layer of a component.
    pub(super) async fn check(
        &self,
        store: &Store,
        name: &RepositoryName,
        manifest: &Manifest,
    ) -> Result<(), OciError> {
        description::check(manifest).map_err(|error| invalid(error.to_string()))?;
        let layers = manifest.layers.as_deref().unwrap_or_default();
        let [layer] = layers else {
            return Err(invalid(format!(
                "a pack has one layer of {COMPONENT_MEDIA_TYPE}, and this one has {}",
                layers.len()
            )));
        };
        let digest = &layer.digest;
        let blob = store.blob(name, digest).await?;
        let blob = blob.ok_or_else(|| {
            invalid(format!("the component {digest} is not in this repository; push it before the manifest"))
        })?;
        if blob.size != layer.size {
            return Err(invalid(format!(
                "the component {digest} has {} bytes, not {} as the manifest says",
                blob.size, layer.size
            )));
        }
        if blob.size > self.limit {
            return Err(invalid(format!(
                "the component {digest} has {} bytes; at most {} are allowed (packs.component_bytes)",
                blob.size, self.limit
            )));
        }
        if self.good.lock().expect("nobody panics with it").known.contains(digest) {
            return Ok(());
        }
        let turn = self.turn().await?;
        let bytes = read(store, digest, blob.size).await?;
        // The turn is over when the work is, even if the client does not wait for it.
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = component::check(&bytes);
            drop((bytes, turn));
            outcome
        });
        match outcome.await {
            Ok(Ok(())) => {
                self.remember(digest);
                Ok(())
            }
            Ok(Err(error)) => Err(invalid(format!("the component {digest} {error}"))),
            Err(error) => {
                tracing::error!(%digest, %error, "looking at a component failed");
                Err(invalid(format!("the component {digest} cannot be checked")))
            }
        }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, OciError> {
        match tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await {
            Ok(turn) => Ok(turn.expect("it is never closed")),
            Err(_) => {
                let reason = "too many packs are being checked; push again later";
                Err(OciError::new(Code::Unavailable, reason).with_header(RETRY_AFTER, HeaderValue::from_static("30")))
            }
        }
    }

    fn remember(&self, digest: &Digest) {
        let mut good = self.good.lock().expect("nobody panics with it");
        if good.known.insert(digest.clone()) {
            good.order.push_back(digest.clone());
        }
        if good.order.len() > REMEMBERED
            && let Some(oldest) = good.order.pop_front()
        {
            good.known.remove(&oldest);
        }
    }
}

fn invalid(reason: impl Into<String>) -> OciError {
    OciError::new(Code::ManifestInvalid, reason)
}

/// A small blob, whole.
pub(super) async fn read(store: &Store, digest: &Digest, size: u64) -> Result<Bytes, OciError> {
    let mut content = store.open(digest, None).await?;
    let mut bytes = BytesMut::with_capacity(usize::try_from(size).unwrap_or_default());
    let failed = |error| {
        tracing::error!(%digest, %error, "a blob cannot be read");
        OciError::new(Code::Unknown, "the storage failed; the registry's log says why")
    };
    while let Some(piece) = content.try_next().await.map_err(failed)? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}
