//! How many files each process opened lately.

const std = @import("std");

const lanner = @import("lanner");

const length_ns = 10_000_000_000;
/// Processes that are remembered.
const most = 1024;

pub const Window = struct { process: u64, start: u64, count: u64, reported: bool };

/// What is kept over a reload.
const Kept = struct { windows: []const struct { u64, u64, u64, bool } };

pub const Windows = struct {
    all: [most]Window = undefined,
    len: usize = 0,
    /// By process: where its window is in `all`.
    places: std.hash_map.AutoHashMapUnmanaged(u64, u16) = .empty,

    /// Counts an open; gives the count where that is more than `burst` for the first time in its window.
    pub fn opened(self: *Windows, allocator: std.mem.Allocator, process: u64, now: u64, burst: u64) !?u64 {
        const there: ?*Window = if (self.places.get(process)) |place| &self.all[place] else null;
        const window = there orelse return self.begin(allocator, process, now);
        if (now -| window.start > length_ns) return self.begin(allocator, process, now);
        window.count += 1;
        if (window.reported or window.count <= burst) return null;
        window.reported = true;
        return window.count;
    }

    fn begin(self: *Windows, allocator: std.mem.Allocator, process: u64, now: u64) !?u64 {
        try self.put(allocator, .{ .process = process, .start = now, .count = 1, .reported = false });
        // A burst is at least 1.
        return null;
    }

    fn put(self: *Windows, allocator: std.mem.Allocator, window: Window) !void {
        const place = try self.places.getOrPut(allocator, window.process);
        if (!place.found_existing) {
            const value = if (self.len < most) self.len else self.oldest();
            if (self.len < most) self.len += 1 else _ = self.places.remove(self.all[value].process);
            // What was removed may have moved others.
            self.places.putAssumeCapacity(window.process, @intCast(value));
            self.all[value] = window;
        } else {
            self.all[place.value_ptr.*] = window;
        }
    }

    /// The window that began first is forgotten.
    fn oldest(self: *const Windows) usize {
        var first: usize = 0;
        for (self.all[1..], 1..) |window, number| {
            if (isBefore({}, window, self.all[first])) first = number;
        }
        return first;
    }

    fn isBefore(_: void, one: Window, other: Window) bool {
        return if (one.start != other.start) one.start < other.start else one.process < other.process;
    }

    /// Writes them by start and process.
    pub fn save(self: *const Windows, writer: *lanner.cbor.Writer) void {
        var sorted = self.all;
        std.mem.sortUnstable(Window, sorted[0..self.len], {}, isBefore);
        writer.map(1);
        writer.text("windows");
        writer.array(self.len);
        for (sorted[0..self.len]) |window| writer.value(.{ window.process, window.start, window.count, window.reported });
    }

    pub fn restore(self: *Windows, reader: *lanner.cbor.Reader, allocator: std.mem.Allocator) !void {
        const kept = try reader.value(Kept, allocator);
        defer allocator.free(kept.windows);
        for (kept.windows) |window| {
            try self.put(allocator, .{ .process = window[0], .start = window[1], .count = window[2], .reported = window[3] });
        }
    }
};
