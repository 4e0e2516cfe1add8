//! Room where there is none: what failed pushes have left behind is taken away when the storage is full, and not only
//! when its time is over. Not when a quota is used up: whoever does that would have others' layers wait for less.

use std::time::Duration;

use tokio::time::Instant;

use super::{Result, Retention, Store, StoreError};

/// How long a blob waits for its manifest while there is no room: pushes of many layers go on, also of others.
const UNREFERENCED: Duration = Duration::from_secs(3600);
/// How long an upload may rest meanwhile.
const IDLE_UPLOAD: Duration = Duration::from_secs(60);
/// How often it is looked for such things at most: it reads all manifests.
const EVERY: Duration = Duration::from_secs(30);

/// When it was looked for the last time; held while somebody looks.
#[derive(Default)]
pub(super) struct Reclaimed(tokio::sync::Mutex<Option<Instant>>);

impl Store {
    /// Writes, and if there is no room makes some and tries again. To be called without a passage of the gate: a
    /// collection would wait for that.
    pub(super) async fn with_room<T, F>(&self, write: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        match write().await {
            Err(StoreError::Full) if self.reclaim().await => write().await,
            outcome => outcome,
        }
    }

    /// Takes away what failed pushes left behind; whether there may be more room now.
    async fn reclaim(&self) -> bool {
        let mut last = self.0.reclaimed.0.lock().await;
        if last.is_some_and(|last| last.elapsed() < EVERY) {
            return false;
        }
        let keep = Retention { unreferenced: UNREFERENCED, idle_upload: IDLE_UPLOAD, untagged: None };
        let outcome = self.collect(keep).await;
        *last = Some(Instant::now());
        match outcome {
            Ok(collected) => {
                tracing::warn!(blobs = collected.blobs, uploads = collected.uploads, "there was no room: collected");
                collected.blobs > 0 || collected.uploads > 0
            }
            Err(error) => {
                tracing::error!(%error, "there is no room, and nothing can be collected");
                false
            }
        }
    }
}
