//! What all that is known of processes takes, counted as long as anybody holds it: living ones, ended ones, and ancestors
//! that only their descendants still know.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scales(Arc<AtomicUsize>);

impl Scales {
    /// How many there are now.
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts so many bytes, until what is given is dropped.
    pub(crate) fn weigh(&self, bytes: usize) -> Weight {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Weight { scales: self.clone(), bytes }
    }
}

/// Bytes that are counted; a clone's, too.
#[derive(Debug, Default)]
pub(crate) struct Weight {
    scales: Scales,
    bytes: usize,
}

impl Clone for Weight {
    fn clone(&self) -> Self {
        self.scales.weigh(self.bytes)
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.scales.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// It says nothing of a process.
impl PartialEq for Weight {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
