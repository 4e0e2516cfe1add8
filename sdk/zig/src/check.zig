//! What a host would refuse of a pack, found by the compiler.

const std = @import("std");

const filter = @import("filter.zig");
const Filter = filter.Filter;
const Kind = @import("generated.zig").Kind;
const Property = @import("pack.zig").Property;
const Setting = @import("pack.zig").Setting;

/// As the host has them (docs/contract.md).
const max_rules = 4096;
const max_subscriptions = 4096;
const max_values = 4096;
const max_value_size = 4096;
const max_parts = 512;
const max_settings = 256;
const max_properties = 32;
const max_property_size = 1024;
const max_name_size = 128;

fn isWord(text: []const u8) bool {
    for (text) |c| switch (c) {
        'a'...'z', '0'...'9', '-' => {},
        else => return false,
    };
    return text.len > 0 and text.len <= max_name_size;
}

/// `group/name`.
fn isId(text: []const u8) bool {
    const slash = std.mem.findScalar(u8, text, '/') orelse return false;
    return isWord(text[0..slash]) and isWord(text[slash + 1 ..]);
}

/// `T` and four digits, with three more after a dot for a sub-technique.
fn isTechnique(text: []const u8) bool {
    if ((text.len != 5 and text.len != 9) or text[0] != 'T') return false;
    for (text[1..], 1..) |c, at| {
        if (if (at == 5) c != '.' else !std.ascii.isDigit(c)) return false;
    }
    return true;
}

fn hasTooMany(properties: []const Property) bool {
    for (properties) |property| {
        if (@max(property.name.len, property.value.len) > max_property_size) return true;
    }
    return properties.len > max_properties;
}

const Counted = struct { values: usize = 0, parts: usize = 0, longest: usize = 0 };

fn count(one: Filter, counted: *Counted) void {
    switch (one) {
        .all, .any => |filters| {
            counted.values += 1;
            for (filters) |inner| count(inner, counted);
        },
        .not => |inner| {
            counted.values += 1;
            count(inner.*, counted);
        },
        .field => |it| switch (it.test_) {
            .equals_text, .starts_with, .ends_with, .contains => |texts| {
                counted.values += texts.len;
                if (it.test_ == .contains) counted.parts += texts.len;
                for (texts) |text| counted.longest = @max(counted.longest, text.len);
            },
            .in => |set| {
                counted.values += set.equals.len + set.beginnings.len + set.endings.len + set.parts.entries.len;
                counted.parts += set.parts.entries.len;
            },
            .equals_number => |numbers| counted.values += numbers.len,
            .between => |ranges| counted.values += ranges.len,
            .within => |networks| counted.values += networks.networks.len,
            else => counted.values += 1,
        },
    }
}

/// What is wrong with a pack, in a sentence; nothing where a host would take it.
pub fn wrong(comptime pack: anytype) ?[]const u8 {
    @setEvalBranchQuota(10_000_000);
    if (!isWord(pack.name)) return "the pack's name " ++ pack.name ++ " is not lower-case letters, digits and `-`";
    if (pack.rules.len == 0 or pack.rules.len > max_rules) return "a pack has 1 to 4096 rules";
    if (hasTooMany(pack.properties)) return "the pack may have 32 properties of 1024 bytes, and has more";
    var subscriptions: usize = 0;
    var counted: Counted = .{};
    for (pack.rules, 0..) |rule, number| {
        if (!isId(rule.id)) return "the rule id " ++ rule.id ++ " is not of the form group/name in lower case";
        for (pack.rules[0..number]) |other| {
            if (std.mem.eql(u8, other.id, rule.id)) return "the rule id " ++ rule.id ++ " stands twice";
        }
        for (rule.attack) |technique| {
            if (!isTechnique(technique)) {
                return "rule " ++ rule.id ++ ": " ++ technique ++ " is not an ATT&CK technique id such as T1003.008";
            }
        }
        if (hasTooMany(rule.properties)) return "rule " ++ rule.id ++ " may have 32 properties of 1024 bytes, and has more";
        if (rule.handlers.len == 0 and rule.on_tick == null) {
            return "rule " ++ rule.id ++ " handles nothing: it has no .handlers and no .on_tick";
        }
        for (rule.handlers) |handler| {
            if (handler.kinds().len == 0) return "rule " ++ rule.id ++ ": a handler is of no kind";
            for (handler.kinds()) |kind| {
                subscriptions += 1;
                const only = handler.only orelse continue;
                count(only, &counted);
                if (filter.wrongWith(&only, kind, 0)) |what| return "rule " ++ rule.id ++ ": " ++ what.sentence(kind);
            }
        }
    }
    if (subscriptions == 0 or subscriptions > max_subscriptions) return "a pack has 1 to 4096 subscriptions: handlers, for each of their kinds";
    if (counted.parts > max_parts) return "the pack's filters search texts for more than 512 values (contains)";
    if (counted.values > max_values or counted.longest > max_value_size) {
        return "the pack's filters have more than 4096 values of 4096 bytes";
    }
    return wrongSettings(pack.settings);
}

fn wrongSettings(comptime settings: []const Setting) ?[]const u8 {
    if (settings.len > max_settings) return "a pack has 256 settings at the most";
    for (settings, 0..) |setting, number| {
        if (!isWord(setting.name)) return "the setting " ++ setting.name ++ " is not lower-case letters, digits and `-`";
        for (settings[0..number]) |other| {
            if (std.mem.eql(u8, other.name, setting.name)) return "the setting " ++ setting.name ++ " stands twice";
        }
        const takes_default = switch (setting.takes) {
            .one_of => |it| for (it.choices) |choice| {
                if (std.mem.eql(u8, choice, it.default)) break true;
            } else false,
            .number => |it| it.least <= it.default and it.default <= it.most,
            else => true,
        };
        if (!takes_default) return "the setting " ++ setting.name ++ " does not take its own default";
    }
    return null;
}
