//! A batch of events, as bytes that were checked, and how its records are read.

const std = @import("std");

const Address = @import("address.zig").Address;
const generated = @import("generated.zig");
const layout = @import("layout.zig");
const Text = @import("text.zig").Text;

const header_size = 16;
const entry_size = 16;
const arena_section = 0;
/// Says which of a pack's subscriptions each event passed.
pub const passed_section = 65535;

pub const Error = error{ NotAFrame, OtherVersion, Cut, BadTable, BadSection, SectionTwice };

/// Records of one kind, one after the other: `count` of `stride` bytes.
pub const Section = struct {
    bytes: []const u8 = "",
    stride: usize = 1,
    count: u32 = 0,

    pub fn row(self: Section, number: u32) ?[]const u8 {
        if (number >= self.count) return null;
        return self.bytes[number * self.stride ..][0..self.stride];
    }
};

pub const Frame = struct {
    sections: [generated.all_records.len]Section = @splat(.{}),
    passed: Section = .{},
    arena: []const u8 = "",

    /// The bytes have to stay as long as the frame is used.
    pub fn init(bytes: []const u8) Error!Frame {
        if (bytes.len < header_size or !std.mem.eql(u8, bytes[0..4], "LNRF")) return error.NotAFrame;
        if (load(u16, bytes, 4) != generated.version) return error.OtherVersion;
        const size = load(u32, bytes, 8);
        const table: usize = load(u16, bytes, 6);
        const entries: usize = load(u32, bytes, 12);
        if (size > bytes.len) return error.Cut;
        if (table < header_size or table > size or entries > (size - table) / entry_size) return error.BadTable;
        var frame: Frame = .{};
        var has_arena = false;
        for (0..entries) |entry| {
            try frame.addSection(bytes[0..size], bytes[table + entry * entry_size ..][0..entry_size], &has_arena);
        }
        return frame;
    }

    fn addSection(self: *Frame, bytes: []const u8, entry: []const u8, has_arena: *bool) Error!void {
        const number = load(u16, entry, 0);
        var section: Section = .{ .stride = load(u16, entry, 2), .count = load(u32, entry, 4) };
        if (section.count == 0) {
            section = .{};
        } else {
            const at: usize = load(u32, entry, 8);
            const size = @as(u64, section.count) * section.stride;
            if (section.stride == 0 or at > bytes.len or size > bytes.len - at) return error.BadSection;
            section.bytes = bytes[at..][0..@intCast(size)];
        }
        if (number == arena_section) {
            if (has_arena.*) return error.SectionTwice;
            has_arena.* = true;
            self.arena = section.bytes;
            return;
        }
        const place = if (number == passed_section) &self.passed else if (generated.indexOf(number)) |index| &self.sections[index] else return;
        if (place.count > 0) return error.SectionTwice;
        place.* = section;
    }

    /// Events in the frame.
    pub fn events(self: *const Frame) u32 {
        return self.sections[generated.records.event.index].count;
    }

    /// The event of a row, which is less than `events`.
    pub fn event(self: *const Frame, row: u32) generated.Event {
        return .{ .record = self.record(generated.records.event.index, row) };
    }

    /// The record of a row; where there is no such row, one of which nothing is known.
    pub fn record(self: *const Frame, index: usize, row: ?u32) Record {
        const number = row orelse return .{ .frame = self };
        return .{ .frame = self, .bytes = self.sections[index].row(number) orelse "" };
    }

    /// The process of a row; where there is no such row, one of which nothing is known.
    pub fn process(self: *const Frame, row: ?u32) generated.Process {
        return .{ .record = self.record(generated.records.process.index, row) };
    }

    pub fn processIfKnown(self: *const Frame, row: ?u32) ?generated.Process {
        const it = self.process(row);
        return if (it.isKnown()) it else null;
    }

    /// Whether an event passed a subscription of the pack, by its number; nothing where the host does not say.
    pub fn passedBy(self: *const Frame, row: u32, subscription: u32) ?bool {
        const bits = self.passed.row(row) orelse return null;
        const word = subscription / 64 * 8;
        if (word + 8 > bits.len) return null;
        return load(u64, bits, word) >> @intCast(subscription % 64) & 1 == 1;
    }
};

fn load(comptime T: type, bytes: []const u8, offset: usize) T {
    return std.mem.readInt(T, bytes[offset..][0..@sizeOf(T)], .little);
}

/// A record, as long as the writer's stride; one of which nothing is known has no bytes. What does not lie within it is not there,
/// as an older host did not write it.
pub const Record = struct {
    frame: *const Frame,
    bytes: []const u8 = "",

    fn has(self: Record, comptime place: layout.Place, size: usize) bool {
        // Where the value lies within the record, so does the word before it.
        return self.bytes.len >= place.offset + size and
            self.bytes[place.word + place.bit / 8] >> (place.bit % 8) & 1 == 1;
    }

    pub fn read(self: Record, comptime T: type, comptime place: layout.Place) ?T {
        return if (self.has(place, @sizeOf(T))) load(T, self.bytes, place.offset) else null;
    }

    /// A number that every host gives, whose bit need not be asked for.
    pub fn promised(self: Record, comptime T: type, comptime offset: usize) T {
        return if (self.bytes.len >= offset + @sizeOf(T)) load(T, self.bytes, offset) else 0;
    }

    pub fn yesOrNo(self: Record, comptime place: layout.Place) ?bool {
        return (self.read(u8, place) orelse return null) != 0;
    }

    pub fn address(self: Record, comptime place: layout.Place) ?Address {
        return if (self.has(place, 16)) .{ .bytes = self.bytes[place.offset..][0..16].* } else null;
    }

    /// One that points outside of the arena is not known.
    pub fn text(self: Record, comptime place: layout.Place) Text {
        if (!self.has(place, 8)) return .unknown;
        const start = load(u32, self.bytes, place.offset);
        const size = load(u32, self.bytes, place.offset + 4);
        const arena = self.frame.arena;
        if (start > arena.len or size > arena.len - start) return .unknown;
        return .of(arena[start..][0..size]);
    }

    /// One that leaves its section is not known.
    pub fn list(self: Record, comptime T: type, comptime place: layout.Place, index: usize) ?List(T) {
        if (!self.has(place, 8)) return null;
        const first = load(u32, self.bytes, place.offset);
        const count = load(u32, self.bytes, place.offset + 4);
        const section = self.frame.sections[index];
        // One of no records lies anywhere: a section without records may be left out.
        if (count == 0) return .{ .frame = self.frame, .rows = .{} };
        if (first > section.count or count > section.count - first) return null;
        const bytes = section.bytes[first * section.stride ..][0 .. count * section.stride];
        return .{ .frame = self.frame, .rows = .{ .bytes = bytes, .stride = section.stride, .count = count } };
    }
};

/// Records of another section that a record has.
pub fn List(comptime T: type) type {
    return struct {
        frame: *const Frame,
        rows: Section,

        const Self = @This();

        pub fn len(self: Self) u32 {
            return self.rows.count;
        }

        /// The one of this place, which is less than `len`.
        pub fn at(self: Self, place: u32) T {
            return .{ .record = .{ .frame = self.frame, .bytes = self.rows.row(place).? } };
        }

        /// The value of the label of this name; unknown where there is none.
        pub fn find(self: Self, name: []const u8) Text {
            for (0..self.len()) |place| {
                const label = self.at(@intCast(place));
                if (label.name().eql(name)) return label.value();
            }
            return .unknown;
        }
    };
}

/// A field of any record, as what it holds.
pub const Value = union(enum) {
    text: []const u8,
    number: i128,
    yes_or_no: bool,
    address: Address,
};

/// The value of a field that is known by its table; nothing where it is not there.
pub fn value(record: Record, field: *const layout.Field) ?Value {
    const place = field.place;
    const bytes = record.bytes;
    if (bytes.len < place.offset + field.size()) return null;
    if (bytes[place.word + place.bit / 8] >> @intCast(place.bit % 8) & 1 == 0) return null;
    return switch (field.holds) {
        .u8 => .{ .number = bytes[place.offset] },
        .u16 => .{ .number = load(u16, bytes, place.offset) },
        .u32, .row, .payload => .{ .number = load(u32, bytes, place.offset) },
        .u64 => .{ .number = load(u64, bytes, place.offset) },
        .i32 => .{ .number = load(i32, bytes, place.offset) },
        .i64 => .{ .number = load(i64, bytes, place.offset) },
        .yes_or_no => .{ .yes_or_no = bytes[place.offset] != 0 },
        .address => .{ .address = .{ .bytes = bytes[place.offset..][0..16].* } },
        .text => {
            const start = load(u32, bytes, place.offset);
            const size = load(u32, bytes, place.offset + 4);
            const arena = record.frame.arena;
            if (start > arena.len or size > arena.len - start) return null;
            return .{ .text = arena[start..][0..size] };
        },
        .list => null,
    };
}
