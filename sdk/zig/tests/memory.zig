//! Memory is bounded: a million batches leave nothing behind.

const std = @import("std");

const lanner = @import("lanner");

const State = struct {};

fn onOpen(_: *State, event: lanner.events.OpenEvent, out: *lanner.Out) void {
    const finding = out.raise("{f} read {f}", .{ event.process(), event.path() });
    finding.fact("path", event.path());
    finding.fact("line", event.process().commandLine());
    finding.key("{f}!", .{event.path()});
    // As much as is kept for no other handler.
    _ = out.scratch.alloc(u8, 40_000) catch @panic("out of memory");
}

const pack: lanner.Pack(State) = .{
    .name = "memory",
    .version = "1.0.0",
    .rules = &.{.{
        .id = "memory/open",
        .handlers = &.{.{ .only = lanner.not(lanner.field.open.path.contains(&.{"nothing like it"})), .run = .{ .open = onOpen } }},
    }},
};

/// Counts what is in use.
const Counting = struct {
    inner: std.mem.Allocator,
    in_use: usize = 0,
    most: usize = 0,

    fn allocator(self: *Counting) std.mem.Allocator {
        return .{ .ptr = self, .vtable = &.{ .alloc = alloc, .resize = resize, .remap = remap, .free = free } };
    }

    fn count(self: *Counting, before: usize, after: usize) void {
        self.in_use = self.in_use - before + after;
        self.most = @max(self.most, self.in_use);
    }

    fn alloc(context: *anyopaque, size: usize, alignment: std.mem.Alignment, from: usize) ?[*]u8 {
        const self: *Counting = @ptrCast(@alignCast(context));
        self.count(0, size);
        return self.inner.rawAlloc(size, alignment, from);
    }

    fn resize(context: *anyopaque, memory: []u8, alignment: std.mem.Alignment, size: usize, from: usize) bool {
        const self: *Counting = @ptrCast(@alignCast(context));
        if (!self.inner.rawResize(memory, alignment, size, from)) return false;
        self.count(memory.len, size);
        return true;
    }

    fn remap(context: *anyopaque, memory: []u8, alignment: std.mem.Alignment, size: usize, from: usize) ?[*]u8 {
        const self: *Counting = @ptrCast(@alignCast(context));
        const moved = self.inner.rawRemap(memory, alignment, size, from) orelse return null;
        self.count(memory.len, size);
        return moved;
    }

    fn free(context: *anyopaque, memory: []u8, alignment: std.mem.Alignment, from: usize) void {
        const self: *Counting = @ptrCast(@alignCast(context));
        self.count(memory.len, 0);
        self.inner.rawFree(memory, alignment, from);
    }
};

test "a million batches leave nothing behind" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var maker: lanner.testing.Maker = .{ .arena = arena.allocator() };
    const cat = maker.process("/usr/bin/cat");
    const field = lanner.field.open.path;
    const events = [_]*lanner.testing.Event{
        maker.event(.open).set(field, "/etc/shadow").by(cat),
        maker.event(.open).set(field, "/etc/gshadow").by(cat),
    };
    const frame = try lanner.testing.frameOf(arena.allocator(), &events, null);

    // Counted, and seen to be freed.
    var counting: Counting = .{ .inner = std.testing.allocator };
    var running: lanner.Running(pack) = undefined;
    running.init(counting.allocator());
    try std.testing.expectEqual(null, running.configure("\xa0"));
    // Without optimization a million takes a minute; what grows shows sooner.
    const batches: usize = if (@import("builtin").mode == .debug) 20_000 else 1_000_000;
    var warm: usize = 0;
    for (0..batches) |batch| {
        try running.evaluate(frame);
        if (batch == 100) {
            warm = counting.in_use;
            counting.most = warm;
            try running.evaluate(frame);
            warm = counting.most;
        }
    }
    try std.testing.expect(counting.most <= warm);
    running.deinit();
    try std.testing.expectEqual(0, counting.in_use);
}
