//! What rules ask of an open. The flags are those of open(2), the same numbers on all machines that Lanner runs on.

use crate::generated::OpenEvent;
use crate::text::Text;

const O_ACCMODE: u32 = 0o3;
const O_WRONLY: u32 = 0o1;
const O_RDWR: u32 = 0o2;
const O_CREAT: u32 = 0o100;
const O_TRUNC: u32 = 0o1000;
const O_APPEND: u32 = 0o2000;
/// Gives a handle to a path, by which nothing can be read or written.
const O_PATH: u32 = 0o10_000_000;

impl<'a> OpenEvent<'a> {
    /// Each path that is known of the file: `path`, and the host's where that is another (`host_path`).
    #[inline]
    pub fn paths(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        [self.path(), self.host_path()].into_iter().filter(Text::is_known)
    }
}

impl OpenEvent<'_> {
    fn access(&self) -> Option<u32> {
        let flags = self.flags();
        (flags & O_PATH == 0).then_some(flags & O_ACCMODE)
    }

    /// Whether it may read, or would have, where it failed.
    #[inline]
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.access().is_some_and(|access| access != O_WRONLY)
    }

    /// Whether it may write, or would have, where it failed.
    #[inline]
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.access().is_some_and(|access| access == O_WRONLY || access == O_RDWR)
    }

    /// Whether what was in the file is gone (`O_TRUNC`).
    #[inline]
    #[must_use]
    pub fn truncates(&self) -> bool {
        self.access().is_some() && self.flags() & O_TRUNC != 0
    }

    /// Whether it may create the file (`O_CREAT`). Whether it did says `is_created`.
    #[inline]
    #[must_use]
    pub fn may_create(&self) -> bool {
        self.access().is_some() && self.flags() & O_CREAT != 0
    }

    /// Whether it writes at the end only (`O_APPEND`).
    #[inline]
    #[must_use]
    pub fn appends(&self) -> bool {
        self.is_write() && self.flags() & O_APPEND != 0
    }
}
