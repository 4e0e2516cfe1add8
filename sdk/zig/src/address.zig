//! Internet addresses and networks.

const std = @import("std");

const mapped = [_]u8{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/// An address. IPv4 addresses are IPv4-mapped IPv6 addresses. Printed with `{f}` as people write it, IPv6 as RFC 5952 says.
pub const Address = struct {
    bytes: [16]u8,

    /// `192.0.2.1` or `2001:db8::1`; nothing where it is none.
    pub fn parse(written: []const u8) ?Address {
        if (parseV4(written)) |v4| return .{ .bytes = mapped ++ v4 };
        return .{ .bytes = parseV6(written) orelse return null };
    }

    pub fn eql(self: Address, other: Address) bool {
        return std.mem.eql(u8, &self.bytes, &other.bytes);
    }

    pub fn isV4(self: Address) bool {
        return std.mem.eql(u8, self.bytes[0..12], &mapped);
    }

    /// Whether it is one of the internet at large: not private, shared (carrier-grade NAT), loopback, link-local, multicast, for
    /// documentation or benchmarks, or reserved (the special-purpose registries of IANA).
    pub fn isPublic(self: Address) bool {
        return if (self.isV4()) isPublicV4(self.bytes[12..16].*) else isPublicV6(self.bytes);
    }

    fn segment(self: Address, number: usize) u16 {
        return std.mem.readInt(u16, self.bytes[2 * number ..][0..2], .big);
    }

    pub fn format(self: Address, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        if (self.isV4()) {
            return writer.print("{d}.{d}.{d}.{d}", .{ self.bytes[12], self.bytes[13], self.bytes[14], self.bytes[15] });
        }
        // The longest line of zeros, and of two that are as long the first; one alone is written.
        var gap: usize = 8;
        var gap_length: usize = 1;
        for (0..8) |from| {
            var length: usize = 0;
            while (from + length < 8 and self.segment(from + length) == 0) length += 1;
            if (length > gap_length) {
                gap = from;
                gap_length = length;
            }
        }
        var number: usize = 0;
        while (number < 8) {
            if (number == gap) {
                try writer.writeAll("::");
                number += gap_length;
                continue;
            }
            if (number > 0 and number != gap +% gap_length) try writer.writeByte(':');
            try writer.print("{x}", .{self.segment(number)});
            number += 1;
        }
    }
};

fn isPublicV4(a: [4]u8) bool {
    return switch (a[0]) {
        // "This network", private, loopback; multicast, reserved, broadcast.
        0, 10, 127, 224...255 => false,
        // Shared address space (RFC 6598).
        100 => a[1] & 0xc0 != 64,
        // Link-local.
        169 => a[1] != 254,
        172 => a[1] & 0xf0 != 16,
        // IETF protocol assignments, documentation; private.
        192 => !(a[1] == 0 and (a[2] == 0 or a[2] == 2)) and a[1] != 168,
        // Benchmarks, documentation.
        198 => a[1] & 0xfe != 18 and !(a[1] == 51 and a[2] == 100),
        203 => !(a[1] == 0 and a[2] == 113),
        else => true,
    };
}

fn isPublicV6(a: [16]u8) bool {
    const nat64 = [_]u8{ 0, 0x64, 0xff, 0x9b } ++ @as([8]u8, @splat(0));
    const first = std.mem.readInt(u16, a[0..2], .big);
    const second = std.mem.readInt(u16, a[2..4], .big);
    // The IPv4 address that it stands for; 6to4, likewise.
    if (std.mem.eql(u8, a[0..12], &nat64)) return isPublicV4(a[12..16].*);
    if (first == 0x2002) return isPublicV4(a[2..6].*);
    // IETF protocol assignments but Teredo, documentation.
    if (first == 0x2001 and ((second >= 1 and second <= 0x1ff) or second == 0xdb8)) return false;
    if (first == 0x3fff and second <= 0xfff) return false;
    // All else of the internet lies in 2000::/3.
    return first & 0xe000 == 0x2000;
}

/// A number of so many digits at the most, which `at` is moved behind. Decimal numbers do not begin with a 0.
fn parseNumber(written: []const u8, at: *usize, radix: u8, digits: usize) ?u16 {
    const from = at.*;
    var number: u16 = 0;
    while (at.* < written.len and at.* - from < digits) : (at.* += 1) {
        const digit = std.fmt.charToDigit(written[at.*], radix) catch break;
        number = number * radix + digit;
    }
    const is_padded = radix == 10 and at.* - from > 1 and written[from] == '0';
    return if (at.* == from or is_padded) null else number;
}

fn parseV4(written: []const u8) ?[4]u8 {
    var address: [4]u8 = undefined;
    var at: usize = 0;
    for (&address, 0..) |*byte, number| {
        if (number > 0) {
            if (at == written.len or written[at] != '.') return null;
            at += 1;
        }
        byte.* = std.math.cast(u8, parseNumber(written, &at, 10, 3) orelse return null) orelse return null;
    }
    return if (at == written.len) address else null;
}

/// An IPv6 address (RFC 4291, 2.2).
fn parseV6(written: []const u8) ?[16]u8 {
    var groups: [16]u8 = @splat(0);
    // Bytes that are read, and where a gap lies among them.
    var size: usize = 0;
    var gap: ?usize = null;
    var at: usize = 0;
    while (at < written.len) {
        if (std.mem.startsWith(u8, written[at..], "::")) {
            if (gap != null) return null;
            gap = size;
            at += 2;
            if (at == written.len) break;
        } else if (size > 0) {
            if (written[at] != ':') return null;
            at += 1;
        }
        if (size <= 12) {
            if (parseV4(written[at..])) |v4| {
                groups[size..][0..4].* = v4;
                size += 4;
                break;
            }
        }
        const group = parseNumber(written, &at, 16, 4) orelse return null;
        if (size == 16) return null;
        std.mem.writeInt(u16, groups[size..][0..2], group, .big);
        size += 2;
    }
    const before = gap orelse return if (size == 16) groups else null;
    if (size == 16) return null;
    var address: [16]u8 = @splat(0);
    @memcpy(address[0..before], groups[0..before]);
    @memcpy(address[16 - (size - before) ..], groups[before..size]);
    return address;
}

/// An address, and how many of its 128 bits count.
pub const Network = struct {
    address: [16]u8,
    bits: u8,

    /// What is wrong with one that `parse` does not take.
    pub const wrong = "networks are written like 10.0.0.0/8 or fd00::/8";

    /// `10.0.0.0/8` or `fd00::/8`; nothing where it is none.
    pub fn parse(written: []const u8) ?Network {
        const slash = std.mem.findScalar(u8, written, '/') orelse return null;
        const address = Address.parse(written[0..slash]) orelse return null;
        const is_v4 = std.mem.findScalar(u8, written[0..slash], ':') == null;
        var at = slash + 1;
        const bits = parseNumber(written, &at, 10, 3) orelse return null;
        if (at != written.len or bits > @as(u16, if (is_v4) 32 else 128)) return null;
        return .{ .address = address.bytes, .bits = @intCast(if (is_v4) bits + 96 else bits) };
    }

    pub fn contains(self: Network, address: Address) bool {
        const differs = std.mem.readInt(u128, &self.address, .big) ^ std.mem.readInt(u128, &address.bytes, .big);
        return self.bits == 0 or differs >> @intCast(128 - @as(u8, self.bits)) == 0;
    }
};
