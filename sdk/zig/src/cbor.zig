//! CBOR (RFC 8949): how a pack's state is written and read, and all that a pack and its host say to one another.

const std = @import("std");

const Text = @import("text.zig").Text;

/// How deep items may lie in one another.
const max_depth = 32;

const Major = enum(u3) { unsigned, negative, bytes, text, array, map, tag, other };

/// There is no memory left: the pack ends.
fn outOfMemory() noreturn {
    @panic("out of memory");
}

/// Where something is written to.
pub const Writer = struct {
    to: std.Io.Writer.Allocating,

    pub fn init(allocator: std.mem.Allocator) Writer {
        return .{ .to = .init(allocator) };
    }

    pub fn deinit(self: *Writer) void {
        self.to.deinit();
    }

    pub fn written(self: *Writer) []const u8 {
        return self.to.written();
    }

    /// Makes it empty, and keeps its memory.
    pub fn clear(self: *Writer) void {
        self.to.clearRetainingCapacity();
    }

    pub fn raw(self: *Writer, bytes_as_they_are: []const u8) void {
        self.to.writer.writeAll(bytes_as_they_are) catch outOfMemory();
    }

    fn head(self: *Writer, major: Major, number: u64) void {
        var buffer: [9]u8 = undefined;
        const size: usize = if (number < 24) 0 else if (number <= 0xff) 1 else if (number <= 0xffff) 2 else if (number <= 0xffff_ffff) 4 else 8;
        // 24 to 27 stand for 1, 2, 4 and 8 bytes that follow.
        const low: u8 = if (size == 0) @intCast(number) else 24 + @as(u8, std.math.log2_int(usize, size));
        buffer[0] = @as(u8, @intFromEnum(major)) << 5 | low;
        for (0..size) |at| buffer[1 + at] = @truncate(number >> @intCast(8 * (size - 1 - at)));
        self.raw(buffer[0 .. 1 + size]);
    }

    /// A map of so many keys, each followed by its value.
    pub fn map(self: *Writer, count: usize) void {
        self.head(.map, count);
    }

    /// An array of so many items, which follow.
    pub fn array(self: *Writer, count: usize) void {
        self.head(.array, count);
    }

    /// A text. What is not UTF-8 in it becomes U+FFFD: to keep it as it is, write bytes.
    pub fn text(self: *Writer, it: []const u8) void {
        // Its length stands before it, so that it is printed to nowhere first.
        var nowhere: std.Io.Writer.Discarding = .init(&.{});
        const lossy = Text.of(it).lossy();
        lossy.format(&nowhere.writer) catch unreachable;
        self.head(.text, nowhere.fullCount());
        lossy.format(&self.to.writer) catch outOfMemory();
    }

    pub fn bytes(self: *Writer, it: []const u8) void {
        self.head(.bytes, it.len);
        self.raw(it);
    }

    /// Any integer of CBOR, from -2^64 to 2^64 - 1.
    pub fn integer(self: *Writer, number: i128) void {
        if (number < 0) self.head(.negative, @intCast(-1 - number)) else self.head(.unsigned, @intCast(number));
    }

    pub fn boolean(self: *Writer, yes: bool) void {
        self.head(.other, if (yes) 21 else 20);
    }

    pub fn float(self: *Writer, number: f64) void {
        var buffer: [9]u8 = undefined;
        buffer[0] = 0xfb;
        std.mem.writeInt(u64, buffer[1..9], @bitCast(number), .big);
        self.raw(&buffer);
    }

    /// A value of any type that is a number, yes or no, bytes, a slice or an array of such, or a struct, whose fields become the keys
    /// of a map; of a tuple an array. What may not be there and is not there is left out of a map.
    pub fn value(self: *Writer, it: anytype) void {
        const T = @TypeOf(it);
        switch (@typeInfo(T)) {
            .int, .comptime_int => self.integer(it),
            .float, .comptime_float => self.float(it),
            .bool => self.boolean(it),
            .pointer => |pointer| switch (pointer.size) {
                .slice => if (pointer.child == u8) self.bytes(it) else {
                    self.array(it.len);
                    for (it) |item| self.value(item);
                },
                .one => self.value(it.*),
                else => @compileError("cannot be kept: " ++ @typeName(T)),
            },
            .array => |its| if (its.child == u8) self.bytes(&it) else {
                self.array(its.len);
                for (it) |item| self.value(item);
            },
            .@"struct" => self.fields(it),
            else => @compileError("cannot be kept: " ++ @typeName(T)),
        }
    }

    fn fields(self: *Writer, it: anytype) void {
        const names = comptime std.meta.fieldNames(@TypeOf(it));
        if (@typeInfo(@TypeOf(it)).@"struct".is_tuple) {
            self.array(names.len);
            inline for (names) |name| self.value(@field(it, name));
            return;
        }
        var count: usize = 0;
        inline for (names) |name| count += @intFromBool(isThere(@field(it, name)));
        self.map(count);
        inline for (names) |name| {
            const field = @field(it, name);
            if (isThere(field)) {
                self.text(name);
                if (@typeInfo(@TypeOf(field)) == .optional) self.value(field.?) else self.value(field);
            }
        }
    }
};

fn isThere(it: anytype) bool {
    return if (@typeInfo(@TypeOf(it)) == .optional) it != null else true;
}

/// What comes next.
pub const Type = enum { unsigned, negative, bytes, text, array, map, tag, boolean, float, simple, stop, nothing };

pub const Error = error{Malformed};

/// Items of an array, or keys of a map, that are left.
pub const Items = struct {
    /// Of one without a definite length it is not known.
    left: ?u64,

    /// Whether there is another one, which then comes next.
    pub fn next(self: *Items, reader: *Reader) Error!bool {
        if (self.left) |left| {
            if (left == 0) return false;
            self.left = left - 1;
        } else if (reader.peek() == .stop) {
            reader.bytes_left = reader.bytes_left[1..];
            self.left = 0;
            return false;
        }
        if (reader.bytes_left.len == 0) return error.Malformed;
        return true;
    }
};

/// Bytes that are read.
pub const Reader = struct {
    bytes_left: []const u8,

    const Head = struct { major: Major, low: u5, number: u64 };

    pub fn init(bytes: []const u8) Reader {
        return .{ .bytes_left = bytes };
    }

    fn head(self: *Reader) Error!Head {
        const left = self.bytes_left;
        if (left.len == 0) return error.Malformed;
        const major: Major = @enumFromInt(left[0] >> 5);
        const low: u5 = @truncate(left[0]);
        if (low < 24) {
            self.bytes_left = left[1..];
            return .{ .major = major, .low = low, .number = low };
        }
        if (low > 27) {
            // 28 to 30 mean nothing yet; a number and a tag have a definite length.
            if (low != 31 or major == .unsigned or major == .negative or major == .tag) return error.Malformed;
            self.bytes_left = left[1..];
            return .{ .major = major, .low = low, .number = 0 };
        }
        const size = @as(usize, 1) << @intCast(low - 24);
        if (left.len < 1 + size) return error.Malformed;
        var number: u64 = 0;
        for (left[1..][0..size]) |byte| number = number << 8 | byte;
        self.bytes_left = left[1 + size ..];
        return .{ .major = major, .low = low, .number = number };
    }

    pub fn peek(self: Reader) Type {
        if (self.bytes_left.len == 0) return .nothing;
        return switch (@as(Major, @enumFromInt(self.bytes_left[0] >> 5))) {
            .unsigned => .unsigned,
            .negative => .negative,
            .bytes => .bytes,
            .text => .text,
            .array => .array,
            .map => .map,
            .tag => .tag,
            .other => switch (self.bytes_left[0] & 31) {
                20, 21 => .boolean,
                25...27 => .float,
                31 => .stop,
                else => .simple,
            },
        };
    }

    fn items(self: *Reader, major: Major) Error!Items {
        const its = try self.head();
        if (its.major != major) return error.Malformed;
        return .{ .left = if (its.low == 31) null else its.number };
    }

    pub fn array(self: *Reader) Error!Items {
        return self.items(.array);
    }

    pub fn map(self: *Reader) Error!Items {
        return self.items(.map);
    }

    /// A text or bytes, of definite length, which lie in what is read.
    pub fn text(self: *Reader) Error![]const u8 {
        const its = try self.head();
        if ((its.major != .text and its.major != .bytes) or its.low == 31) return error.Malformed;
        if (its.number > self.bytes_left.len) return error.Malformed;
        defer self.bytes_left = self.bytes_left[@intCast(its.number)..];
        return self.bytes_left[0..@intCast(its.number)];
    }

    pub fn integer(self: *Reader) Error!i128 {
        const its = try self.head();
        return switch (its.major) {
            .unsigned => its.number,
            .negative => -1 - @as(i128, its.number),
            else => error.Malformed,
        };
    }

    /// An integer that fits into this type.
    pub fn int(self: *Reader, comptime T: type) Error!T {
        return std.math.cast(T, try self.integer()) orelse error.Malformed;
    }

    pub fn boolean(self: *Reader) Error!bool {
        const its = try self.head();
        if (its.major != .other or (its.low != 20 and its.low != 21)) return error.Malformed;
        return its.low == 21;
    }

    pub fn float(self: *Reader) Error!f64 {
        const its = try self.head();
        if (its.major != .other) return error.Malformed;
        return switch (its.low) {
            25 => @as(f16, @bitCast(@as(u16, @intCast(its.number)))),
            26 => @as(f32, @bitCast(@as(u32, @intCast(its.number)))),
            27 => @bitCast(its.number),
            else => error.Malformed,
        };
    }

    /// Passes over what comes next, however deep it lies.
    pub fn skip(self: *Reader) Error!void {
        return self.skipAt(0);
    }

    fn skipAt(self: *Reader, depth: usize) Error!void {
        if (depth == max_depth) return error.Malformed;
        const its = try self.head();
        var left: Items = .{ .left = if (its.low == 31) null else its.number };
        switch (its.major) {
            .unsigned, .negative => {},
            .bytes, .text => if (left.left) |size| {
                if (size > self.bytes_left.len) return error.Malformed;
                self.bytes_left = self.bytes_left[@intCast(size)..];
            } else while (try left.next(self)) {
                _ = try self.text();
            },
            .array => while (try left.next(self)) try self.skipAt(depth + 1),
            .map => while (try left.next(self)) {
                try self.skipAt(depth + 1);
                try self.skipAt(depth + 1);
            },
            .tag => try self.skipAt(depth + 1),
            // The end of something that did not begin.
            .other => if (its.low == 31) return error.Malformed,
        }
    }

    /// A value as `Writer.value` writes it. Slices are the allocator's. Keys that the struct does not have are passed over; a field
    /// without a key is its default, and malformed where it has none.
    pub fn value(self: *Reader, comptime T: type, allocator: std.mem.Allocator) (Error || error{OutOfMemory})!T {
        switch (@typeInfo(T)) {
            .int => return self.int(T),
            .float => return @floatCast(try self.float()),
            .bool => return self.boolean(),
            .optional => |optional| return try self.value(optional.child, allocator),
            .array => |its| {
                var it: T = undefined;
                if (its.child == u8) {
                    const read = try self.text();
                    if (read.len != its.len) return error.Malformed;
                    it = read[0..its.len].*;
                    return it;
                }
                var left = try self.array();
                for (&it) |*item| {
                    if (!try left.next(self)) return error.Malformed;
                    item.* = try self.value(its.child, allocator);
                }
                return if (try left.next(self)) error.Malformed else it;
            },
            .pointer => |pointer| {
                if (pointer.size != .slice) @compileError("cannot be kept: " ++ @typeName(T));
                if (pointer.child == u8) return allocator.dupe(u8, try self.text());
                var list: std.ArrayList(pointer.child) = .empty;
                errdefer list.deinit(allocator);
                var left = try self.array();
                while (try left.next(self)) try list.append(allocator, try self.value(pointer.child, allocator));
                return list.toOwnedSlice(allocator);
            },
            .@"struct" => |its| return if (its.is_tuple) self.tuple(T, allocator) else self.structure(T, allocator),
            else => @compileError("cannot be kept: " ++ @typeName(T)),
        }
    }

    fn tuple(self: *Reader, comptime T: type, allocator: std.mem.Allocator) (Error || error{OutOfMemory})!T {
        var it: T = undefined;
        var left = try self.array();
        inline for (comptime std.meta.fieldNames(T)) |name| {
            if (!try left.next(self)) return error.Malformed;
            @field(it, name) = try self.value(@TypeOf(@field(it, name)), allocator);
        }
        return if (try left.next(self)) error.Malformed else it;
    }

    fn structure(self: *Reader, comptime T: type, allocator: std.mem.Allocator) (Error || error{OutOfMemory})!T {
        var it: T = undefined;
        const names = comptime std.meta.fieldNames(T);
        var there: [names.len]bool = @splat(false);
        var keys = try self.map();
        while (try keys.next(self)) {
            const key = try self.text();
            inline for (names, &there) |name, *is_there| {
                if (std.mem.eql(u8, key, name)) {
                    @field(it, name) = try self.value(@TypeOf(@field(it, name)), allocator);
                    is_there.* = true;
                    break;
                }
            } else try self.skip();
        }
        inline for (names, there) |name, is_there| {
            if (!is_there) @field(it, name) = defaultOf(T, name) orelse return error.Malformed;
        }
        return it;
    }
};

/// The default of a struct's field; of what may not be there, that it is not.
fn defaultOf(comptime T: type, comptime name: []const u8) ?@FieldType(T, name) {
    const info = @typeInfo(T).@"struct";
    const attributes = info.field_attrs[std.meta.fieldIndex(T, name).?];
    if (attributes.defaultValue(@FieldType(T, name))) |default| return default;
    if (@typeInfo(@FieldType(T, name)) == .optional) return @as(@FieldType(T, name), null);
    return null;
}
