//! How much a spool may hold, and how sure it is.

use std::time::{Duration, SystemTime};

/// Bytes of findings on disk, where nothing is said.
const BYTES: u64 = 1 << 30;
/// How old they may become, where nothing is said.
const AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Findings that wait in memory until they are written, and bytes of them.
const MEMORY_RECORDS: usize = 16_384;
const MEMORY_BYTES: usize = 64 << 20;

/// When what was written is safe from what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// At once from the end of the process, however it ends; from a power cut some seconds later.
    #[default]
    Normal,
    /// At once from a power cut, too: each batch waits for the disk.
    Full,
}

/// How a spool is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of findings on disk; beyond it the oldest are dropped, and counted for the sinks that do not have them.
    pub bytes: u64,
    /// How old a finding may become, likewise.
    pub age: Duration,
    /// How sure it is.
    pub durability: Durability,
    /// Findings that wait in memory while nothing can be written; what comes beyond is left out, and counted.
    pub memory_records: usize,
    /// Bytes of them, likewise.
    pub memory_bytes: usize,
    /// What time it is, ns since 1970 (UTC).
    pub now: fn() -> u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bytes: BYTES,
            age: AGE,
            durability: Durability::Normal,
            memory_records: MEMORY_RECORDS,
            memory_bytes: MEMORY_BYTES,
            now,
        }
    }
}

/// The clock of the machine.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
