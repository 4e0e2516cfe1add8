//! A finding as it lies in a spool.

use std::sync::Arc;

/// What a finding is known by.
pub type Id = [u8; 16];

/// A finding that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is known by.
    pub id: Id,
    /// Lanner's JSON of it.
    pub bytes: Arc<[u8]>,
}

/// A finding that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number: those that come later have greater ones, and there may be gaps.
    pub seq: u64,
    /// When it was taken, ns since 1970 (UTC).
    pub time_ns: u64,
    /// What it is known by.
    pub id: Id,
    /// Lanner's JSON of it.
    pub bytes: Arc<[u8]>,
}

/// Findings that were read together, without what they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The number of the last one.
    pub last: u64,
    /// When that was taken, ns since 1970 (UTC).
    pub(crate) time_ns: u64,
    /// How many there are.
    pub count: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl Portion {
    /// Of these; nothing where there are none.
    pub fn of(records: &[Record]) -> Option<Self> {
        let Record { seq, time_ns, .. } = records.last()?;
        let bytes = records.iter().map(|record| record.bytes.len() as u64).sum();
        Some(Self { last: *seq, time_ns: *time_ns, count: records.len() as u64, bytes })
    }
}
