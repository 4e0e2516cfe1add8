//! Files of the folder `tests` of the repository, and the rows of its vectors, whose README says how they are written.

const std = @import("std");

const shared = @import("options").shared;

/// A file, in the arena.
pub fn read(arena: std.mem.Allocator, name: []const u8) ![]u8 {
    const path = try std.fs.path.join(arena, &.{ shared, name });
    return std.Io.Dir.cwd().readFileAlloc(std.testing.io, path, arena, .unlimited);
}

pub const Row = struct {
    file: []const u8,
    line: usize,
    fields: []const []const u8,

    /// A text: `-` is not known.
    pub fn text(self: Row, number: usize) ?[]const u8 {
        const field = self.fields[number];
        return if (std.mem.eql(u8, field, "-")) null else field;
    }

    /// A field without its escapes.
    pub fn bytes(self: Row, arena: std.mem.Allocator, number: usize) !?[]const u8 {
        return try unescaped(arena, self.text(number) orelse return null);
    }

    pub fn yes(self: Row, number: usize) !bool {
        if (std.mem.eql(u8, self.fields[number], "yes")) return true;
        return if (std.mem.eql(u8, self.fields[number], "no")) false else error.NeitherYesNorNo;
    }

    pub fn integer(self: Row, number: usize) !u64 {
        return std.fmt.parseInt(u64, self.fields[number], 10);
    }

    /// Bytes in hexadecimal.
    pub fn hex(self: Row, arena: std.mem.Allocator, number: usize) ![]u8 {
        const out = try arena.alloc(u8, self.fields[number].len / 2);
        return std.fmt.hexToBytes(out, self.fields[number]);
    }

    /// Says which row it is that is not so.
    pub fn expect(self: Row, so: bool) !void {
        if (so) return;
        std.debug.print("{s}:{d} is not so\n", .{ self.file, self.line });
        return error.NotSo;
    }
};

fn unescaped(arena: std.mem.Allocator, field: []const u8) ![]const u8 {
    var out: std.ArrayList(u8) = .empty;
    var at: usize = 0;
    while (at < field.len) : (at += 1) {
        if (field[at] == '\\') {
            try out.append(arena, try std.fmt.parseInt(u8, field[at + 2 ..][0..2], 16));
            at += 3;
        } else try out.append(arena, field[at]);
    }
    return out.items;
}

/// Calls `each` with every row of a file, in an arena that is empty again for each.
pub fn eachRow(name: []const u8, context: anytype, each: anytype) !void {
    var kept: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer kept.deinit();
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const all = try read(kept.allocator(), name);
    var lines = std.mem.splitScalar(u8, all, '\n');
    var number: usize = 1;
    _ = lines.next();
    while (lines.next()) |line| {
        number += 1;
        if (line.len == 0 and lines.peek() == null) break;
        _ = arena.reset(.retain_capacity);
        var fields: std.ArrayList([]const u8) = .empty;
        var parts = std.mem.splitScalar(u8, line, '\t');
        while (parts.next()) |part| try fields.append(arena.allocator(), part);
        try each(context, arena.allocator(), Row{ .file = name, .line = number, .fields = fields.items });
    }
    try std.testing.expect(number > 2);
}
