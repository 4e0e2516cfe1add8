//! Collections while the registry serves: from time to time, and when the administrator asks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Collect;
use crate::metrics::metrics;
use crate::registry::Registry;
use crate::store::{Collected, StoreError};

/// Begins collections.
#[derive(Clone)]
pub(super) struct Collector {
    registry: Arc<Registry>,
    config: Collect,
    /// A collection that has begun is not given up half-way while there are requests: what it is just taking away would
    /// be gone after a request was told that it is there.
    under_way: TaskTracker,
}

impl Collector {
    pub(super) fn new(registry: Arc<Registry>, config: Collect) -> Self {
        Self { registry, config, under_way: TaskTracker::new() }
    }

    /// Collects now. It goes on to its end even if nobody waits for it any more.
    pub(super) async fn now(&self) -> Result<Collected, StoreError> {
        let collector = self.clone();
        let work = async move {
            let began = Instant::now();
            let outcome = collector.registry.store.collect(collector.config.retention()).await;
            metrics().collected(outcome.as_ref().ok());
            match &outcome {
                Ok(Collected { manifests, links, blobs, bytes, uploads }) => {
                    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    tracing::info!(manifests, links, blobs, bytes, uploads, ms, "collected what nothing refers to");
                }
                Err(error) => {
                    metrics().storage_errors.inc();
                    tracing::error!("the collection failed: {error}");
                }
            }
            outcome
        };
        match self.under_way.spawn(work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Request("the collection was given up".into())),
        }
    }

    /// Collects from time to time, until told to stop.
    pub(super) async fn every(self, stop: CancellationToken) {
        if self.config.every.is_zero() {
            return;
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(spread(self.config.every, chance())) => {}
            }
            // What went wrong was told; the next one may do better.
            let _ = self.now().await;
        }
    }

    /// Ends when nothing is being collected.
    pub(super) async fn idle(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }
}

/// Anything from 0 to 1.
fn chance() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}

/// A tenth more or less, so that many registries with one bucket or one disk do not begin together.
fn spread(every: Duration, chance: f64) -> Duration {
    every.mul_f64(0.9 + 0.2 * chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_or_less() {
        let hour = Duration::from_secs(3600);
        assert_eq!(spread(hour, 0.0), Duration::from_secs(3240));
        assert_eq!(spread(hour, 1.0).as_secs_f64().round(), 3960.0);
        let chances: Vec<_> = std::iter::repeat_with(chance).take(8).collect();
        assert!(chances.iter().all(|chance| (0.0..=1.0).contains(chance)));
        assert!(chances.iter().any(|chance| *chance != chances[0]), "{chances:?}");
    }
}
