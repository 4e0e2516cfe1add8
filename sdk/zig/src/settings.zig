//! What can be set in a pack, and what it is set to.

const std = @import("std");

const cbor = @import("cbor.zig");
const Setting = @import("pack.zig").Setting;

pub const Value = union(enum) {
    text: []const u8,
    texts: []const []const u8,
    number: i64,
    boolean: bool,
};

/// What the people who run the host set; where they did not, the defaults. What is read stays as long as the pack runs. A setting that
/// the pack has not, or of another type, is a mistake that the first test finds: it panics.
pub const Settings = struct {
    declared: []const Setting,
    values: []const Value,
    /// Memory that stays as long as the pack runs, or until it is freed: for what the settings are made into.
    allocator: std.mem.Allocator,

    fn get(self: Settings, name: []const u8) Value {
        for (self.declared, self.values) |setting, value| {
            if (std.mem.eql(u8, setting.name, name)) return value;
        }
        std.debug.panic("the pack reads the setting {s}, which it does not have", .{name});
    }

    fn other(name: []const u8) noreturn {
        std.debug.panic("the pack reads the setting {s} as something else than what it takes", .{name});
    }

    /// The value of a setting that takes a text, or one of some.
    pub fn text(self: Settings, name: []const u8) []const u8 {
        return switch (self.get(name)) {
            .text => |value| value,
            else => other(name),
        };
    }

    pub fn texts(self: Settings, name: []const u8) []const []const u8 {
        return switch (self.get(name)) {
            .texts => |value| value,
            else => other(name),
        };
    }

    pub fn number(self: Settings, name: []const u8) i64 {
        return switch (self.get(name)) {
            .number => |value| value,
            else => other(name),
        };
    }

    pub fn boolean(self: Settings, name: []const u8) bool {
        return switch (self.get(name)) {
            .boolean => |value| value,
            else => other(name),
        };
    }
};

pub fn defaults(allocator: std.mem.Allocator, declared: []const Setting) error{OutOfMemory}![]Value {
    const values = try allocator.alloc(Value, declared.len);
    for (declared, values) |setting, *value| {
        value.* = switch (setting.takes) {
            .text => |default| .{ .text = default },
            .one_of => |it| .{ .text = it.default },
            .texts => |default| .{ .texts = default },
            .number => |it| .{ .number = it.default },
            .boolean => |default| .{ .boolean = default },
        };
    }
    return values;
}

pub const Refused = struct {
    why: enum { malformed, unknown, not_taken },
    name: []const u8 = "",
};

/// Takes a map of what was set, by name. Gives what the pack does not take.
pub fn read(allocator: std.mem.Allocator, declared: []const Setting, values: []Value, reader: *cbor.Reader) error{OutOfMemory}!?Refused {
    var keys = reader.map() catch return .{ .why = .malformed };
    while (keys.next(reader) catch return .{ .why = .malformed }) {
        const name = reader.text() catch return .{ .why = .malformed };
        const number = for (declared, 0..) |setting, number| {
            if (std.mem.eql(u8, setting.name, name)) break number;
        } else return .{ .why = .unknown, .name = name };
        values[number] = readValue(allocator, declared[number].takes, reader) catch |wrong| switch (wrong) {
            error.OutOfMemory => return error.OutOfMemory,
            error.Malformed => return .{ .why = .not_taken, .name = name },
        };
    }
    return null;
}

fn readValue(allocator: std.mem.Allocator, takes: Setting.Takes, reader: *cbor.Reader) (cbor.Error || error{OutOfMemory})!Value {
    switch (takes) {
        .text => return .{ .text = try reader.value([]const u8, allocator) },
        .one_of => |it| {
            const set = try reader.text();
            for (it.choices) |choice| {
                if (std.mem.eql(u8, choice, set)) return .{ .text = choice };
            }
            return error.Malformed;
        },
        .texts => return .{ .texts = try reader.value([]const []const u8, allocator) },
        .number => |it| {
            const set = try reader.int(i64);
            return if (it.least <= set and set <= it.most) .{ .number = set } else error.Malformed;
        },
        .boolean => return .{ .boolean = try reader.boolean() },
    }
}
