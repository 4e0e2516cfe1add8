//! What tells whether a file is another, or has changed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Device, inode, size, and when it changed (s, ns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts([i64; 5]);

impl Facts {
    /// Those of what lies at a path; nothing where nothing does.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let facts = path.metadata().ok()?;
        let [device, inode, size] = [facts.dev(), facts.ino(), facts.size()].map(u64::cast_signed);
        Some(Self([device, inode, size, facts.ctime(), facts.ctime_nsec()]))
    }
}
