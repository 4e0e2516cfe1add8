//! What of a kind's events a handler is given. The host compares, so that what does not pass never reaches the pack.

const std = @import("std");

const Address = @import("address.zig").Address;
const frame = @import("frame.zig");
const generated = @import("generated.zig");
const Kind = generated.Kind;
const layout = @import("layout.zig");
const Networks = @import("matching.zig").Networks;
const Network = @import("address.zig").Network;
const Set = @import("matching.zig").Set;

/// How deep filters may lie in one another: below the outermost one.
pub const max_depth = 16;

/// What an event must be like. A test of a field that is not known does not hold; its negation does.
pub const Filter = union(enum) {
    /// All of these hold.
    all: []const Filter,
    /// At least one of these holds.
    any: []const Filter,
    /// It does not hold.
    not: *const Filter,
    field: struct { field: Field, test_: Test },

    pub fn negated(comptime self: Filter) Filter {
        return .{ .not = &self };
    }

    /// Whether an event passes.
    pub fn holds(self: *const Filter, event: generated.Event) bool {
        switch (self.*) {
            .all => |filters| for (filters) |*filter| {
                if (!filter.holds(event)) return false;
            } else return true,
            .any => |filters| for (filters) |*filter| {
                if (filter.holds(event)) return true;
            } else return false,
            .not => |filter| return !filter.holds(event),
            .field => |it| return it.test_.holds(frame.value(it.field.recordOf(event), it.field.info) orelse return false),
        }
    }
};

/// All of these filters hold.
pub fn all(comptime filters: []const Filter) Filter {
    return .{ .all = filters };
}

/// At least one of these filters holds.
pub fn any(comptime filters: []const Filter) Filter {
    return .{ .any = filters };
}

/// The filter does not hold.
pub fn not(comptime filter: Filter) Filter {
    return .{ .not = &filter };
}

/// The call failed.
pub const failed = generated.field.event.flags.allBits(generated.event_flag.failed);

/// Whose a field is.
pub const Owner = union(enum) {
    event,
    /// Of the process that did it.
    process,
    parent,
    container,
    /// What the kind has of its own.
    payload: Kind,
    /// Of the process that a field of the payload names.
    named: struct { kind: Kind, field: usize },
};

/// A field, and whose it is.
pub const Field = struct {
    name: []const u8,
    owner: Owner,
    info: *const layout.Field,

    fn recordOf(self: Field, event: generated.Event) frame.Record {
        const none: frame.Record = .{ .frame = event.record.frame };
        switch (self.owner) {
            .event => return event.record,
            .process => return event.process().record,
            .parent => return if (event.process().parent()) |process| process.record else none,
            .container => return if (event.process().container()) |container| container.record else none,
            .payload => |kind| return payloadOf(event, kind),
            .named => |named| {
                const payload = payloadOf(event, named.kind);
                const row = frame.value(payload, &named.kind.record().fields[named.field]) orelse return none;
                return event.record.frame.process(@intCast(row.number)).record;
            },
        }
    }

    fn payloadOf(event: generated.Event, kind: Kind) frame.Record {
        if (event.kindNumber() != @intFromEnum(kind)) return .{ .frame = event.record.frame };
        return event.record.frame.record(kind.record().index, event.payloadRow());
    }
};

/// What the value of a field must be like.
pub const Test = union(enum) {
    known,
    equals_text: []const []const u8,
    equals_number: []const i128,
    equals_bool: []const bool,
    equals_address: []const Address,
    starts_with: []const []const u8,
    ends_with: []const []const u8,
    contains: []const []const u8,
    /// A set without globs.
    in: Set,
    /// From and to, both included.
    between: []const [2]i128,
    any_bits: u64,
    all_bits: u64,
    no_bits: u64,
    within: Networks,

    fn holds(self: *const Test, value: frame.Value) bool {
        if (self.* == .known) return true;
        return switch (value) {
            .text => |text| self.holdsText(text),
            .number => |number| self.holdsNumber(number),
            .yes_or_no => |yes| switch (self.*) {
                .equals_bool => |these| std.mem.findScalar(bool, these, yes) != null,
                else => false,
            },
            .address => |address| switch (self.*) {
                .equals_address => |these| for (these) |one| {
                    if (one.eql(address)) break true;
                } else false,
                .within => |networks| networks.have(address),
                else => false,
            },
        };
    }

    fn holdsText(self: *const Test, text: []const u8) bool {
        switch (self.*) {
            .equals_text => |these| for (these) |one| {
                if (std.mem.eql(u8, text, one)) return true;
            },
            .starts_with => |these| for (these) |one| {
                if (std.mem.startsWith(u8, text, one)) return true;
            },
            .ends_with => |these| for (these) |one| {
                if (std.mem.endsWith(u8, text, one)) return true;
            },
            .contains => |these| for (these) |one| {
                if (std.mem.find(u8, text, one) != null) return true;
            },
            .in => |*set| return set.has(.of(text)),
            else => {},
        }
        return false;
    }

    fn holdsNumber(self: *const Test, number: i128) bool {
        // Of a negative number the bits that it has in 64.
        const bits: u64 = @truncate(@as(u128, @bitCast(number)));
        switch (self.*) {
            .equals_number => |these| return std.mem.findScalar(i128, these, number) != null,
            .between => |ranges| for (ranges) |range| {
                if (range[0] <= number and number <= range[1]) return true;
            },
            .any_bits => |these| return bits & these != 0,
            .all_bits => |these| return bits & these == these,
            .no_bits => |these| return bits & these == 0,
            else => {},
        }
        return false;
    }
};

fn of(field: Field, its_test: Test) Filter {
    return .{ .field = .{ .field = field, .test_ = its_test } };
}

/// A field that holds a text.
pub const TextField = struct {
    field: Field,

    /// It is there.
    pub fn known(self: TextField) Filter {
        return of(self.field, .known);
    }

    /// It is one of these.
    pub fn equals(self: TextField, these: []const []const u8) Filter {
        return of(self.field, .{ .equals_text = these });
    }

    /// It begins with one of these.
    pub fn startsWith(self: TextField, these: []const []const u8) Filter {
        return of(self.field, .{ .starts_with = these });
    }

    /// It ends with one of these.
    pub fn endsWith(self: TextField, these: []const []const u8) Filter {
        return of(self.field, .{ .ends_with = these });
    }

    /// It has one of these somewhere in it.
    pub fn contains(self: TextField, these: []const []const u8) Filter {
        return of(self.field, .{ .contains = these });
    }

    /// It is in the set, which has no globs: a host compares none.
    pub fn in(self: TextField, set: Set) Filter {
        return of(self.field, .{ .in = set });
    }
};

/// A field that holds a number.
pub const NumberField = struct {
    field: Field,

    /// It is there.
    pub fn known(self: NumberField) Filter {
        return of(self.field, .known);
    }

    /// It is one of these.
    pub fn equals(self: NumberField, these: []const i128) Filter {
        return of(self.field, .{ .equals_number = these });
    }

    /// It lies in one of these ranges, both ends included: `between(&.{.{ 1, 1023 }})`.
    pub fn between(self: NumberField, ranges: []const [2]i128) Filter {
        return of(self.field, .{ .between = ranges });
    }

    /// At least one of these bits is set.
    pub fn anyBits(self: NumberField, bits: u64) Filter {
        return of(self.field, .{ .any_bits = bits });
    }

    /// All of these bits are set.
    pub fn allBits(self: NumberField, bits: u64) Filter {
        return of(self.field, .{ .all_bits = bits });
    }

    /// None of these bits is set.
    pub fn noBits(self: NumberField, bits: u64) Filter {
        return of(self.field, .{ .no_bits = bits });
    }
};

/// A field that holds yes or no.
pub const BoolField = struct {
    field: Field,

    /// It is there.
    pub fn known(self: BoolField) Filter {
        return of(self.field, .known);
    }

    /// It is known to be so.
    pub fn equals(comptime self: BoolField, comptime yes: bool) Filter {
        return of(self.field, .{ .equals_bool = &.{yes} });
    }
};

/// A field that holds an address.
pub const AddressField = struct {
    field: Field,

    /// It is there.
    pub fn known(self: AddressField) Filter {
        return of(self.field, .known);
    }

    /// It is one of these, such as `192.0.2.1`. What is no address does not compile.
    pub fn equals(comptime self: AddressField, comptime these: []const []const u8) Filter {
        return comptime made: {
            @setEvalBranchQuota(100_000);
            var addresses: [these.len]Address = undefined;
            for (these, &addresses) |written, *address| {
                address.* = Address.parse(written) orelse @compileError("\"" ++ written ++ "\" is no address");
            }
            const final = addresses;
            break :made of(self.field, .{ .equals_address = &final });
        };
    }

    /// It lies in one of these networks, such as `10.0.0.0/8`. What is no network does not compile.
    pub fn within(comptime self: AddressField, comptime networks: []const []const u8) Filter {
        return of(self.field, .{ .within = .of(networks) });
    }

    /// It lies in one of these networks.
    pub fn in(self: AddressField, networks: Networks) Filter {
        return of(self.field, .{ .within = networks });
    }
};

/// Why a filter cannot be used.
pub const Wrong = struct {
    what: enum { other_kind, not_comparable, type, no_value, empty_range, globs, deep },
    field: []const u8 = "",

    /// The rest of a sentence about a rule.
    pub fn sentence(comptime self: Wrong, comptime kind: Kind) []const u8 {
        return switch (self.what) {
            .other_kind => "events of the kind " ++ @tagName(kind) ++ " have no field " ++ self.field,
            .not_comparable => "the field " ++ self.field ++ " cannot be compared",
            .type => "the field " ++ self.field ++ " holds something else than it is tested for",
            .no_value => "the field " ++ self.field ++ " is tested with no value at all",
            .empty_range => "nothing is between the numbers that " ++ self.field ++ " is tested for",
            .globs => "the field " ++ self.field ++ " is tested by a set with globs, which a host cannot compare",
            .deep => "a filter lies deeper than 16 in others",
        };
    }
};

/// What a host would refuse a filter for, on events of a kind.
pub fn wrongWith(filter: *const Filter, kind: Kind, depth: usize) ?Wrong {
    if (depth > max_depth) return .{ .what = .deep };
    switch (filter.*) {
        .all, .any => |filters| for (filters) |*one| {
            if (wrongWith(one, kind, depth + 1)) |wrong| return wrong;
        },
        .not => |one| return wrongWith(one, kind, depth + 1),
        .field => |it| {
            const wrong = wrongTest(it.field, &it.test_, kind) orelse return null;
            return .{ .what = wrong.what, .field = it.field.name };
        },
    }
    return null;
}

fn wrongTest(field: Field, its_test: *const Test, kind: Kind) ?Wrong {
    const has_owner = switch (field.owner) {
        .event => true,
        .process, .parent, .container => kind.hasProcess(),
        .payload => |of_kind| of_kind == kind,
        .named => |named| named.kind == kind,
    };
    if (!has_owner) return .{ .what = .other_kind };
    const fits = switch (field.info.holds) {
        .list, .row, .payload => return .{ .what = .not_comparable },
        .text => switch (its_test.*) {
            .known, .equals_text, .starts_with, .ends_with, .contains, .in => true,
            else => false,
        },
        .address => switch (its_test.*) {
            .known, .equals_address, .within => true,
            else => false,
        },
        .yes_or_no => switch (its_test.*) {
            .known, .equals_bool => true,
            else => false,
        },
        else => switch (its_test.*) {
            .known, .equals_number, .between, .any_bits, .all_bits, .no_bits => true,
            else => false,
        },
    };
    if (!fits) return .{ .what = .type };
    const values = switch (its_test.*) {
        .equals_text, .starts_with, .ends_with, .contains => |these| these.len,
        .equals_number => |these| these.len,
        .equals_bool => |these| these.len,
        .equals_address => |these| these.len,
        .between => |ranges| blk: {
            for (ranges) |range| {
                if (range[0] > range[1]) return .{ .what = .empty_range };
            }
            break :blk ranges.len;
        },
        .within => |networks| networks.networks.len,
        .in => |*set| blk: {
            if (set.lists.globs.len > 0) return .{ .what = .globs };
            break :blk set.equals.len + set.beginnings.len + set.endings.len + set.parts.entries.len;
        },
        .known, .any_bits, .all_bits, .no_bits => 1,
    };
    return if (values == 0) .{ .what = .no_value } else null;
}
