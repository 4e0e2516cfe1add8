//! What rules ask of a process, beyond its bare fields.

const std = @import("std");

const generated = @import("generated.zig");
const Process = generated.Process;
const Text = @import("text.zig").Text;
const flag = generated.process_flag;

/// Whether the frame has it. Of a process that it does not have, nothing is known.
pub fn isKnown(self: Process) bool {
    return self.record.bytes.len > 0;
}

/// The image that it was forked from, where it is known.
pub fn parent(self: Process) ?Process {
    return self.record.frame.processIfKnown(self.parentRow());
}

/// Its parent, the parent's parent, and so on: `while (ancestors.next()) |ancestor|`.
pub fn ancestors(self: Process) Ancestors {
    return .{ .following = self.parent(), .left = self.record.frame.sections[generated.records.process.index].count };
}

pub const Ancestors = struct {
    following: ?Process,
    /// Ends a line that leads back to itself: it has more steps than there are processes.
    left: u32,

    pub fn next(self: *Ancestors) ?Process {
        const it = self.following orelse return null;
        if (self.left == 0) return null;
        self.left -= 1;
        self.following = it.parent();
        return it;
    }
};

/// The container that it runs in; nothing on the host itself, and where that is not known.
pub fn container(self: Process) ?generated.Container {
    const its = self.record.frame.record(generated.records.container.index, self.containerRow());
    return if (its.bytes.len > 0) .{ .record = its } else null;
}

/// What it is called: the file name of its executable, or where there is none the kernel's short name.
pub fn name(self: Process) Text {
    const own = self.exe().fileName();
    return if (own.isEmpty()) self.comm() else own;
}

/// Its executable's path; where that is not known the kernel's short name: what a message calls it by.
pub fn exeOrComm(self: Process) Text {
    const own = self.exe();
    return if (own.isKnown()) own else self.comm();
}

/// The arguments, the program's name first: `while (args.next()) |arg|`.
pub fn args(self: Process) Strings {
    return .{ .rest = self.argv().bytes() };
}

/// The argument of this number, from 0; unknown where there is none.
pub fn arg(self: Process, number: usize) Text {
    var all = self.args();
    for (0..number) |_| _ = all.next();
    return if (all.next()) |it| .of(it) else .unknown;
}

/// Texts of which each is ended by a NUL, but the last where it was cut off.
pub const Strings = struct {
    rest: []const u8,

    pub fn next(self: *Strings) ?[]const u8 {
        if (self.rest.len == 0) return null;
        const end = std.mem.findScalar(u8, self.rest, 0) orelse self.rest.len;
        defer self.rest = self.rest[@min(end + 1, self.rest.len)..];
        return self.rest[0..end];
    }
};

/// What an entry of the environment is set to that the image began with. Unknown where it is not set, and where no filter asks for
/// it by its name: there are secrets among the others.
pub fn env(self: Process, its_name: []const u8) Text {
    var all = self.envs(its_name);
    return if (all.next()) |value| .of(value) else .unknown;
}

/// The same of each entry of that name: programs take the first (getenv), others the last, as the dynamic linker does.
pub fn envs(self: Process, its_name: []const u8) Entries {
    return .{ .strings = .{ .rest = self.environment().bytes() }, .name = its_name };
}

pub const Entries = struct {
    strings: Strings,
    name: []const u8,

    pub fn next(self: *Entries) ?[]const u8 {
        while (self.strings.next()) |entry| {
            const is_it = std.mem.startsWith(u8, entry, self.name) and entry.len > self.name.len;
            if (is_it and entry[self.name.len] == '=') return entry[self.name.len + 1 ..];
        }
        return null;
    }
};

/// The arguments in one line, to be printed with `{f}`.
pub fn commandLine(self: Process) CommandLine {
    return .{ .strings = self.args() };
}

pub const CommandLine = struct {
    strings: Strings,

    pub fn format(self: CommandLine, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        var all = self.strings;
        var is_first = true;
        while (all.next()) |it| {
            if (!is_first) try writer.writeByte(' ');
            is_first = false;
            try Text.of(it).format(writer);
        }
    }
};

/// Whether it acts as root.
pub fn isRoot(self: Process) bool {
    return self.euid() == 0;
}

/// Whether the executable lies on the upper layer of an overlay: it was written after the container began.
pub fn isUpper(self: Process) bool {
    return self.flags() & flag.exe_upper != 0;
}

/// Whether the executable is an anonymous memory file.
pub fn isMemfd(self: Process) bool {
    return self.flags() & flag.exe_memfd != 0;
}

/// Whether the executable had been deleted when it was run.
pub fn isDeleted(self: Process) bool {
    return self.flags() & flag.exe_deleted != 0;
}

/// Whether the executable is setuid or setgid.
pub fn isSetuid(self: Process) bool {
    return self.flags() & flag.exe_setuid != 0;
}

/// Whether the executable is writable by its group or by everybody.
pub fn isWritable(self: Process) bool {
    return self.flags() & flag.exe_writable != 0;
}

/// Whether not all of it is known: its exec was lost or came before the host.
pub fn isPartial(self: Process) bool {
    return self.flags() & flag.partial != 0;
}

/// Whether it is a thread of the kernel.
pub fn isKernelThread(self: Process) bool {
    return self.flags() & flag.kernel_thread != 0;
}

/// Whether the host's own self-test started it.
pub fn isSelfTest(self: Process) bool {
    return self.flags() & flag.self_test != 0;
}

/// Whether the executable is what its path says, as far as the kernel tells: it lies at that path in the process's own mount
/// namespace, belongs to root, and nobody else may write it; and the process is in the host's user namespace, as in another one
/// anybody may have mounted what he likes at that path. What is not known does not count against it. A path alone can be forged:
/// ask this of a process before you trust it by its path.
pub fn exeIsGenuine(self: Process) bool {
    // The host's own user namespace (PROC_USER_INIT_INO of include/linux/proc_ns.h).
    const first_user_namespace = 0xefff_fffd;
    const forged = flag.exe_deleted | flag.exe_memfd | flag.exe_writable | flag.exe_unreachable | flag.exe_foreign;
    return self.flags() & forged == 0 and (self.exeUid() orelse 0) == 0 and
        (self.userNs() orelse first_user_namespace) == first_user_namespace;
}

/// `cat (pid 123, root)`, as it stands in messages: `{f}`.
pub fn format(self: Process, writer: *std.Io.Writer) std.Io.Writer.Error!void {
    if (!self.isKnown()) return writer.writeAll("an unknown process");
    const own = self.name();
    if (own.isEmpty()) try writer.writeByte('?') else try own.format(writer);
    const its_user = self.user();
    if (its_user.isEmpty()) {
        try writer.print(" (pid {d}, uid {d})", .{ self.pid(), self.uid() });
    } else {
        try writer.print(" (pid {d}, {f})", .{ self.pid(), its_user });
    }
}
