//! What a pack raised, as tests see it.

const std = @import("std");

const Address = @import("../address.zig").Address;
const cbor = @import("../cbor.zig");
const pack_of = @import("../pack.zig");
const Text = @import("../text.zig").Text;

pub const Fact = union(enum) {
    text: []const u8,
    path: []const u8,
    number: i128,
    float: f64,
    boolean: bool,
    address: Address,
    /// An image id.
    process: u64,
    list: []const Fact,

    /// As it is shown, with `{f}`.
    pub fn format(self: Fact, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        switch (self) {
            .text => |text| try writer.writeAll(text),
            .path => |path| try Text.of(path).format(writer),
            .address => |address| try address.format(writer),
            .list => |facts| {
                try writer.writeByte('[');
                for (facts, 0..) |one, number| {
                    if (number > 0) try writer.writeAll(", ");
                    try one.format(writer);
                }
                try writer.writeByte(']');
            },
            .number => |number| try writer.print("{d}", .{number}),
            .process => |image| try writer.print("{d}", .{image}),
            .float => |number| try writer.print("{d}", .{number}),
            .boolean => |yes| try writer.print("{}", .{yes}),
        }
    }
};

/// What a rule raised.
pub const Found = struct {
    /// The rule's id.
    rule: []const u8,
    message: []const u8,
    /// The finding's, or where it has none the rule's.
    severity: pack_of.Severity,
    key: ?[]const u8,
    /// Sequence numbers of the events behind it; the first event that was fed has 1.
    events: []const u64,
    /// Image id of the process it is about, where that was said.
    process: ?u64,
    facts: []const Named,

    pub const Named = struct { name: []const u8, value: Fact };

    /// The value of a fact.
    pub fn fact(self: Found, name: []const u8) ?Fact {
        for (self.facts) |one| {
            if (std.mem.eql(u8, one.name, name)) return one.value;
        }
        return null;
    }
};

const Error = cbor.Error || error{OutOfMemory};

/// Reads a finding, as it travels; all of it lies in the arena. `rules` are the pack's.
pub fn read(arena: std.mem.Allocator, rules: anytype, finding: []const u8) Error!Found {
    var reader: cbor.Reader = .init(finding);
    var found: Found = .{ .rule = "", .message = "", .severity = .medium, .key = null, .events = &.{}, .process = null, .facts = &.{} };
    var severity: ?pack_of.Severity = null;
    var number: usize = rules.len;
    var keys = try reader.map();
    while (try keys.next(&reader)) {
        const key = try reader.text();
        if (std.mem.eql(u8, key, "rule")) {
            number = try reader.int(usize);
        } else if (std.mem.eql(u8, key, "message")) {
            found.message = try arena.dupe(u8, try reader.text());
        } else if (std.mem.eql(u8, key, "severity")) {
            severity = std.meta.stringToEnum(pack_of.Severity, try reader.text()) orelse return error.Malformed;
        } else if (std.mem.eql(u8, key, "events")) {
            found.events = try reader.value([]const u64, arena);
        } else if (std.mem.eql(u8, key, "process")) {
            found.process = try reader.int(u64);
        } else if (std.mem.eql(u8, key, "key")) {
            found.key = try arena.dupe(u8, try reader.text());
        } else if (std.mem.eql(u8, key, "fields")) {
            found.facts = try readFacts(arena, &reader);
        } else {
            return error.Malformed;
        }
    }
    if (number >= rules.len or reader.bytes_left.len > 0) return error.Malformed;
    found.rule = rules[number].id;
    found.severity = severity orelse rules[number].severity;
    return found;
}

fn readFacts(arena: std.mem.Allocator, reader: *cbor.Reader) Error![]const Found.Named {
    var facts: std.ArrayList(Found.Named) = .empty;
    var left = try reader.array();
    while (try left.next(reader)) {
        var pair = try reader.array();
        if (!try pair.next(reader)) return error.Malformed;
        const name = try arena.dupe(u8, try reader.text());
        if (!try pair.next(reader)) return error.Malformed;
        try facts.append(arena, .{ .name = name, .value = try readFact(arena, reader) });
        if (try pair.next(reader)) return error.Malformed;
    }
    return facts.items;
}

fn readFact(arena: std.mem.Allocator, reader: *cbor.Reader) Error!Fact {
    return switch (reader.peek()) {
        .text => .{ .text = try arena.dupe(u8, try reader.text()) },
        .unsigned, .negative => .{ .number = try reader.integer() },
        .boolean => .{ .boolean = try reader.boolean() },
        .float => .{ .float = try reader.float() },
        .array => readNamed(arena, reader),
        else => error.Malformed,
    };
}

fn readNamed(arena: std.mem.Allocator, reader: *cbor.Reader) Error!Fact {
    var left = try reader.array();
    if (!try left.next(reader)) return error.Malformed;
    const name = try reader.text();
    if (std.mem.eql(u8, name, "list")) {
        var facts: std.ArrayList(Fact) = .empty;
        while (try left.next(reader)) try facts.append(arena, try readFact(arena, reader));
        return .{ .list = facts.items };
    }
    if (!try left.next(reader)) return error.Malformed;
    if (std.mem.eql(u8, name, "process")) return .{ .process = try reader.int(u64) };
    const bytes = try arena.dupe(u8, try reader.text());
    if (std.mem.eql(u8, name, "path")) return .{ .path = bytes };
    if (!std.mem.eql(u8, name, "address")) return error.Malformed;
    var address: Address = .{ .bytes = @as([10]u8, @splat(0)) ++ [_]u8{ 0xff, 0xff } ++ @as([4]u8, @splat(0)) };
    switch (bytes.len) {
        4 => address.bytes[12..16].* = bytes[0..4].*,
        16 => address.bytes = bytes[0..16].*,
        else => return error.Malformed,
    }
    return .{ .address = address };
}
