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
