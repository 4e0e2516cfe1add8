//! What a pack calls of its host; in tests the test is the host.

const std = @import("std");
const builtin = @import("builtin");

pub const in_pack = builtin.target.cpu.arch == .wasm32 and builtin.target.os.tag == .freestanding;

/// How much a line of the log matters.
pub const Level = enum(i32) {
    /// For who writes the pack.
    debug,
    /// Worth knowing.
    info,
    /// Something is not as it should be, and the pack goes on.
    warn,
    /// Something did not work.
    err,
};

const imports = struct {
    extern "lanner:pack/host@2.0.0" fn emit(finding: [*]const u8, size: usize) void;
    extern "lanner:pack/host@2.0.0" fn log(level: i32, message: [*]const u8, size: usize) void;
};

/// Where the findings of a test go.
pub const Sink = struct {
    context: *anyopaque,
    take: *const fn (context: *anyopaque, finding: []const u8) void,
};

pub var sink: ?Sink = null;

pub fn emit(finding: []const u8) void {
    if (in_pack) imports.emit(finding.ptr, finding.len) else if (sink) |it| it.take(it.context, finding);
}

pub fn say(level: Level, message: []const u8) void {
    if (in_pack) imports.log(@intFromEnum(level), message.ptr, message.len) else std.debug.print("{t}: {s}\n", .{ level, message });
}

/// Says something to the people who run the host. Limited there: a flood is cut and counted. In tests it goes to standard error.
pub fn log(level: Level, comptime format: []const u8, arguments: anytype) void {
    var buffer: [1024]u8 = undefined;
    var writer: std.Io.Writer = .fixed(&buffer);
    // What is too long is cut.
    writer.print(format, arguments) catch {};
    say(level, writer.buffered());
}
