//! How much of another registry is kept: what was least recently used goes first.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::believed::Believed;
use super::{Key, Mirror};
use crate::oci::{Digest, RepositoryName};

/// How exactly it is known when a blob was last used: it is written down no more often.
const EXACT: Duration = Duration::from_secs(3600);
/// What came or was asked for so lately stays: it may be about to be read.
const JUST_FOUND: Duration = Duration::from_secs(10);
/// For how many blobs it is remembered that this was written down.
const MOST_USED: usize = 65_536;
/// What is kept is counted when so much has come, as a part of what may be kept; as much more is taken away then.
const PART: u64 = 16;

/// What a mirror may keep.
pub(super) struct Bound {
    most: u64,
    /// Prefixes of other mirrors that may be below this one's.
    deeper: Vec<String>,
    used: Believed<Key, ()>,
    /// How much has come since it was counted.
    came: AtomicU64,
    /// One counts at a time.
    counting: tokio::sync::Mutex<()>,
}

impl Bound {
    pub(super) fn new(most: u64, deeper: Vec<String>) -> Self {
        // What an earlier process left is counted with the first that comes.
        let came = AtomicU64::new(most);
        Self { most, deeper, used: Believed::new(MOST_USED), came, counting: tokio::sync::Mutex::default() }
    }
}

impl Mirror {
    /// A blob was asked for that is kept.
    pub(super) async fn used(&self, name: &RepositoryName, digest: &Digest) {
        let Some(bound) = &self.0.bound else { return };
        let key = (name.clone(), digest.clone());
        if bound.used.get(&key).is_some() {
            return;
        }
        bound.used.put(key, (), EXACT);
        if let Err(error) = self.0.store.use_blob(name, digest).await {
            tracing::warn!(repository = %name, %digest, %error, "it cannot be noted that a mirrored blob was used");
        }
    }

    /// So many bytes of a blob have come and are kept.
    pub(super) async fn grew(&self, bytes: u64) {
        let Some(bound) = &self.0.bound else { return };
        let came = bound.came.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let part = bound.most / PART;
        if came < part {
            return;
        }
        let Ok(_alone) = bound.counting.try_lock() else { return };
        bound.came.store(0, Ordering::Relaxed);
        let is_other = |name: &RepositoryName| {
            let below = |prefix: &String| name.as_str().strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
            bound.deeper.iter().any(below)
        };
        let own = |name: &RepositoryName| self.upstream_name(name).is_some() && !is_other(name);
        match self.0.store.evict(own, bound.most - part, bound.most - 2 * part, JUST_FOUND).await {
            Ok((before, left)) if left < before => {
                tracing::info!(prefix = %self.0.prefix, before, left, "mirrored blobs were taken away to make room");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(prefix = %self.0.prefix, %error, "no room can be made for mirrored blobs"),
        }
    }
}
