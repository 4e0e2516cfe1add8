//! What the pack does, call by call, as tests/reference/script.tsv has it for all languages.

const std = @import("std");

const lanner = @import("lanner");
const pack = @import("pack").pack;

const PackTest = lanner.testing.PackTest(pack);

/// Undoes the escapes of a field.
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

fn hex(arena: std.mem.Allocator, field: []const u8) ![]const u8 {
    return std.fmt.hexToBytes(try arena.alloc(u8, field.len / 2), field);
}

fn shown(arena: std.mem.Allocator, fact: lanner.testing.Fact) ![]const u8 {
    return switch (fact) {
        .path => |path| std.fmt.allocPrint(arena, "path:{s}", .{path}),
        inline else => |_, tag| std.fmt.allocPrint(arena, "{s}:{f}", .{ @tagName(tag), fact }),
    };
}

fn checkFinding(arena: std.mem.Allocator, found: lanner.testing.Found, fields: []const []const u8) !void {
    try std.testing.expectEqualStrings(pack.rules[try std.fmt.parseInt(usize, fields[1], 10)].id, found.rule);
    try std.testing.expectEqualStrings(try unescaped(arena, fields[2]), found.message);
    if (std.mem.eql(u8, fields[3], "-")) {
        try std.testing.expectEqual(null, found.key);
    } else {
        try std.testing.expectEqualStrings(try unescaped(arena, fields[3]), found.key.?);
    }
    var events = std.mem.splitScalar(u8, fields[4], ' ');
    for (found.events) |seq| try std.testing.expectEqual(seq, try std.fmt.parseInt(u64, events.next().?, 10));
    try std.testing.expectEqual(null, events.next());
    try std.testing.expectEqual(fields.len, 5 + 2 * found.facts.len);
    for (found.facts, 0..) |fact, number| {
        try std.testing.expectEqualStrings(fields[5 + 2 * number], fact.name);
        try std.testing.expectEqualStrings(try unescaped(arena, fields[6 + 2 * number]), try shown(arena, fact.value));
    }
}

test "the script" {
    var kept: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer kept.deinit();
    const arena = kept.allocator();
    const script = try std.Io.Dir.cwd().readFileAlloc(std.testing.io, "../script.tsv", arena, .unlimited);
    var lines = std.mem.tokenizeScalar(u8, script, '\n');
    var t: PackTest = undefined;
    var is_running = false;
    defer if (is_running) t.deinit();
    // Those of the last frame that the script has not named yet.
    var left: []const lanner.testing.Found = &.{};
    var line: usize = 1;
    errdefer std.debug.print("script.tsv:{d}\n", .{line});
    _ = lines.next();
    while (lines.next()) |row| {
        line += 1;
        var fields: std.ArrayList([]const u8) = .empty;
        var parts = std.mem.splitScalar(u8, row, '\t');
        while (parts.next()) |part| try fields.append(arena, part);
        const what = fields.items[0];
        if (std.mem.eql(u8, what, "finding")) {
            if (left.len == 0) return error.NothingWasRaised;
            try checkFinding(arena, left[0], fields.items);
            left = left[1..];
            continue;
        }
        try std.testing.expectEqual(0, left.len);
        const bytes = try hex(arena, fields.items[1]);
        if (std.mem.eql(u8, what, "configure")) {
            if (is_running) t.deinit();
            try t.init(.{ .configuration = bytes });
            is_running = true;
        } else if (std.mem.eql(u8, what, "frame")) {
            left = try t.judge(bytes);
        } else if (std.mem.eql(u8, what, "saved")) {
            try std.testing.expectEqualSlices(u8, bytes, t.save());
        } else if (std.mem.eql(u8, what, "restore")) {
            try std.testing.expectEqual(null, try t.restore(bytes, "1.0.0"));
        } else return error.NoSuchRow;
    }
    try std.testing.expectEqual(0, left.len);
}

test "what is no state is refused" {
    var t: PackTest = undefined;
    try t.init(.{});
    defer t.deinit();
    for ([_][]const u8{ "x", "\xa1\x67windows\x81\x83\x01\x02\x03", "\xa1\x67windows\x81\x84\x01\x02\x03", "\xa1" }) |wrong| {
        try std.testing.expect(try t.restore(wrong, "1.0.0") != null);
    }
    // What a later version adds is passed over.
    try std.testing.expectEqual(null, try t.restore("\xa2\x61x\x80\x67windows\x80", "1.1.0"));
}
