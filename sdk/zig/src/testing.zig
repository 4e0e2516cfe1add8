//! Testing packs natively: events are made up, written as a real frame, filtered as the host would, and handled by the same code that
//! runs in the pack.
//!
//!     var t: lanner.testing.PackTest(pack) = undefined;
//!     try t.init(.{});
//!     defer t.deinit();
//!     const nginx = t.process("/usr/sbin/nginx");
//!     const found = try t.feed(t.open("/etc/shadow").by(t.process("/usr/bin/cat").childOf(nginx)));
//!     try std.testing.expectEqualStrings("/usr/bin/cat read /etc/shadow", found[0].message);

const std = @import("std");

const cbor = @import("cbor.zig");
const Frame = @import("frame.zig").Frame;
const found_of = @import("testing/found.zig");
const host = @import("host.zig");
const kinds = @import("testing/kinds.zig");
const made = @import("testing/made.zig");
const Running = @import("running.zig").Running;
const writer = @import("testing/writer.zig");

pub const Event = made.Event;
pub const Process = made.Process;
pub const Container = made.Container;
pub const Found = found_of.Found;
pub const Fact = found_of.Fact;
pub const frameOf = writer.frameOf;
pub const Maker = made.Maker;

/// The host ticks at every full second of event time, and after a jump in time makes up for so many.
const tick_length = 1_000_000_000;
const missed_ticks = 3600;

pub const Options = struct {
    /// Settings as people write them: `&.{.{ "private", "true" }}`, a list's texts parted by commas.
    settings: []const [2][]const u8 = &.{},
    /// Ids of rules that are switched off.
    off: []const []const u8 = &.{},
    /// A configuration as it travels, instead of both.
    configuration: ?[]const u8 = null,
    /// The host says what passes the pack's filters, as an older host does not.
    tells_what_passes: bool = true,
};

/// A pack under test. It is made in place, and not to be moved.
pub fn PackTest(comptime pack: anytype) type {
    return struct {
        arena: std.heap.ArenaAllocator,
        maker: made.Maker,
        running: Running(pack),
        configuration: []const u8,
        tells_what_passes: bool,
        found: std.ArrayList(Found) = .empty,
        now: u64 = made.beginning,
        next_tick: u64 = made.beginning + tick_length,
        seq: u64 = 0,

        const Self = @This();
        const stride = (Running(pack).subscriptions + 63) / 64 * 8;

        /// A pack that has just been loaded.
        pub fn init(self: *Self, options: Options) !void {
            self.* = .{
                .arena = .init(std.testing.allocator),
                .maker = undefined,
                .running = undefined,
                .configuration = "",
                .tells_what_passes = options.tells_what_passes,
            };
            self.maker = .{ .arena = self.arena.allocator() };
            errdefer self.arena.deinit();
            self.configuration = try self.arena.allocator().dupe(u8, options.configuration orelse try self.written(options));
            try self.start();
        }

        pub fn deinit(self: *Self) void {
            self.running.deinit();
            self.arena.deinit();
            host.sink = null;
        }

        fn start(self: *Self) !void {
            // What a pack takes and keeps is gone with it, as the memory of a host's is.
            self.running.init(self.arena.allocator());
            host.sink = .{ .context = self, .take = take };
            if (self.running.configure(self.configuration)) |refusal| {
                std.debug.print("the pack does not take its settings: {s}\n", .{refusal});
                return error.SettingsRefused;
            }
        }

        fn take(context: *anyopaque, finding: []const u8) void {
            const self: *Self = @ptrCast(@alignCast(context));
            const arena = self.arena.allocator();
            const found = found_of.read(arena, pack.rules, finding) catch |wrong| {
                std.debug.panic("a host would not take a finding: {t}", .{wrong});
            };
            self.found.append(arena, found) catch @panic("out of memory");
        }

        fn written(self: *Self, options: Options) ![]const u8 {
            var to: cbor.Writer = .init(self.arena.allocator());
            to.map(2);
            to.text("settings");
            to.map(options.settings.len);
            for (options.settings) |set| try writeSetting(&to, set[0], set[1]);
            to.text("off");
            to.array(options.off.len);
            next: for (options.off) |id| {
                for (pack.rules, 0..) |rule, number| {
                    if (std.mem.eql(u8, rule.id, id)) {
                        to.integer(number);
                        continue :next;
                    }
                }
                return error.NoSuchRule;
            }
            return to.written();
        }

        fn writeSetting(to: *cbor.Writer, name: []const u8, set: []const u8) !void {
            for (pack.settings) |setting| {
                if (!std.mem.eql(u8, setting.name, name)) continue;
                to.text(name);
                switch (setting.takes) {
                    .text, .one_of => to.text(set),
                    .number => to.integer(try std.fmt.parseInt(i64, set, 10)),
                    .boolean => to.boolean(std.mem.eql(u8, set, "true")),
                    .texts => {
                        to.array(if (set.len == 0) 0 else 1 + std.mem.countScalar(u8, set, ','));
                        var texts = std.mem.splitScalar(u8, set, ',');
                        if (set.len > 0) while (texts.next()) |one| to.text(one);
                    },
                }
                return;
            }
            return error.NoSuchSetting;
        }

        // What is made belongs to the test.

        pub fn process(self: *Self, exe: []const u8) *Process {
            return self.maker.process(exe);
        }

        pub fn container(self: *Self, id: []const u8) *Container {
            return self.maker.container(id);
        }

        pub fn event(self: *Self, kind: @import("generated.zig").Kind) *Event {
            return self.maker.event(kind);
        }

        pub fn open(self: *Self, path: []const u8) *Event {
            return kinds.open(&self.maker, path);
        }

        pub fn exec(self: *Self, image: *Process) *Event {
            return self.maker.exec(image);
        }

        pub fn fork(self: *Self, child: *Process) *Event {
            return self.maker.fork(child);
        }

        pub fn connect(self: *Self, peer: []const u8) *Event {
            return self.maker.connect(peer);
        }

        pub fn connectUnix(self: *Self, path: []const u8) *Event {
            return self.maker.connectUnix(path);
        }

        /// Events of all other kinds that take a line: `t.make(.rename, .{ "/a", "/b" })`.
        pub fn make(self: *Self, comptime kind: @TypeOf(.enum_literal), arguments: anytype) *Event {
            return @call(.auto, @field(kinds, @tagName(kind)), .{&self.maker} ++ arguments);
        }

        // What happens. What was found stays as long as the test.

        /// Lets an event happen; gives what was raised.
        pub fn feed(self: *Self, one: *Event) ![]const Found {
            return self.feedAll(&.{one});
        }

        /// Lets events happen, one after the other, in as few batches as may be.
        pub fn feedAll(self: *Self, events: []const *Event) ![]const Found {
            self.found = .empty;
            var batch: std.ArrayList(*Event) = .empty;
            for (events) |one| {
                self.now += one.its_later;
                self.seq += 1;
                one.time = self.now;
                one.seq = self.seq;
                // Where nothing is said, a process of which nothing is known.
                if (one.its_process == null and one.kind.hasProcess()) one.its_process = self.process("");
                if (self.now >= self.next_tick) {
                    try self.evaluate(batch.items);
                    batch.clearRetainingCapacity();
                    self.tick();
                }
                try batch.append(self.arena.allocator(), one);
            }
            try self.evaluate(batch.items);
            return self.found.items;
        }

        /// Judges a frame that was made elsewhere, as a host hands it over.
        pub fn judge(self: *Self, frame: []const u8) ![]const Found {
            self.found = .empty;
            try self.running.evaluate(frame);
            return self.found.items;
        }

        /// Lets time go by, ns.
        pub fn wait(self: *Self, ns: u64) []const Found {
            self.found = .empty;
            self.now += ns;
            self.tick();
            return self.found.items;
        }

        /// What the pack saves now.
        pub fn save(self: *Self) []const u8 {
            var to: cbor.Writer = .init(self.arena.allocator());
            self.running.save(&to);
            return to.written();
        }

        /// Loads the pack anew, and has it take over a state. Gives why it does not, in a sentence.
        pub fn restore(self: *Self, state: []const u8, version: []const u8) !?[]const u8 {
            self.running.deinit();
            try self.start();
            return self.running.restore(state, version);
        }

        /// Reloads the pack with what it saves, as the host would with another version of it.
        pub fn reload(self: *Self) !void {
            if (try self.restore(self.save(), pack.version)) |refusal| {
                std.debug.print("the pack does not take what it saved: {s}\n", .{refusal});
                return error.StateRefused;
            }
        }

        /// Ticks at every full second that has passed, as the host does.
        fn tick(self: *Self) void {
            self.next_tick = @max(self.next_tick, self.now - self.now % tick_length - missed_ticks * tick_length);
            while (self.next_tick <= self.now) : (self.next_tick += tick_length) self.running.tick(self.next_tick);
        }

        /// Hands over what some handler wants, and what of it each of them does.
        fn evaluate(self: *Self, events: []*Event) !void {
            const arena = self.arena.allocator();
            const frame: Frame = try .init(try writer.frameOf(arena, events, null));
            const passed = try arena.alloc(u8, events.len * stride);
            @memset(passed, 0);
            var wanted: std.ArrayList(*Event) = .empty;
            for (events, 0..) |one, row| {
                const bits = passed[wanted.items.len * stride ..][0..stride];
                if (self.running.passed(frame.event(@intCast(row)), bits)) try wanted.append(arena, one);
            }
            const told = if (self.tells_what_passes) passed[0 .. wanted.items.len * stride] else null;
            try self.running.evaluate(try writer.frameOf(arena, wanted.items, told));
        }
    };
}
