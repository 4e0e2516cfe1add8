//! How a delivery stands, for whoever asks while it goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::queue::{Queue, Standing};

/// How far a delivery is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Findings so far.
    pub findings: u64,
    /// Findings that some sink did not take in time, and that were left out for it.
    pub left_out: u64,
    /// Findings that are not written yet, by the sink that has the most.
    pub waiting: usize,
    /// Why that sink does not write them, where that is known.
    pub trouble: Option<String>,
}

/// How one sink stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkStanding {
    /// What it is called.
    pub name: String,
    /// Findings that it has written.
    pub written: u64,
    /// Findings that are not written yet.
    pub waiting: usize,
    /// Findings that it did not take in time, and that were left out for it.
    pub left_out: u64,
    /// Findings that were tried again, each as often as it was.
    pub retried: u64,
    /// Findings that it will never take.
    pub rejected: u64,
    /// Findings that its route kept back, or made one with others.
    pub kept_back: u64,
    /// Bytes of those that wait, where that is known.
    pub waiting_bytes: u64,
    /// When the oldest that waits was found, ns since 1970 (UTC), where that is known.
    pub oldest_ns: Option<u64>,
    /// Why it does not write for now, where that is known.
    pub trouble: Option<String>,
    /// It takes nothing any more.
    pub failed: bool,
}

/// A view of a delivery. Cheap to clone.
#[derive(Clone)]
pub struct Standings {
    pub(crate) queues: Arc<[(String, Queue)]>,
    pub(crate) found: Arc<AtomicU64>,
}

impl Standings {
    /// Findings so far.
    pub fn findings(&self) -> u64 {
        self.found.load(Ordering::Relaxed)
    }

    /// Each sink, in the order in which they were given.
    pub fn sinks(&self) -> Vec<SinkStanding> {
        let sink = |(name, queue): &(String, Queue)| {
            let Standing { waiting, written, left_out, trouble } = queue.standing();
            let failed = queue.has_failed();
            SinkStanding { name: name.clone(), written, waiting, left_out, trouble, failed, ..SinkStanding::default() }
        };
        self.queues.iter().map(sink).collect()
    }

    /// All of them together.
    pub fn progress(&self) -> Progress {
        let sinks = self.sinks();
        let left_out = sinks.iter().map(|sink| sink.left_out).sum();
        let most = sinks.into_iter().max_by_key(|sink| sink.waiting).unwrap_or_default();
        Progress { findings: self.findings(), left_out, waiting: most.waiting, trouble: most.trouble }
    }
}
