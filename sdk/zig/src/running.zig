//! A pack that runs: its state, and the way of a frame's events to their handlers.

const std = @import("std");

const cbor = @import("cbor.zig");
const check = @import("check.zig");
const describe = @import("describe.zig");
const Filter = @import("filter.zig").Filter;
const Frame = @import("frame.zig").Frame;
const generated = @import("generated.zig");
const Kind = generated.Kind;
const Out = @import("finding.zig").Out;
const settings = @import("settings.zig");

/// What the scratch memory keeps from handler to handler.
const kept_scratch = 16 << 10;

/// The pack is known to the compiler, so that each kind's handlers are a branch of a table, and no calls of what is known only then.
pub fn Running(comptime pack: anytype) type {
    if (check.wrong(pack)) |why| @compileError(why);
    const State = @TypeOf(pack).State;

    const Route = struct {
        rule: u32,
        /// By which number the host knows what the handler wants.
        subscription: u32,
        only: ?*const Filter,
        run: generated.Run(State, Out),
        kind: Kind,
    };
    const routes: []const Route = comptime routes: {
        @setEvalBranchQuota(1_000_000);
        var all: []const Route = &.{};
        for (pack.rules, 0..) |rule, number| for (rule.handlers) |handler| {
            const only: ?*const Filter = if (handler.only) |*only| only else null;
            for (handler.kinds()) |kind| {
                all = all ++ .{Route{ .rule = number, .subscription = all.len, .only = only, .run = handler.run, .kind = kind }};
            }
        };
        break :routes all;
    };

    return struct {
        allocator: std.mem.Allocator,
        scratch: std.heap.ArenaAllocator,
        out: Out,
        state: State = .{},
        /// By rule.
        off: [pack.rules.len]bool = @splat(false),
        values: []settings.Value,
        /// The last sentence that was given, and what it lies in.
        sentence: std.ArrayList(u8) = .empty,

        const Self = @This();

        pub const subscriptions = routes.len;

        /// Makes it ready, in place: it is not to be moved.
        pub fn init(self: *Self, allocator: std.mem.Allocator) void {
            self.* = .{
                .allocator = allocator,
                .scratch = .init(allocator),
                .out = undefined,
                .values = settings.defaults(allocator, pack.settings) catch @panic("out of memory"),
            };
            self.out = .init(allocator, self.scratch.allocator());
        }

        pub fn deinit(self: *Self) void {
            self.out.deinit();
            self.scratch.deinit();
            self.sentence.deinit(self.allocator);
            self.allocator.free(self.values);
        }

        pub fn describeTo(_: *Self, writer: *cbor.Writer) void {
            describe.write(pack, writer);
        }

        fn say(self: *Self, comptime format: []const u8, arguments: anytype) []const u8 {
            self.sentence.clearRetainingCapacity();
            self.sentence.print(self.allocator, format, arguments) catch @panic("out of memory");
            return self.sentence.items;
        }

        // The calls of the contract (docs/contract.md). A sentence that is given stays until the next call.

        pub fn configure(self: *Self, configuration: []const u8) ?[]const u8 {
            var reader: cbor.Reader = .init(configuration);
            self.off = @splat(false);
            const refused = self.readConfiguration(&reader) catch return self.say("the configuration is not what docs/contract.md says", .{});
            if (refused) |it| return switch (it.why) {
                .malformed => self.say("the settings are not a map", .{}),
                .unknown => self.say("there is no setting {s}", .{it.name}),
                .not_taken => self.say("the setting {s} does not take what it is set to", .{it.name}),
            };
            const take = pack.configure orelse return null;
            return take(&self.state, .{ .declared = pack.settings, .values = self.values, .allocator = self.allocator });
        }

        fn readConfiguration(self: *Self, reader: *cbor.Reader) cbor.Error!?settings.Refused {
            var keys = try reader.map();
            while (try keys.next(reader)) {
                // A key of another type is one that is not known.
                if (reader.peek() != .text) {
                    try reader.skip();
                    try reader.skip();
                    continue;
                }
                const key = try reader.text();
                if (std.mem.eql(u8, key, "settings")) {
                    const refused = settings.read(self.allocator, pack.settings, self.values, reader) catch @panic("out of memory");
                    if (refused) |it| return it;
                } else if (std.mem.eql(u8, key, "off")) {
                    var rules = try reader.array();
                    while (try rules.next(reader)) {
                        const rule = try reader.int(u64);
                        if (rule < self.off.len) self.off[@intCast(rule)] = true;
                    }
                } else {
                    try reader.skip();
                }
            }
            return null;
        }

        pub fn evaluate(self: *Self, bytes: []const u8) @import("frame.zig").Error!void {
            const frame: Frame = try .init(bytes);
            for (0..frame.events()) |row| self.judge(&frame, @intCast(row));
        }

        fn judge(self: *Self, frame: *const Frame, row: u32) void {
            const event = frame.event(row);
            const kind = event.kind() orelse return;
            switch (kind) {
                inline else => |known| inline for (routes) |*route| {
                    if (route.kind == known) self.hand(route, known, frame, row, event);
                },
            }
        }

        inline fn hand(self: *Self, comptime route: *const Route, comptime kind: Kind, frame: *const Frame, row: u32, event: generated.Event) void {
            if (self.off[route.rule]) return;
            // The host may have found out already.
            if (route.only) |only| {
                if (!(frame.passedBy(row, route.subscription) orelse only.holds(event))) return;
            }
            self.out.rule = route.rule;
            self.out.event = event.seq();
            switch (route.run) {
                .several => |several| several.run(&self.state, event, &self.out),
                inline else => |run, tag| if (comptime tag == @field(@TypeOf(tag), @tagName(kind))) {
                    run(&self.state, event.of(kind).?, &self.out);
                },
            }
            self.finish();
        }

        /// After a handler.
        fn finish(self: *Self) void {
            self.out.flush();
            _ = self.scratch.reset(.{ .retain_with_limit = kept_scratch });
        }

        pub fn tick(self: *Self, now: u64) void {
            inline for (pack.rules, 0..) |rule, number| {
                if (rule.on_tick) |on_tick| {
                    if (!self.off[number]) {
                        self.out.rule = number;
                        self.out.event = null;
                        on_tick(&self.state, now, &self.out);
                        self.finish();
                    }
                }
            }
        }

        pub fn save(self: *Self, writer: *cbor.Writer) void {
            if (pack.save) |write| write(&self.state, writer);
        }

        pub fn restore(self: *Self, state: []const u8, version: []const u8) ?[]const u8 {
            const take = pack.restore orelse return null;
            if (state.len == 0) return null;
            var reader: cbor.Reader = .init(state);
            take(&self.state, &reader, version, self.allocator) catch |wrong| {
                return self.say("the saved state cannot be read: {t}", .{wrong});
            };
            return null;
        }

        /// Which subscriptions an event passes: what a host says. Gives whether there is one.
        pub fn passed(_: *const Self, event: generated.Event, bits: []u8) bool {
            var some = false;
            for (routes) |route| {
                if (@intFromEnum(route.kind) != event.kindNumber()) continue;
                if (route.only) |only| {
                    if (!only.holds(event)) continue;
                }
                bits[route.subscription / 8] |= @as(u8, 1) << @intCast(route.subscription % 8);
                some = true;
            }
            return some;
        }
    };
}
