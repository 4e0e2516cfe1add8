//! A frame with every field reads as every SDK reads it; and whatever else comes, nothing outside of it is read.

const std = @import("std");

const files = @import("files.zig");
const generated = @import("lanner").internals.generated;
const Frame = @import("lanner").internals.frame.Frame;

const Writer = std.Io.Writer;

fn show(writer: *Writer, value: anytype) Writer.Error!void {
    const T = @TypeOf(value);
    switch (@typeInfo(T)) {
        .optional => if (value) |known| try show(writer, known) else try writer.writeByte('-'),
        .int => try writer.print("{d}", .{value}),
        .bool => try writer.print("{}", .{value}),
        else => if (@hasField(T, "known")) {
            const text = value.known orelse return writer.writeByte('-');
            try writer.writeByte('"');
            for (text) |byte| switch (byte) {
                '"', '\\', 0...0x1f, 0x7f...0xff => try writer.print("\\x{x:0>2}", .{byte}),
                else => try writer.writeByte(byte),
            };
            try writer.writeByte('"');
        } else if (@hasDecl(T, "len")) {
            try writer.print("{d}", .{value.len()});
        } else {
            for (value.bytes) |byte| try writer.print("{x:0>2}", .{byte});
        },
    }
}

/// Every field, through its function.
fn dump(writer: *Writer, comptime name: []const u8, row: usize, view: anytype) Writer.Error!void {
    inline for (@field(generated.records, name).fields) |field| {
        try writer.print("{s} {d} {s} ", .{ name, row, field.name });
        try show(writer, @call(.auto, @field(@TypeOf(view), field.getter), .{view}));
        try writer.writeByte('\n');
    }
}

fn dumpFrame(writer: *Writer, frame: *const Frame) Writer.Error!void {
    for (0..frame.sections[generated.records.process.index].count) |row| {
        const process = frame.process(@intCast(row));
        var ancestors = process.ancestors();
        while (ancestors.next()) |_| {}
        try dump(writer, "process", row, process);
    }
    for (0..frame.events()) |row| try dump(writer, "event", row, frame.event(@intCast(row)));
    const containers = frame.sections[generated.records.container.index].count;
    for (0..containers) |row| try dump(writer, "container", row, containerOf(frame, row));
    var number: usize = 0;
    for (0..containers) |row| {
        const container = containerOf(frame, row);
        inline for (.{ container.labels(), container.podLabels() }) |list| {
            if (list) |labels| for (0..labels.len()) |place| {
                try dump(writer, "label", number, labels.at(@intCast(place)));
                number += 1;
            };
        }
    }
    number = 0;
    for (0..containers) |row| {
        if (containerOf(frame, row).mounts()) |mounts| for (0..mounts.len()) |place| {
            try dump(writer, "container_mount", number, mounts.at(@intCast(place)));
            number += 1;
        };
    }
    for (0..frame.events()) |row| {
        const event = frame.event(@intCast(row));
        switch (event.kind() orelse {
            try writer.writeAll("a kind that is not known\n");
            continue;
        }) {
            inline else => |kind| try dump(writer, @tagName(kind), event.payloadRow(), event.of(kind).?),
        }
    }
}

fn containerOf(frame: *const Frame, row: usize) generated.Container {
    return .{ .record = frame.record(generated.records.container.index, @intCast(row)) };
}

test "every field is read" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const bytes = try files.read(arena.allocator(), "golden/frame-v2.bin");
    const expected = try files.read(arena.allocator(), "golden/frame-v2.txt");
    const frame: Frame = try .init(bytes);
    var shown: Writer.Allocating = .init(arena.allocator());
    try dumpFrame(&shown.writer, &frame);
    try std.testing.expectEqualStrings(expected, shown.written());
}

/// Reads a copy that ends where the frame does; whatever is read outside of it is caught.
fn survive(bytes: []const u8) !void {
    const copy = try std.testing.allocator.dupe(u8, bytes);
    defer std.testing.allocator.free(copy);
    const frame = Frame.init(copy) catch return;
    var nowhere: Writer.Discarding = .init(&.{});
    try dumpFrame(&nowhere.writer, &frame);
}

test "frames that are cut" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const bytes = try files.read(arena.allocator(), "golden/frame-v2.bin");
    for (0..bytes.len) |cut| {
        try survive(bytes[0..cut]);
        if (cut < 12) continue;
        // One that says that it is so long.
        const copy = try std.testing.allocator.dupe(u8, bytes[0..cut]);
        defer std.testing.allocator.free(copy);
        std.mem.writeInt(u32, copy[8..12], @intCast(cut), .little);
        try survive(copy);
    }
}

test "frames with bits that are flipped" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const bytes = try files.read(arena.allocator(), "golden/frame-v2.bin");
    const copy = try arena.allocator().alloc(u8, bytes.len);
    var prng: std.Random.DefaultPrng = .init(0x1a2b3c4d);
    const random = prng.random();
    for (0..2000) |round| {
        @memcpy(copy, bytes);
        // The head and the table are where most can go wrong.
        const within = if (round % 2 == 0) bytes.len else 1024;
        for (0..random.intRangeAtMost(usize, 1, 8)) |_| {
            copy[random.uintLessThan(usize, within)] ^= @as(u8, 1) << random.int(u3);
        }
        try survive(copy);
    }
}
