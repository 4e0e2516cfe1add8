//! What all SDKs agree on: tests/conformance.

const std = @import("std");

const files = @import("files.zig");
const internals = @import("lanner").internals;
const lanner = @import("lanner");
const Row = files.Row;

const Allocator = std.mem.Allocator;

/// A column that is a text.
fn textOf(arena: Allocator, row: Row, number: usize) !lanner.Text {
    return .{ .known = try row.bytes(arena, number) };
}

fn same(text: lanner.Text, other: lanner.Text) bool {
    const known = text.known orelse return other.known == null;
    return if (other.known) |its| std.mem.eql(u8, known, its) else false;
}

fn prints(arena: Allocator, row: Row, number: usize, value: anytype) !void {
    const shown = try std.fmt.allocPrint(arena, "{f}", .{value});
    try row.expect(std.mem.eql(u8, shown, (try row.bytes(arena, number)) orelse "-"));
}

fn escape(_: void, arena: Allocator, row: Row) !void {
    const text = try textOf(arena, row, 0);
    try prints(arena, row, 1, text);
    if (!text.isKnown()) return;
    try prints(arena, row, 2, text.quoted());
    try prints(arena, row, 3, text.lossy());
}

fn texts(_: void, arena: Allocator, row: Row) !void {
    const text = try textOf(arena, row, 0);
    const other = (try row.bytes(arena, 1)) orelse return;
    try row.expect(text.eql(other) == try row.yes(2));
    try row.expect(text.startsWith(other) == try row.yes(3));
    try row.expect(text.endsWith(other) == try row.yes(4));
    try row.expect(text.contains(other) == try row.yes(5));
    try row.expect(text.isUnder(other) == try row.yes(6));
}

fn paths(_: void, arena: Allocator, row: Row) !void {
    const path = try textOf(arena, row, 0);
    try row.expect(same(path.fileName(), try textOf(arena, row, 1)));
    try row.expect(same(path.directory(), try textOf(arena, row, 2)));
}

const Sets = struct {
    arena: std.heap.ArenaAllocator,
    name: []const u8 = "",
    comparisons: [names.len]std.ArrayList([]const u8) = @splat(.empty),
    prepared: ?lanner.Set = null,

    const names = [_][]const u8{ "equals", "starts-with", "ends-with", "contains", "file-name", "glob" };
};

fn textSet(sets: *Sets, arena: Allocator, row: Row) !void {
    const kept = sets.arena.allocator();
    if (!std.mem.eql(u8, sets.name, row.fields[0])) {
        sets.name = try kept.dupe(u8, row.fields[0]);
        sets.comparisons = @splat(.empty);
        sets.prepared = null;
    }
    if (!std.mem.eql(u8, row.fields[1], "text")) {
        for (Sets.names, &sets.comparisons) |name, *list| {
            if (!std.mem.eql(u8, name, row.fields[1])) continue;
            try list.append(kept, try kept.dupe(u8, (try row.bytes(arena, 2)).?));
            sets.prepared = null;
            return;
        }
        return error.NoComparison;
    }
    if (sets.prepared == null) sets.prepared = try .init(kept, .{
        .equals = sets.comparisons[0].items,
        .starts_with = sets.comparisons[1].items,
        .ends_with = sets.comparisons[2].items,
        .contains = sets.comparisons[3].items,
        .file_names = sets.comparisons[4].items,
        .globs = sets.comparisons[5].items,
    });
    try row.expect(sets.prepared.?.has(try textOf(arena, row, 2)) == try row.yes(3));
}

fn globs(_: void, arena: Allocator, row: Row) !void {
    const set: lanner.Set = try .init(arena, .{ .globs = &.{(try row.bytes(arena, 0)).?} });
    try row.expect(set.has(try textOf(arena, row, 1)) == try row.yes(2));
}

fn globsWrong(_: void, arena: Allocator, row: Row) !void {
    const glob = (try row.bytes(arena, 0)).?;
    try row.expect(std.mem.eql(u8, lanner.globWrong(glob) orelse "", (try row.bytes(arena, 1)).?));
    try std.testing.expectError(error.NoGlob, lanner.Set.init(arena, .{ .globs = &.{glob} }));
}

fn addressOf(arena: Allocator, row: Row, number: usize) !lanner.Address {
    return .{ .bytes = (try row.hex(arena, number))[0..16].* };
}

fn addresses(_: void, arena: Allocator, row: Row) !void {
    const address = try addressOf(arena, row, 0);
    try prints(arena, row, 1, address);
    try row.expect(lanner.Address.parse(row.fields[1]).?.eql(address));
    try row.expect(address.isPublic() == try row.yes(2));
}

fn networks(_: void, arena: Allocator, row: Row) !void {
    var written: std.ArrayList([]const u8) = .empty;
    var parts = std.mem.tokenizeScalar(u8, row.fields[0], ' ');
    while (parts.next()) |part| try written.append(arena, part);
    const these: lanner.Networks = try .init(arena, written.items);
    try row.expect(these.have(try addressOf(arena, row, 1)) == try row.yes(2));
}

fn networkBits(_: void, arena: Allocator, row: Row) !void {
    const network = lanner.Network.parse(row.fields[0]) orelse return row.expect(false);
    const address = try addressOf(arena, row, 1);
    try row.expect(std.mem.eql(u8, &network.address, &address.bytes) and network.bits == try row.integer(2));
    try row.expect(network.contains(address));
}

fn networksWrong(_: void, arena: Allocator, row: Row) !void {
    try std.testing.expectError(error.NoNetwork, lanner.Networks.init(arena, &.{(try row.bytes(arena, 0)) orelse "-"}));
}

// === Of events and processes, which are fed to a pack that looks at them ===

const State = struct {};

/// What looks at the event, and what it found.
var look: *const fn (lanner.events.OpenEvent, Allocator, Row) anyerror!void = undefined;
var looked: ?anyerror!void = null;
var current: Row = undefined;
var current_arena: Allocator = undefined;

fn run(_: *State, event: lanner.events.OpenEvent, _: *lanner.Out) void {
    looked = look(event, current_arena, current);
}

const pack: lanner.Pack(State) = .{
    .name = "vectors",
    .version = "1.0.0",
    .rules = &.{.{ .id = "vectors/open", .handlers = &.{.{ .run = .{ .open = run } }} }},
};

const field = lanner.field;

fn feed(
    arena: Allocator,
    row: Row,
    comptime fill: fn (*lanner.testing.Process, *lanner.testing.Event, Allocator, Row) anyerror!void,
    its_look: *const fn (lanner.events.OpenEvent, Allocator, Row) anyerror!void,
) !void {
    var t: lanner.testing.PackTest(pack) = undefined;
    try t.init(.{});
    defer t.deinit();
    const process = t.process("");
    const event = t.open("/").by(process);
    try fill(process, event, arena, row);
    look = its_look;
    looked = null;
    current = row;
    current_arena = arena;
    _ = try t.feed(event);
    try (looked orelse error.NotLooked);
}

fn fillText(process: *lanner.testing.Process, its: anytype, arena: Allocator, row: Row, number: usize) !void {
    if (try row.bytes(arena, number)) |known| _ = process.set(its, known) else _ = process.without(its);
}

fn fillNumber(process: *lanner.testing.Process, its: anytype, row: Row, number: usize) !void {
    if (row.text(number) != null) _ = process.set(its, try row.integer(number)) else _ = process.without(its);
}

const opens = struct {
    fn fill(_: *lanner.testing.Process, event: *lanner.testing.Event, _: Allocator, row: Row) !void {
        _ = event.set(field.open.flags, try row.integer(0));
    }

    fn look(event: lanner.events.OpenEvent, _: Allocator, row: Row) !void {
        try row.expect(event.isRead() == try row.yes(1));
        try row.expect(event.isWrite() == try row.yes(2));
        try row.expect(event.truncates() == try row.yes(3));
        try row.expect(event.mayCreate() == try row.yes(4));
        try row.expect(event.appends() == try row.yes(5));
    }

    fn each(_: void, arena: Allocator, row: Row) !void {
        try feed(arena, row, fill, opens.look);
    }
};

const arguments = struct {
    fn fill(process: *lanner.testing.Process, _: *lanner.testing.Event, arena: Allocator, row: Row) !void {
        try fillText(process, field.process.argv, arena, row, 0);
    }

    fn look(event: lanner.events.OpenEvent, arena: Allocator, row: Row) !void {
        const process = event.process();
        var args = process.args();
        var count: usize = 0;
        while (args.next()) |arg| : (count += 1) {
            try row.expect(same(.of(arg), try textOf(arena, row, 2 + count)));
            if (count < 20) try row.expect(same(process.arg(count), .of(arg)));
        }
        try row.expect(2 + count == row.fields.len and !process.arg(count).isKnown());
        try prints(arena, row, 1, process.commandLine());
    }

    fn each(_: void, arena: Allocator, row: Row) !void {
        try feed(arena, row, fill, arguments.look);
    }
};

const environments = struct {
    fn fill(process: *lanner.testing.Process, _: *lanner.testing.Event, arena: Allocator, row: Row) !void {
        try fillText(process, field.process.environment, arena, row, 0);
    }

    fn look(event: lanner.events.OpenEvent, arena: Allocator, row: Row) !void {
        const name = (try row.bytes(arena, 1)).?;
        try row.expect(same(event.process().env(name), try textOf(arena, row, 2)));
        var entries = event.process().envs(name);
        var count: usize = 0;
        while (entries.next()) |value| : (count += 1) try row.expect(same(.of(value), try textOf(arena, row, 3 + count)));
        try row.expect(3 + count == row.fields.len);
    }

    fn each(_: void, arena: Allocator, row: Row) !void {
        try feed(arena, row, fill, environments.look);
    }
};

const processes = struct {
    fn fill(process: *lanner.testing.Process, _: *lanner.testing.Event, arena: Allocator, row: Row) !void {
        try fillText(process, field.process.exe, arena, row, 0);
        try fillText(process, field.process.comm, arena, row, 1);
        try fillText(process, field.process.user, arena, row, 2);
        try fillNumber(process, field.process.pid, row, 3);
        try fillNumber(process, field.process.uid, row, 4);
    }

    fn look(event: lanner.events.OpenEvent, arena: Allocator, row: Row) !void {
        try row.expect(same(event.process().name(), try textOf(arena, row, 5)));
        try prints(arena, row, 6, event.process());
    }

    fn each(_: void, arena: Allocator, row: Row) !void {
        try feed(arena, row, fill, processes.look);
    }
};

const genuine = struct {
    fn fill(process: *lanner.testing.Process, _: *lanner.testing.Event, _: Allocator, row: Row) !void {
        try fillNumber(process, field.process.flags, row, 0);
        try fillNumber(process, field.process.exe_uid, row, 1);
        try fillNumber(process, field.process.user_ns, row, 2);
    }

    fn look(event: lanner.events.OpenEvent, _: Allocator, row: Row) !void {
        try row.expect(event.process().exeIsGenuine() == try row.yes(3));
    }

    fn each(_: void, arena: Allocator, row: Row) !void {
        try feed(arena, row, fill, genuine.look);
    }
};

test "texts" {
    try files.eachRow("conformance/escape.tsv", {}, escape);
    try files.eachRow("conformance/text.tsv", {}, texts);
    try files.eachRow("conformance/path.tsv", {}, paths);
}

test "sets" {
    var sets: Sets = .{ .arena = .init(std.testing.allocator) };
    defer sets.arena.deinit();
    try files.eachRow("conformance/text-set.tsv", &sets, textSet);
    try files.eachRow("conformance/glob.tsv", {}, globs);
    try files.eachRow("conformance/glob-wrong.tsv", {}, globsWrong);
}

test "sets that the compiler makes are those that are made at run time" {
    const lists: @FieldType(lanner.Set, "lists") = .{
        .equals = &.{ "/etc/shadow", "/etc/gshadow" },
        .starts_with = &.{ "/root/.ssh/", "/root/", "/srv/" },
        .ends_with = &.{ ".pem", "y.pem" },
        .contains = &.{ "/.aws/", "aab", "ab" },
        .file_names = &.{ "id_rsa", "id_ed25519" },
        .globs = &.{ "/home/**/.config/{gcloud,doctl}/*", "/{**}{**}/x" },
    };
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const compiled: lanner.Set = .of(lists);
    const made: lanner.Set = try .init(arena.allocator(), lists);
    const all = [_][]const u8{
        "/etc/shadow", "/etc/shadow-", "/root/x",  "/rootx",  "/srv/",   "a.pem",      "pem",                        "x/.aws/y",
        "caab",        "aa",           "/a/id_rsa", "id_rsa", "xid_rsa", "/home/.config/doctl/x", "/home/a/b/.config/gcloud/x", "/a/x",
        "//x",         "/x",           "",
    };
    for (all) |text| {
        try std.testing.expectEqual(made.has(.of(text)), compiled.has(.of(text)));
        try std.testing.expectEqualDeep(made.find(.of(text)), compiled.find(.of(text)));
    }
    try std.testing.expect(compiled.has(.of("/home/.config/doctl/x")) and !compiled.has(.of("/x")) and !compiled.has(.unknown));
}

test "addresses" {
    try files.eachRow("conformance/address.tsv", {}, addresses);
    try files.eachRow("conformance/network.tsv", {}, networks);
    try files.eachRow("conformance/network-bits.tsv", {}, networkBits);
    try files.eachRow("conformance/network-wrong.tsv", {}, networksWrong);
}

test "events and processes" {
    try files.eachRow("conformance/open.tsv", {}, opens.each);
    try files.eachRow("conformance/args.tsv", {}, arguments.each);
    try files.eachRow("conformance/env.tsv", {}, environments.each);
    try files.eachRow("conformance/process.tsv", {}, processes.each);
    try files.eachRow("conformance/genuine.tsv", {}, genuine.each);
}
