//! What a pack is: rules with their handlers, what can be set, and what is kept over a reload.

const std = @import("std");

const cbor = @import("cbor.zig");
const Filter = @import("filter.zig").Filter;
const generated = @import("generated.zig");
const Kind = generated.Kind;
const Out = @import("finding.zig").Out;
const Settings = @import("settings.zig").Settings;

/// The version of this SDK.
pub const sdk_version = "0.1.0";

/// How bad a finding is.
pub const Severity = enum { info, low, medium, high, critical };

/// Anything else worth saying, as texts.
pub const Property = struct { name: []const u8, value: []const u8 };

/// What a rule does with events of a kind, or of several.
pub fn Handler(comptime State: type) type {
    return struct {
        /// What the events must be like; all, where there is none.
        only: ?Filter = null,
        /// The kind and the function: `.{ .open = secretRead }`.
        run: generated.Run(State, Out),

        /// The kinds that it is of.
        pub fn kinds(comptime self: @This()) []const Kind {
            return switch (self.run) {
                .several => |several| several.kinds,
                inline else => |_, tag| &.{@field(Kind, @tagName(tag))},
            };
        }
    };
}

pub fn Rule(comptime State: type) type {
    return struct {
        /// Unique among all packs that a host runs: lower-case words, `-` and one `/`, such as `credential-access/shadow-read`.
        id: []const u8,
        /// One line that says what a finding of it means.
        summary: []const u8 = "",
        severity: Severity = .medium,
        /// MITRE ATT&CK techniques that it detects, such as `T1003.008`.
        attack: []const []const u8 = &.{},
        properties: []const Property = &.{},
        handlers: []const Handler(State) = &.{},
        /// Is called at every full second of event time, between two batches: with that time, ns since 1970 (UTC).
        on_tick: ?*const fn (*State, u64, *Out) void = null,
    };
}

/// Something that can be set.
pub const Setting = struct {
    /// Lower-case words and `-`.
    name: []const u8,
    /// One line that says what it does.
    summary: []const u8 = "",
    takes: Takes,

    /// What it takes, and what it is where nobody sets it.
    pub const Takes = union(enum) {
        text: []const u8,
        one_of: struct { choices: []const []const u8, default: []const u8 },
        texts: []const []const u8,
        /// A whole number from `least` to `most`, both included.
        number: struct { least: i64 = std.math.minInt(i64), most: i64 = std.math.maxInt(i64), default: i64 },
        boolean: bool,
    };
};

/// Rules that travel together, and the type of what they remember: its fields have defaults, which a pack starts with.
pub fn Pack(comptime its_state: type) type {
    return struct {
        /// Lower-case words and `-`.
        name: []const u8,
        /// The pack's version (semver).
        version: []const u8,
        /// What it is for, in one line.
        summary: []const u8 = "",
        rules: []const Rule(State),
        settings: []const Setting = &.{},
        properties: []const Property = &.{},
        /// Takes the settings, before the first event. Gives nothing, or in a sentence why they make no sense together: the pack is not
        /// loaded then.
        configure: ?*const fn (*State, Settings) ?[]const u8 = null,
        /// Writes what the next version shall start from.
        save: ?*const fn (*const State, *cbor.Writer) void = null,
        /// Takes over what `version` of the pack saved. Not called where it saved nothing. An error keeps the old version running.
        restore: ?*const fn (*State, *cbor.Reader, version: []const u8, allocator: std.mem.Allocator) anyerror!void = null,

        pub const State = its_state;
    };
}
