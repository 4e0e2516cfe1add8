//! What rules raise.

const std = @import("std");

const Address = @import("address.zig").Address;
const cbor = @import("cbor.zig");
const Character = @import("text.zig").Character;
const generated = @import("generated.zig");
const host = @import("host.zig");
const process = @import("process.zig");
const Severity = @import("pack.zig").Severity;
const Text = @import("text.zig").Text;

/// What a host takes of a finding: the rest is cut there anyway, and would only cost (docs/contract.md). A call that hands over more than
/// 1 MiB traps.
const max_text = 16 << 10;
const max_facts = 64;
const max_items = 64;
const max_facts_size = 512 << 10;

fn outOfMemory() noreturn {
    @panic("out of memory");
}

/// Not longer than a host takes, and not in the middle of a character.
fn cut(text: []const u8) []const u8 {
    if (text.len <= max_text) return text;
    var end: usize = max_text;
    while (end > 0 and text[end] & 0xc0 == 0x80) end -= 1;
    return text[0..end];
}

/// Where a handler raises findings. It knows the rule and the event at hand.
pub const Out = struct {
    /// Memory that is gone by itself when the handler returns.
    scratch: std.mem.Allocator,
    rule: u32 = 0,
    /// Sequence number of the event at hand; there is none in a tick.
    event: ?u64 = null,
    finding: Finding,

    pub fn init(allocator: std.mem.Allocator, scratch: std.mem.Allocator) Out {
        return .{ .scratch = scratch, .finding = .{
            .allocator = allocator,
            .message = .init(allocator),
            .key_text = .init(allocator),
            .facts = .init(allocator),
            .whole = .init(allocator),
        } };
    }

    pub fn deinit(self: *Out) void {
        const finding = &self.finding;
        finding.message.deinit();
        finding.key_text.deinit();
        finding.facts.deinit();
        finding.whole.deinit();
        finding.events.deinit(finding.allocator);
    }

    /// Begins a finding: what happened, in one line for a person. It is raised when the handler returns, or begins another one.
    ///
    ///     const finding = out.raise("{f} read {f}", .{ exe, path });
    pub fn raise(self: *Out, comptime format: []const u8, arguments: anytype) *Finding {
        self.flush();
        const finding = &self.finding;
        finding.message.clearRetainingCapacity();
        finding.key_text.clearRetainingCapacity();
        finding.facts.clear();
        finding.events.clearRetainingCapacity();
        finding.begun = true;
        finding.has_key = false;
        finding.its_severity = null;
        finding.process = null;
        finding.facts_count = 0;
        finding.message.writer.print(format, arguments) catch outOfMemory();
        if (self.event) |seq| finding.becauseOf(seq);
        return finding;
    }

    /// Raises what was begun.
    pub fn flush(self: *Out) void {
        const finding = &self.finding;
        if (!finding.begun) return;
        finding.begun = false;
        finding.write(self.rule);
        host.emit(finding.whole.written());
    }
};

/// A finding in the making.
pub const Finding = struct {
    allocator: std.mem.Allocator,
    begun: bool = false,
    message: std.Io.Writer.Allocating,
    key_text: std.Io.Writer.Allocating,
    has_key: bool = false,
    its_severity: ?Severity = null,
    process: ?u64 = null,
    /// In order.
    events: std.ArrayList(u64) = .empty,
    /// As they travel.
    facts: cbor.Writer,
    facts_count: usize = 0,
    whole: cbor.Writer,

    /// Adds a fact, as what it is: a text of the kernel as a path, a string as a text, a number, yes or no, an address, a process, a
    /// command line as a text, a slice of such as a list. Who stores findings can search and add up by it. What is not known is not
    /// added.
    pub fn fact(self: *Finding, name: []const u8, value: anytype) void {
        if (!isKnown(value) or !self.begin(name)) return;
        self.write_fact(value);
    }

    /// Adds a fact that is a text.
    pub fn text(self: *Finding, name: []const u8, comptime format: []const u8, arguments: anytype) void {
        if (self.begin(name)) self.printed(format, arguments);
    }

    /// What it is about, such as a path: findings of the rule with the same key are about the same thing, and may be shown as one.
    pub fn key(self: *Finding, comptime format: []const u8, arguments: anytype) void {
        self.has_key = true;
        self.key_text.clearRetainingCapacity();
        self.key_text.writer.print(format, arguments) catch outOfMemory();
    }

    /// Adds an earlier event that is behind it, by its sequence number.
    pub fn becauseOf(self: *Finding, seq: u64) void {
        var at = self.events.items.len;
        while (at > 0 and self.events.items[at - 1] > seq) at -= 1;
        if (at > 0 and self.events.items[at - 1] == seq) return;
        self.events.insert(self.allocator, at, seq) catch outOfMemory();
    }

    /// Is worse, or less bad, than the rule's findings are.
    pub fn severity(self: *Finding, its: Severity) void {
        self.its_severity = its;
    }

    /// Is about this process. Otherwise it is the one of the newest event: for an exec the image that begins.
    pub fn about(self: *Finding, its_process: generated.Process) void {
        if (its_process.isKnown()) self.process = its_process.image();
    }

    /// Is about a process of an earlier event, or in a tick of any: by its image id, which the pack kept.
    pub fn aboutImage(self: *Finding, image: u64) void {
        self.process = image;
    }

    fn begin(self: *Finding, name: []const u8) bool {
        if (self.facts_count == max_facts or self.facts.written().len > max_facts_size) return false;
        self.facts_count += 1;
        self.facts.array(2);
        self.facts.text(name);
        return true;
    }

    fn printed(self: *Finding, comptime format: []const u8, arguments: anytype) void {
        var writer: std.Io.Writer.Allocating = .init(self.allocator);
        defer writer.deinit();
        writer.writer.print(format, arguments) catch outOfMemory();
        self.facts.text(cut(writer.written()));
    }

    fn write_fact(self: *Finding, value: anytype) void {
        const T = @TypeOf(value);
        switch (T) {
            Text => {
                self.named("path", 1);
                self.facts.bytes(cut(value.bytes()));
            },
            Address => {
                self.named("address", 1);
                self.facts.bytes(if (value.isV4()) value.bytes[12..16] else &value.bytes);
            },
            generated.Process => {
                self.named("process", 1);
                self.facts.integer(value.image());
            },
            process.CommandLine => self.printed("{f}", .{value}),
            else => switch (@typeInfo(T)) {
                .int, .comptime_int => self.facts.integer(value),
                .float, .comptime_float => self.facts.float(value),
                .bool => self.facts.boolean(value),
                .optional => self.write_fact(value.?),
                .pointer => |pointer| if (comptime pointer.size == .slice and pointer.child == u8) {
                    self.facts.text(cut(value));
                } else if (comptime pointer.size == .one and isString(pointer.child)) {
                    self.facts.text(cut(value));
                } else if (comptime pointer.size == .slice or pointer.size == .one) {
                    self.list(value);
                } else @compileError("is no fact: " ++ @typeName(T)),
                else => @compileError("is no fact: " ++ @typeName(T)),
            },
        }
    }

    fn list(self: *Finding, values: anytype) void {
        var known: usize = 0;
        for (values) |value| known += @intFromBool(isKnown(value));
        var left = @min(known, max_items);
        self.named("list", left);
        for (values) |value| {
            if (left == 0) break;
            if (!isKnown(value)) continue;
            self.write_fact(value);
            left -= 1;
        }
    }

    fn named(self: *Finding, name: []const u8, values: usize) void {
        self.facts.array(1 + values);
        self.facts.text(name);
    }

    fn write(self: *Finding, rule: u32) void {
        const writer = &self.whole;
        writer.clear();
        const there = [_]bool{ self.its_severity != null, self.events.items.len > 0, self.process != null, self.has_key, self.facts_count > 0 };
        writer.map(2 + std.mem.countScalar(bool, &there, true));
        writer.text("rule");
        writer.integer(rule);
        writer.text("message");
        writer.text(cut(self.message.written()));
        if (self.its_severity) |its| {
            writer.text("severity");
            writer.text(@tagName(its));
        }
        if (self.events.items.len > 0) {
            writer.text("events");
            writer.array(self.events.items.len);
            for (self.events.items) |seq| writer.integer(seq);
        }
        if (self.process) |image| {
            writer.text("process");
            writer.integer(image);
        }
        if (self.has_key) {
            writer.text("key");
            writer.text(cut(self.key_text.written()));
        }
        if (self.facts_count > 0) {
            writer.text("fields");
            writer.array(self.facts_count);
            writer.raw(self.facts.written());
        }
    }
};

fn isString(comptime T: type) bool {
    return switch (@typeInfo(T)) {
        .array => |its| its.child == u8,
        else => false,
    };
}

fn isKnown(value: anytype) bool {
    return switch (@TypeOf(value)) {
        Text => value.isKnown(),
        generated.Process => value.isKnown(),
        else => if (@typeInfo(@TypeOf(value)) == .optional) value != null else true,
    };
}
