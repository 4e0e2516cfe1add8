//! How much is kept.

use std::time::Duration;

/// How much is kept: the oldest findings go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How long a finding is kept, by its own time.
    pub age: Duration,
    /// Bytes of the database.
    pub bytes: u64,
}

impl Default for Bounds {
    /// 90 days, 2 GiB.
    fn default() -> Self {
        Self { age: Duration::from_secs(90 * 24 * 60 * 60), bytes: 2 << 30 }
    }
}
