//! Sets of texts and of networks: whether a path is in one of them costs about as much for a hundred texts as for ten. A rule that
//! compares with more than two or three texts should have a set.

const std = @import("std");

const Address = @import("address.zig").Address;
const Network = @import("address.zig").Network;
const Glob = @import("matching/glob.zig").Glob;
const glob_of = @import("matching/glob.zig");
const Text = @import("text.zig").Text;
const texts = @import("matching/texts.zig");
const Entry = texts.Entry;

/// The texts of a set. A text is in it where it passes any of its comparisons; texts are compared as bytes.
pub const Lists = struct {
    /// It is one of these.
    equals: []const []const u8 = &.{},
    /// It begins with one of these. What lies below a folder begins with its name and a `/`: `/etc/cron.d/`.
    starts_with: []const []const u8 = &.{},
    /// It ends with one of these.
    ends_with: []const []const u8 = &.{},
    /// It has one of these somewhere in it.
    contains: []const []const u8 = &.{},
    /// As a path, it is called so, in whatever folder.
    file_names: []const []const u8 = &.{},
    /// It has, as a whole, the form of one of these:
    ///
    /// | in the glob | stands for |
    /// | --- | --- |
    /// | `*` | bytes but `/`, or none |
    /// | `**` | bytes, `/` too, or none; `**/` between two `/` or at the beginning stands for any folders, or none |
    /// | `?` | a byte but `/` |
    /// | `[a-z_]`, `[!a-z]` | one of these ASCII characters, or none of these and no `/` |
    /// | `{etc,usr/etc}` | one of these, which may be globs; they do not lie in one another |
    /// | `\*` | the character itself |
    ///
    /// A glob stands for 127 characters at the most, `*` not counted, and for 64 globs without `{…}`.
    globs: []const []const u8 = &.{},
};

/// What is wrong with a glob; nothing where it makes sense.
pub const globWrong = glob_of.wrong;

/// A set of texts, ready to be compared with others. One that stands in the source is made by the compiler:
///
///     const secrets: lanner.Set = .of(.{ .equals = &.{"/etc/shadow"}, .file_names = &.{ "id_rsa", "id_ed25519" } });
///
/// one of what is known at run time only, such as a setting's texts, by `init`. The time of a look grows with the text and no faster.
pub const Set = struct {
    lists: Lists = .{},
    equals: []const Entry = &.{},
    beginnings: []const Entry = &.{},
    endings: []const Entry = &.{},
    parts: texts.Parts = .{},
    globs: []const Glob = &.{},

    pub const empty: Set = .{};

    /// A set that is made by the compiler. A glob that is none does not compile.
    pub fn of(comptime lists: Lists) Set {
        return comptime set: {
            @setEvalBranchQuota(10_000_000);
            var set: Set = .{ .lists = lists };
            var equals = equalEntries(lists);
            var beginnings = entriesOf(lists.starts_with);
            var endings = endingEntries(lists);
            set.equals = constant(texts.sort(&equals));
            set.beginnings = constant(texts.sortBeginnings(&beginnings));
            set.endings = constant(texts.sortEndings(&endings));
            set.parts = constantParts(&entriesOf(lists.contains));
            var globs: []const Glob = &.{};
            for (lists.globs) |glob| {
                if (glob_of.wrong(glob)) |why| @compileError("\"" ++ glob ++ "\" is no glob: " ++ why);
                for (0..glob_of.count(glob)) |alternative| globs = globs ++ .{constantGlob(glob, alternative)};
            }
            const final = globs;
            set.globs = final;
            break :set set;
        };
    }

    /// A set of texts that are known at run time. All of it lies in the arena, the texts excepted.
    pub fn init(arena: std.mem.Allocator, lists: Lists) error{ OutOfMemory, NoGlob }!Set {
        var set: Set = .{ .lists = lists };
        const equals = try arena.alloc(Entry, lists.equals.len + lists.file_names.len);
        const beginnings = try arena.alloc(Entry, lists.starts_with.len);
        const endings = try arena.alloc(Entry, lists.ends_with.len + lists.file_names.len);
        const parts = try arena.alloc(Entry, lists.contains.len);
        for (lists.equals, equals[0..lists.equals.len]) |text, *entry| entry.* = .{ .text = text, .written = text };
        for (lists.starts_with, beginnings) |text, *entry| entry.* = .{ .text = text, .written = text };
        for (lists.ends_with, endings[0..lists.ends_with.len]) |text, *entry| entry.* = .{ .text = text, .written = text };
        for (lists.contains, parts) |text, *entry| entry.* = .{ .text = text, .written = text };
        for (lists.file_names, equals[lists.equals.len..], endings[lists.ends_with.len..]) |text, *equal, *ending| {
            equal.* = .{ .text = text, .written = text };
            // How the paths end of what is called so.
            ending.* = .{ .text = try std.mem.concat(arena, u8, &.{ "/", text }), .written = text };
        }
        set.equals = texts.sort(equals);
        set.beginnings = texts.sortBeginnings(beginnings);
        set.endings = texts.sortEndings(endings);
        set.parts = try partsOf(arena, parts);
        var globs: std.ArrayList(Glob) = .empty;
        for (lists.globs) |glob| {
            if (glob_of.wrong(glob) != null) return error.NoGlob;
            for (0..glob_of.count(glob)) |alternative| {
                var storage: glob_of.Storage = .{};
                var one: Glob = .init(glob, alternative, &storage);
                one.begin = try arena.dupe(u8, one.begin);
                one.end = try arena.dupe(u8, one.end);
                one.steps = try arena.dupe(u128, one.steps);
                try globs.append(arena, one);
            }
        }
        set.globs = globs.items;
        return set;
    }

    /// Whether a text is in the set. One that is not known is in no set.
    pub fn has(self: *const Set, text: Text) bool {
        return self.find(text) != null;
    }

    /// Which of the set's texts it is that a text equals, begins with and so on, as it is written there; of several, one that is
    /// cheap to find.
    pub fn find(self: *const Set, text: Text) ?[]const u8 {
        const bytes = text.known orelse return null;
        if (texts.equal(self.equals, bytes)) |found| return found;
        if (texts.beginning(self.beginnings, bytes)) |found| return found;
        if (texts.ending(self.endings, bytes)) |found| return found;
        if (self.parts.find(bytes)) |found| return found;
        for (self.globs) |*glob| {
            if (glob.matches(bytes)) return glob.written;
        }
        return null;
    }
};

fn entriesOf(comptime all: []const []const u8) [all.len]Entry {
    var entries: [all.len]Entry = undefined;
    for (all, &entries) |text, *entry| entry.* = .{ .text = text, .written = text };
    return entries;
}

fn equalEntries(comptime lists: Lists) [lists.equals.len + lists.file_names.len]Entry {
    return entriesOf(lists.equals ++ lists.file_names);
}

fn endingEntries(comptime lists: Lists) [lists.ends_with.len + lists.file_names.len]Entry {
    var entries = entriesOf(lists.ends_with ++ lists.file_names);
    for (entries[lists.ends_with.len..]) |*entry| entry.text = "/" ++ entry.text;
    return entries;
}

/// What the compiler has made, as a constant.
fn constant(comptime entries: []const Entry) []const Entry {
    const final = entries[0..entries.len].*;
    return &final;
}

fn constantParts(comptime entries: []const Entry) texts.Parts {
    return comptime parts: {
        const kept = constant(entries);
        var classes: [256]u8 = @splat(0);
        if (kept.len == 0) break :parts .{};
        const size = texts.Parts.size(kept, &classes) orelse break :parts .{ .entries = kept };
        var next: [size.states * size.classes]u32 = @splat(0);
        var found: [size.states]u32 = @splat(0);
        var others: [size.states]u32 = undefined;
        var left: [size.states]u32 = undefined;
        var parts = texts.Parts.build(kept, classes, size.classes, &next, &found, &others, &left);
        const final_next = next;
        const final_found = found;
        parts.next = &final_next;
        parts.found = &final_found;
        break :parts parts;
    };
}

fn constantGlob(comptime written: []const u8, comptime alternative: usize) Glob {
    return comptime glob: {
        var storage: glob_of.Storage = .{};
        var glob: Glob = .init(written, alternative, &storage);
        const begin = glob.begin[0..glob.begin.len].*;
        const end = glob.end[0..glob.end.len].*;
        const steps = glob.steps[0..glob.steps.len].*;
        glob.begin = &begin;
        glob.end = &end;
        glob.steps = &steps;
        break :glob glob;
    };
}

fn partsOf(arena: std.mem.Allocator, entries: []const Entry) error{OutOfMemory}!texts.Parts {
    var classes: [256]u8 = @splat(0);
    if (entries.len == 0) return .{};
    const size = texts.Parts.size(entries, &classes) orelse return .{ .entries = entries };
    const next = try arena.alloc(u32, size.states * size.classes);
    const found = try arena.alloc(u32, size.states);
    const others = try arena.alloc(u32, size.states);
    const left = try arena.alloc(u32, size.states);
    @memset(next, 0);
    @memset(found, 0);
    return texts.Parts.build(entries, classes, size.classes, next, found, others, left);
}

/// Networks, IPv4 and IPv6, in the notation of CIDR. IPv4 addresses are a part of the IPv6 ones, `::ffff:0:0/96`: `::/0` has all of
/// both.
///
///     const own: lanner.Networks = .of(&.{ "10.0.0.0/8", "fd00::/8" });
pub const Networks = struct {
    /// Ranges in order, none of which touches another.
    ranges: []const Range = &.{},
    networks: []const Network = &.{},

    const Range = struct { from: u128, to: u128 };

    /// Those that are made by the compiler. What is no network does not compile.
    pub fn of(comptime written: []const []const u8) Networks {
        return comptime made: {
            @setEvalBranchQuota(1_000_000);
            var networks: [written.len]Network = undefined;
            var ranges: [written.len]Range = undefined;
            for (written, &networks) |one, *network| {
                network.* = Network.parse(one) orelse @compileError("\"" ++ one ++ "\" is no network: " ++ Network.wrong);
            }
            const count = prepare(&networks, &ranges).len;
            const final = ranges[0..count].*;
            const final_networks = networks;
            break :made .{ .ranges = &final, .networks = &final_networks };
        };
    }

    /// Those that are known at run time. They lie in the arena.
    pub fn init(arena: std.mem.Allocator, written: []const []const u8) error{ OutOfMemory, NoNetwork }!Networks {
        const networks = try arena.alloc(Network, written.len);
        const ranges = try arena.alloc(Range, written.len);
        for (written, networks) |one, *network| network.* = Network.parse(one) orelse return error.NoNetwork;
        return .{ .ranges = prepare(networks, ranges), .networks = networks };
    }

    fn prepare(networks: []const Network, ranges: []Range) []Range {
        for (networks, ranges) |network, *range| {
            const address = std.mem.readInt(u128, &network.address, .big);
            // The bits that do not count.
            const rest: u128 = if (network.bits == 128) 0 else ~@as(u128, 0) >> @intCast(network.bits);
            range.* = .{ .from = address & ~rest, .to = address | rest };
        }
        std.mem.sortUnstable(Range, ranges, {}, isBefore);
        var kept: usize = 0;
        for (ranges) |range| {
            if (kept > 0 and range.from <= ranges[kept - 1].to) {
                ranges[kept - 1].to = @max(ranges[kept - 1].to, range.to);
            } else {
                ranges[kept] = range;
                kept += 1;
            }
        }
        return ranges[0..kept];
    }

    fn isBefore(_: void, one: Range, other: Range) bool {
        return one.from < other.from;
    }

    /// Whether one of them has the address; none has one that is not known.
    pub fn have(self: *const Networks, address: ?Address) bool {
        const known = address orelse return false;
        const number = std.mem.readInt(u128, &known.bytes, .big);
        var from: usize = 0;
        var to = self.ranges.len;
        while (from < to) {
            const middle = from + (to - from) / 2;
            if (self.ranges[middle].from <= number) from = middle + 1 else to = middle;
        }
        return from > 0 and number <= self.ranges[from - 1].to;
    }
};
