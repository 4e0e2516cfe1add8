//! Filters hold where every SDK says so, and those that a host refuses are refused: tests/conformance/filter.tsv.

const std = @import("std");

const files = @import("files.zig");
const internals = @import("lanner").internals;
const cbor = internals.cbor;
const filter = internals.filter;
const Filter = filter.Filter;
const generated = internals.generated;
const Address = internals.address.Address;
const Row = files.Row;

const Allocator = std.mem.Allocator;

// From CBOR, which only tests need: packs have their filters in the source.

/// The field of this name.
fn fieldOf(name: []const u8) !filter.Field {
    const dot = std.mem.findScalar(u8, name, '.') orelse return error.NoField;
    const owner = name[0..dot];
    const rest = name[dot + 1 ..];
    if (std.mem.eql(u8, owner, "event")) return of(name, .event, &generated.records.event, rest);
    if (std.mem.eql(u8, owner, "process")) return of(name, .process, &generated.records.process, rest);
    if (std.mem.eql(u8, owner, "parent")) return of(name, .parent, &generated.records.process, rest);
    if (std.mem.eql(u8, owner, "container")) return of(name, .container, &generated.records.container, rest);
    const kind = std.meta.stringToEnum(generated.Kind, owner) orelse return error.NoField;
    const inner = std.mem.findScalar(u8, rest, '.') orelse return of(name, .{ .payload = kind }, kind.record(), rest);
    for (kind.record().fields, 0..) |its, number| {
        if (its.holds != .row or !std.mem.eql(u8, its.name, rest[0..inner])) continue;
        return of(name, .{ .named = .{ .kind = kind, .field = number } }, &generated.records.process, rest[inner + 1 ..]);
    }
    return error.NoField;
}

fn of(name: []const u8, owner: filter.Owner, record: anytype, rest: []const u8) !filter.Field {
    for (record.fields) |*its| {
        if (std.mem.eql(u8, its.name, rest)) return .{ .name = name, .owner = owner, .info = its };
    }
    return error.NoField;
}

fn readFilter(arena: Allocator, reader: *cbor.Reader) anyerror!Filter {
    var items = try reader.array();
    if (!try items.next(reader)) return error.Malformed;
    const name = try reader.text();
    inline for (.{ "all", "any" }) |several| {
        if (std.mem.eql(u8, name, several)) {
            var filters: std.ArrayList(Filter) = .empty;
            while (try items.next(reader)) try filters.append(arena, try readFilter(arena, reader));
            return @unionInit(Filter, several, filters.items);
        }
    }
    if (!try items.next(reader)) return error.Malformed;
    if (std.mem.eql(u8, name, "not")) {
        const inner = try arena.create(Filter);
        inner.* = try readFilter(arena, reader);
        return if (try items.next(reader)) error.Malformed else .{ .not = inner };
    }
    const field = try fieldOf(try reader.text());
    return .{ .field = .{ .field = field, .test_ = try readTest(arena, reader, &items, name, field) } };
}

fn readTest(arena: Allocator, reader: *cbor.Reader, items: *cbor.Items, name: []const u8, field: filter.Field) !filter.Test {
    if (std.mem.eql(u8, name, "known")) return .known;
    inline for (.{ .{ "any-bits", "any_bits" }, .{ "all-bits", "all_bits" }, .{ "no-bits", "no_bits" } }) |names| {
        if (std.mem.eql(u8, name, names[0])) {
            if (!try items.next(reader)) return error.Malformed;
            return @unionInit(filter.Test, names[1], try reader.int(u64));
        }
    }
    var texts: std.ArrayList([]const u8) = .empty;
    var numbers: std.ArrayList(i128) = .empty;
    var bools: std.ArrayList(bool) = .empty;
    var ranges: std.ArrayList([2]i128) = .empty;
    var networks: std.ArrayList(internals.address.Network) = .empty;
    while (try items.next(reader)) switch (reader.peek()) {
        .text, .bytes => try texts.append(arena, try reader.text()),
        .boolean => try bools.append(arena, try reader.boolean()),
        .array => {
            var pair = try reader.array();
            _ = try pair.next(reader);
            if (std.mem.eql(u8, name, "within")) {
                const address = try reader.text();
                _ = try pair.next(reader);
                const bits = try reader.int(u64);
                if (bits > 128) return error.TooManyBits;
                try networks.append(arena, .{ .address = address[0..16].*, .bits = @intCast(bits) });
            } else {
                const from = try reader.integer();
                _ = try pair.next(reader);
                try ranges.append(arena, .{ from, try reader.integer() });
            }
        },
        else => try numbers.append(arena, try reader.integer()),
    };
    if (std.mem.eql(u8, name, "starts-with")) return .{ .starts_with = texts.items };
    if (std.mem.eql(u8, name, "ends-with")) return .{ .ends_with = texts.items };
    if (std.mem.eql(u8, name, "contains")) return .{ .contains = texts.items };
    if (std.mem.eql(u8, name, "between")) return .{ .between = ranges.items };
    if (std.mem.eql(u8, name, "within")) {
        var written: std.ArrayList([]const u8) = .empty;
        for (networks.items) |network| try written.append(arena, try asWritten(arena, network));
        return .{ .within = try .init(arena, written.items) };
    }
    if (!std.mem.eql(u8, name, "equals")) return error.NoTest;
    if (bools.items.len > 0) return .{ .equals_bool = bools.items };
    if (numbers.items.len > 0) return .{ .equals_number = numbers.items };
    if (field.info.holds != .address) return .{ .equals_text = texts.items };
    var addresses: std.ArrayList(Address) = .empty;
    for (texts.items) |text| {
        if (text.len != 16) return error.NoAddress;
        try addresses.append(arena, .{ .bytes = text[0..16].* });
    }
    return .{ .equals_address = addresses.items };
}

/// All of its groups, so that IPv4 is not told apart.
fn asWritten(arena: Allocator, network: internals.address.Network) ![]const u8 {
    var out: std.ArrayList(u8) = .empty;
    for (0..8) |group| {
        if (group > 0) try out.append(arena, ':');
        try out.print(arena, "{x}", .{std.mem.readInt(u16, network.address[2 * group ..][0..2], .big)});
    }
    try out.print(arena, "/{d}", .{network.bits});
    return out.items;
}

fn holds(frame: *const internals.frame.Frame, arena: Allocator, row: Row) !void {
    const bytes = try row.hex(arena, 2);
    var reader: cbor.Reader = .init(bytes);
    const read = try readFilter(arena, &reader);
    const seq = try row.integer(0);
    var found: usize = 0;
    for (0..frame.events()) |number| {
        const event = frame.event(@intCast(number));
        if (event.seq() != seq) continue;
        found += 1;
        try row.expect(filter.wrongWith(&read, event.kind().?, 0) == null);
        try row.expect(read.holds(event) == try row.yes(3));
    }
    try row.expect(found == 1 and reader.bytes_left.len == 0);
    // Bytes for what is a text are written as a text.
    if (std.mem.find(u8, row.fields[1], "{\"hex\"") != null or row.text(1) == null) return;
    var writer: cbor.Writer = .init(arena);
    internals.describe.writeFilter(&writer, &read);
    try row.expect(std.mem.eql(u8, writer.written(), bytes));
}

fn refused(_: void, arena: Allocator, row: Row) !void {
    var reader: cbor.Reader = .init(try row.hex(arena, 2));
    const kind = std.meta.stringToEnum(generated.Kind, row.fields[0]) orelse return;
    const read = readFilter(arena, &reader) catch return;
    try row.expect(filter.wrongWith(&read, kind, 0) != null);
}

test "filters" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const frame: internals.frame.Frame = try .init(try files.read(arena.allocator(), "conformance/filter.bin"));
    try files.eachRow("conformance/filter.tsv", &frame, holds);
}

test "filters that are refused" {
    try files.eachRow("conformance/filter-wrong.tsv", {}, refused);
}
