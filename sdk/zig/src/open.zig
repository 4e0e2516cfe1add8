//! What rules ask of an open. The flags are those of open(2), the same numbers on all machines that Lanner runs on.

const OpenEvent = @import("generated.zig").OpenEvent;

const accmode = 0o3;
const wronly = 0o1;
const rdwr = 0o2;
const creat = 0o100;
const trunc = 0o1000;
const append = 0o2000;
/// Gives a handle to a path, by which nothing can be read or written.
const path_only = 0o10_000_000;

fn access(self: OpenEvent) ?u32 {
    const flags = self.flags();
    return if (flags & path_only == 0) flags & accmode else null;
}

/// Whether it may read, or would have, where it failed.
pub fn isRead(self: OpenEvent) bool {
    return (access(self) orelse return false) != wronly;
}

/// Whether it may write, or would have, where it failed.
pub fn isWrite(self: OpenEvent) bool {
    const its = access(self) orelse return false;
    return its == wronly or its == rdwr;
}

/// Whether what was in the file is gone (`O_TRUNC`).
pub fn truncates(self: OpenEvent) bool {
    return access(self) != null and self.flags() & trunc != 0;
}

/// Whether it may create the file (`O_CREAT`). Whether it did says `created`.
pub fn mayCreate(self: OpenEvent) bool {
    return access(self) != null and self.flags() & creat != 0;
}

/// Whether it writes at the end only (`O_APPEND`).
pub fn appends(self: OpenEvent) bool {
    return self.isWrite() and self.flags() & append != 0;
}
