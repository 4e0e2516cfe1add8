//! Frames of what tests make up.

const std = @import("std");

const frame = @import("../frame.zig");
const generated = @import("../generated.zig");
const records = generated.records;
const layout = @import("../layout.zig");
const made = @import("made.zig");

/// What was written of a frame, so that it is there once.
const Writer = struct {
    arena: std.mem.Allocator,
    sections: [generated.all_records.len]std.ArrayList(u8) = @splat(.empty),
    counts: [generated.all_records.len]u32 = @splat(0),
    texts: std.ArrayList(u8) = .empty,
    /// By row.
    processes: std.ArrayList(*const made.Process) = .empty,
    containers: std.ArrayList(*const made.Container) = .empty,

    const Error = error{OutOfMemory};

    fn add(self: *Writer, info: *const layout.Record) Error!u32 {
        try self.sections[info.index].appendNTimes(self.arena, 0, info.size);
        self.counts[info.index] += 1;
        return self.counts[info.index] - 1;
    }

    fn at(self: *Writer, info: *const layout.Record, row: u32) []u8 {
        return self.sections[info.index].items[row * info.size ..][0..info.size];
    }

    /// Writes a field of a record: a number, or of spans the first number in its lower half.
    fn put(self: *Writer, info: *const layout.Record, row: u32, field: *const layout.Field, number: i128) void {
        const record = self.at(info, row);
        const bits: u64 = @truncate(@as(u128, @bitCast(number)));
        for (0..@min(field.size(), 8)) |byte| record[field.place.offset + byte] = @truncate(bits >> @intCast(8 * byte));
        record[field.place.word + field.place.bit / 8] |= @as(u8, 1) << @intCast(field.place.bit % 8);
    }

    fn text(self: *Writer, bytes: []const u8) Error!i128 {
        const span = @as(u64, bytes.len) << 32 | self.texts.items.len;
        try self.texts.appendSlice(self.arena, bytes);
        return span;
    }

    fn putValues(self: *Writer, record: made.Record, row: u32) Error!void {
        for (record.info.fields, record.values) |*field, value| switch (value orelse continue) {
            .number => |number| self.put(record.info, row, field, number),
            .process => |process| self.put(record.info, row, field, try self.addProcess(process)),
            .bytes => |bytes| if (field.holds == .text) {
                self.put(record.info, row, field, try self.text(bytes));
            } else {
                self.put(record.info, row, field, 0);
                @memcpy(self.at(record.info, row)[field.place.offset..][0..16], bytes);
            },
        };
    }

    fn addContainer(self: *Writer, container: *const made.Container) Error!u32 {
        for (self.containers.items, 0..) |there, row| {
            if (there == container) return @intCast(row);
        }
        try self.containers.append(self.arena, container);
        const row = try self.add(&records.container);
        try self.putValues(container.record, row);
        const first = self.counts[records.label.index];
        for (container.labels.items) |label| {
            const added = try self.add(&records.label);
            for (label, 0..) |bytes, field| self.put(&records.label, added, &records.label.fields[field], try self.text(bytes));
        }
        const span = @as(u64, container.labels.items.len) << 32 | first;
        if (container.labels.items.len > 0) self.put(&records.container, row, named(&records.container, "labels"), span);
        return row;
    }

    fn addProcess(self: *Writer, process: *const made.Process) Error!u32 {
        for (self.processes.items, 0..) |there, row| {
            if (there == process) return @intCast(row);
        }
        try self.processes.append(self.arena, process);
        const row = try self.add(&records.process);
        try self.putValues(process.record, row);
        // What follows from the rest, where the test does not say it.
        const exe = process.executable();
        const name = if (exe) |path| path[(if (std.mem.findScalarLast(u8, path, '/')) |slash| slash + 1 else 0)..] else "";
        try self.follows(process, row, "comm", name[0..@min(name.len, 15)]);
        if (exe != null) try self.follows(process, row, "argv", try std.mem.concat(self.arena, u8, &.{ name, "\x00" }));
        if (!isSaid(process, "ppid")) self.put(&records.process, row, named(&records.process, "ppid"), 0);
        if (process.parent) |parent| self.put(&records.process, row, named(&records.process, "parent"), try self.addProcess(parent));
        if (process.container) |container| {
            self.put(&records.process, row, named(&records.process, "container"), try self.addContainer(container));
        }
        return row;
    }

    fn follows(self: *Writer, process: *const made.Process, row: u32, name: []const u8, bytes: []const u8) Error!void {
        if (!isSaid(process, name)) self.put(&records.process, row, named(&records.process, name), try self.text(bytes));
    }

    fn addEvent(self: *Writer, event: *const made.Event) Error!void {
        const payload = try self.add(event.record.info);
        try self.putValues(event.record, payload);
        const row = try self.add(&records.event);
        const process: ?i128 = if (event.its_process) |process| try self.addProcess(process) else null;
        const result: ?i128 = if (event.kind.hasResult()) event.result else null;
        const values = [_]?i128{ event.seq, event.time, @intFromEnum(event.kind), event.flags, process, null, payload, result };
        for (values, records.event.fields) |value, *field| {
            if (value) |number| self.put(&records.event, row, field, number);
        }
    }
};

fn isSaid(process: *const made.Process, name: []const u8) bool {
    for (records.process.fields, process.record.said) |field, said| {
        if (std.mem.eql(u8, field.name, name)) return said;
    }
    unreachable;
}

fn named(info: *const layout.Record, name: []const u8) *const layout.Field {
    for (info.fields) |*field| {
        if (std.mem.eql(u8, field.name, name)) return field;
    }
    unreachable;
}

/// A frame of these events, in the arena. `passed`, where it is given, is what each event passed, so many bytes for each.
pub fn frameOf(arena: std.mem.Allocator, events: []const *made.Event, passed: ?[]const u8) error{OutOfMemory}![]const u8 {
    var writer: Writer = .{ .arena = arena };
    for (events) |event| try writer.addEvent(event);
    const Section = struct { number: u16, stride: usize, count: usize, bytes: []const u8 };
    var sections: std.ArrayList(Section) = .empty;
    for (generated.all_records, writer.counts, writer.sections) |info, count, bytes| {
        if (count > 0) try sections.append(arena, .{ .number = info.section, .stride = info.size, .count = count, .bytes = bytes.items });
    }
    if (writer.texts.items.len > 0) {
        try sections.append(arena, .{ .number = 0, .stride = 1, .count = writer.texts.items.len, .bytes = writer.texts.items });
    }
    if (passed) |bits| if (events.len > 0) {
        try sections.append(arena, .{ .number = frame.passed_section, .stride = bits.len / events.len, .count = events.len, .bytes = bits });
    };
    var bytes: std.ArrayList(u8) = .empty;
    try bytes.appendNTimes(arena, 0, 16 + 16 * sections.items.len);
    for (sections.items, 0..) |section, number| {
        const from = bytes.items.len;
        try bytes.appendSlice(arena, section.bytes);
        try bytes.appendNTimes(arena, 0, (8 - section.bytes.len % 8) % 8);
        const entry = bytes.items[16 + 16 * number ..][0..16];
        std.mem.writeInt(u16, entry[0..2], section.number, .little);
        std.mem.writeInt(u16, entry[2..4], @intCast(section.stride), .little);
        std.mem.writeInt(u32, entry[4..8], @intCast(section.count), .little);
        std.mem.writeInt(u32, entry[8..12], @intCast(from), .little);
    }
    @memcpy(bytes.items[0..4], "LNRF");
    std.mem.writeInt(u16, bytes.items[4..6], generated.version, .little);
    std.mem.writeInt(u16, bytes.items[6..8], 16, .little);
    std.mem.writeInt(u32, bytes.items[8..12], @intCast(bytes.items.len), .little);
    std.mem.writeInt(u32, bytes.items[12..16], @intCast(sections.items.len), .little);
    return bytes.items;
}
