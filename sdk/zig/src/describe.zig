//! What a pack says of itself.

const std = @import("std");

const cbor = @import("cbor.zig");
const filter = @import("filter.zig");
const isUtf8 = @import("text.zig").isUtf8;
const pack_of = @import("pack.zig");
const Entry = @import("matching/texts.zig").Entry;

/// As a text where it is one, which is easier to read.
fn writeValue(writer: *cbor.Writer, value: []const u8) void {
    if (isUtf8(value)) writer.text(value) else writer.bytes(value);
}

fn begin(writer: *cbor.Writer, name: []const u8, field: []const u8, values: usize) void {
    writer.array(2 + values);
    writer.text(name);
    writer.text(field);
}

fn writeTexts(writer: *cbor.Writer, name: []const u8, field: []const u8, texts: []const []const u8) void {
    begin(writer, name, field, texts.len);
    for (texts) |text| writeValue(writer, text);
}

fn writeEntries(writer: *cbor.Writer, name: []const u8, field: []const u8, entries: []const Entry) void {
    if (entries.len == 0) return;
    begin(writer, name, field, entries.len);
    for (entries) |entry| writeValue(writer, entry.text);
}

pub fn writeFilter(writer: *cbor.Writer, one: *const filter.Filter) void {
    switch (one.*) {
        .all, .any => |filters| {
            writer.array(1 + filters.len);
            writer.text(@tagName(one.*));
            for (filters) |*inner| writeFilter(writer, inner);
        },
        .not => |inner| {
            writer.array(2);
            writer.text("not");
            writeFilter(writer, inner);
        },
        .field => |it| writeTest(writer, it.field.name, &it.test_),
    }
}

fn writeTest(writer: *cbor.Writer, field: []const u8, its_test: *const filter.Test) void {
    switch (its_test.*) {
        .known => begin(writer, "known", field, 0),
        .equals_text => |texts| writeTexts(writer, "equals", field, texts),
        .starts_with => |texts| writeTexts(writer, "starts-with", field, texts),
        .ends_with => |texts| writeTexts(writer, "ends-with", field, texts),
        .contains => |texts| writeTexts(writer, "contains", field, texts),
        .in => |set| {
            const lists = [_]usize{ set.equals.len, set.beginnings.len, set.endings.len, set.parts.entries.len };
            writer.array(1 + lists.len - std.mem.countScalar(usize, &lists, 0));
            writer.text("any");
            writeEntries(writer, "equals", field, set.equals);
            writeEntries(writer, "starts-with", field, set.beginnings);
            writeEntries(writer, "ends-with", field, set.endings);
            writeEntries(writer, "contains", field, set.parts.entries);
        },
        .equals_number => |numbers| {
            begin(writer, "equals", field, numbers.len);
            for (numbers) |number| writer.integer(number);
        },
        .equals_bool => |these| {
            begin(writer, "equals", field, these.len);
            for (these) |yes| writer.boolean(yes);
        },
        .equals_address => |addresses| {
            begin(writer, "equals", field, addresses.len);
            for (addresses) |address| writer.bytes(&address.bytes);
        },
        .between => |ranges| {
            begin(writer, "between", field, ranges.len);
            for (ranges) |range| {
                writer.array(2);
                writer.integer(range[0]);
                writer.integer(range[1]);
            }
        },
        .any_bits, .all_bits, .no_bits => |bits| {
            const name = switch (its_test.*) {
                .any_bits => "any-bits",
                .all_bits => "all-bits",
                else => "no-bits",
            };
            begin(writer, name, field, 1);
            writer.integer(bits);
        },
        .within => |networks| {
            begin(writer, "within", field, networks.networks.len);
            for (networks.networks) |network| {
                writer.array(2);
                writer.bytes(&network.address);
                writer.integer(network.bits);
            }
        },
    }
}

fn writeStrings(writer: *cbor.Writer, name: []const u8, strings: []const []const u8) void {
    writer.text(name);
    writer.array(strings.len);
    for (strings) |string| writer.text(string);
}

fn writeProperties(writer: *cbor.Writer, properties: []const pack_of.Property) void {
    writer.text("properties");
    writer.array(properties.len);
    for (properties) |property| {
        writer.array(2);
        writer.text(property.name);
        writer.text(property.value);
    }
}

fn writeSetting(writer: *cbor.Writer, setting: pack_of.Setting) void {
    writer.map(4 + @as(usize, switch (setting.takes) {
        .one_of => 1,
        .number => 2,
        else => 0,
    }));
    writer.text("name");
    writer.text(setting.name);
    writer.text("summary");
    writer.text(setting.summary);
    writer.text("type");
    writer.text(if (setting.takes == .one_of) "one-of" else @tagName(setting.takes));
    switch (setting.takes) {
        .text => |default| {
            writer.text("default");
            writer.text(default);
        },
        .one_of => |it| {
            writeStrings(writer, "choices", it.choices);
            writer.text("default");
            writer.text(it.default);
        },
        .texts => |default| writeStrings(writer, "default", default),
        .number => |it| inline for (.{ "least", "most", "default" }) |name| {
            writer.text(name);
            writer.integer(@field(it, name));
        },
        .boolean => |default| {
            writer.text("default");
            writer.boolean(default);
        },
    }
}

/// Writes the description of a pack that was checked. Of each rule's handlers every kind is a subscription, in their order.
pub fn write(comptime pack: anytype, writer: *cbor.Writer) void {
    writer.map(6);
    writer.text("name");
    writer.text(pack.name);
    writer.text("version");
    writer.text(pack.version);
    writer.text("summary");
    writer.text(pack.summary);
    writer.text("rules");
    writer.array(pack.rules.len);
    inline for (pack.rules) |rule| {
        writer.map(6);
        writer.text("id");
        writer.text(rule.id);
        writer.text("summary");
        writer.text(rule.summary);
        writer.text("severity");
        writer.text(@tagName(rule.severity));
        writeStrings(writer, "attack", rule.attack);
        writer.text("events");
        comptime var subscriptions = 0;
        inline for (rule.handlers) |handler| subscriptions += comptime handler.kinds().len;
        writer.array(subscriptions);
        inline for (rule.handlers) |handler| inline for (comptime handler.kinds()) |kind| {
            writer.map(if (handler.only == null) 1 else 2);
            writer.text("kind");
            writer.text(@tagName(kind));
            if (handler.only) |*only| {
                writer.text("filter");
                writeFilter(writer, only);
            }
        };
        writeProperties(writer, rule.properties);
    }
    writer.text("settings");
    writer.array(pack.settings.len);
    for (pack.settings) |setting| writeSetting(writer, setting);
    writeProperties(writer, pack.properties ++ &[_]pack_of.Property{.{ .name = "sdk", .value = "zig/" ++ pack_of.sdk_version }});
}
