//! What a mirror did, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of a mirror since it began.
#[derive(Debug, Default)]
pub struct Counters {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) joins: AtomicU64,
    pub(super) stale: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) errors: AtomicU64,
}

/// Counts as they were at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that were answered from the storage or from memory, without asking the other registry.
    pub hits: u64,
    /// Requests for which the other registry was asked.
    pub misses: u64,
    /// Requests that waited for what was being asked already.
    pub joins: u64,
    /// Answers from the storage because the other registry could not be asked.
    pub stale: u64,
    /// Bytes of manifests, lists and blobs that came from the other registry.
    pub bytes: u64,
    /// Times that the other registry failed, or what came was not kept.
    pub errors: u64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    /// As they are now.
    pub fn read(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            hits: read(&self.hits),
            misses: read(&self.misses),
            joins: read(&self.joins),
            stale: read(&self.stale),
            bytes: read(&self.bytes),
            errors: read(&self.errors),
        }
    }
}
