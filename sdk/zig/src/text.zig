//! Texts of the kernel: bytes, most often UTF-8, never certainly.

const std = @import("std");

/// A text.
///
/// Printed with `{f}` it is safe: what is not UTF-8 becomes U+FFFD, control characters are escaped (`\n`, `\x1b`), and so are
/// those that change the direction of text (`\u{202e}`), so that whoever names a file cannot act on the terminal or deceive
/// the eye of the one who reads it.
///
/// It may be unknown, which is not the same as empty: an unknown text equals no other, and nothing is in it.
pub const Text = struct {
    /// The bytes, where it is known.
    known: ?[]const u8 = null,

    pub const unknown: Text = .{};

    pub fn of(its_bytes: []const u8) Text {
        return .{ .known = its_bytes };
    }

    pub fn isKnown(self: Text) bool {
        return self.known != null;
    }

    /// The bytes; none where it is unknown.
    pub fn bytes(self: Text) []const u8 {
        return self.known orelse "";
    }

    /// Whether nothing is in it, as also where it is unknown.
    pub fn isEmpty(self: Text) bool {
        return self.bytes().len == 0;
    }

    /// Whether it is this one.
    pub fn eql(self: Text, other: []const u8) bool {
        return if (self.known) |own| std.mem.eql(u8, own, other) else false;
    }

    /// Whether it begins with `prefix`.
    pub fn startsWith(self: Text, prefix: []const u8) bool {
        return if (self.known) |own| std.mem.startsWith(u8, own, prefix) else false;
    }

    /// Whether it ends with `suffix`.
    pub fn endsWith(self: Text, suffix: []const u8) bool {
        return if (self.known) |own| std.mem.endsWith(u8, own, suffix) else false;
    }

    /// Whether `part` is anywhere in it. What is empty is in every text that is known.
    pub fn contains(self: Text, part: []const u8) bool {
        return if (self.known) |own| std.mem.find(u8, own, part) != null else false;
    }

    /// Whether it is one of these.
    pub fn isOneOf(self: Text, others: []const []const u8) bool {
        for (others) |other| {
            if (self.eql(other)) return true;
        }
        return false;
    }

    /// As a path: what follows the last `/`.
    pub fn fileName(self: Text) Text {
        const own = self.known orelse return unknown;
        const at = std.mem.findScalarLast(u8, own, '/') orelse return self;
        return .of(own[at + 1 ..]);
    }

    /// As a path: what stands before the last `/`; `/` for what lies at the top, empty where there is no `/`.
    pub fn directory(self: Text) Text {
        const own = self.known orelse return unknown;
        const at = std.mem.findScalarLast(u8, own, '/') orelse return .of("");
        return .of(own[0..@max(at, 1)]);
    }

    /// As a path: whether it lies below `folder`, at any depth. A path is not below itself, and `/etc/cron.daily` not below
    /// `/etc/cron`.
    pub fn isUnder(self: Text, folder: []const u8) bool {
        const begin = if (std.mem.endsWith(u8, folder, "/")) folder[0 .. folder.len - 1] else folder;
        const own = self.bytes();
        return std.mem.startsWith(u8, own, begin) and own.len > begin.len + 1 and own[begin.len] == '/';
    }

    /// As it is shown: `{f}`.
    pub fn format(self: Text, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        const own = self.known orelse return writer.writeByte('?');
        return write(own, writer, .escaped);
    }

    /// The same in quotes, with a backslash before quotes and backslashes: `{f}`.
    pub fn quoted(self: Text) Quoted {
        return .{ .text = self };
    }

    /// As it is, but for what is not UTF-8, which becomes U+FFFD: `{f}`. Nothing is escaped.
    pub fn lossy(self: Text) Lossy {
        return .{ .text = self };
    }
};

pub const Quoted = struct {
    text: Text,

    pub fn format(self: Quoted, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        const own = self.text.known orelse return writer.writeByte('?');
        try writer.writeByte('"');
        try write(own, writer, .quoted);
        try writer.writeByte('"');
    }
};

pub const Lossy = struct {
    text: Text,

    pub fn format(self: Lossy, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        return write(self.text.bytes(), writer, .lossy);
    }
};

const How = enum { escaped, quoted, lossy };

fn write(text: []const u8, writer: *std.Io.Writer, how: How) std.Io.Writer.Error!void {
    var from: usize = 0;
    var at: usize = 0;
    while (at < text.len) {
        const next = Character.first(text[at..]);
        const escapes = if (next.code) |code| switch (how) {
            .lossy => false,
            .escaped => acts(code),
            .quoted => acts(code) or code == '"' or code == '\\',
        } else true;
        if (escapes) {
            // What came before as a whole.
            try writer.writeAll(text[from..at]);
            if (next.code) |code| try writeEscape(code, writer) else try writer.writeAll("\u{fffd}");
            from = at + next.length;
        }
        at += next.length;
    }
    try writer.writeAll(text[from..]);
}

fn writeEscape(code: u21, writer: *std.Io.Writer) std.Io.Writer.Error!void {
    switch (code) {
        '\n' => try writer.writeAll("\\n"),
        '\r' => try writer.writeAll("\\r"),
        '\t' => try writer.writeAll("\\t"),
        '"' => try writer.writeAll("\\\""),
        '\\' => try writer.writeAll("\\\\"),
        else => if (code <= 0x7f) try writer.print("\\x{x:0>2}", .{code}) else try writer.print("\\u{{{x}}}", .{code}),
    }
}

/// Whether a character acts on a terminal or on the direction of what surrounds it.
fn acts(code: u21) bool {
    return switch (code) {
        0...0x1f, 0x7f...0x9f, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069 => true,
        else => false,
    };
}

/// The character that a text begins with.
pub const Character = struct {
    /// None where there is no character: then `length` is how many bytes could be the beginning of one, which are passed over as
    /// one mistake (Unicode 3.9, "maximal subpart").
    code: ?u21,
    length: usize,

    pub fn first(text: []const u8) Character {
        const byte = text[0];
        if (byte < 0x80) return .{ .code = byte, .length = 1 };
        const all: usize, var code: u21 = switch (byte) {
            0xc2...0xdf => .{ 2, byte & 0x1f },
            0xe0...0xef => .{ 3, byte & 0xf },
            0xf0...0xf4 => .{ 4, byte & 7 },
            else => return .{ .code = null, .length = 1 },
        };
        // Neither longer than needed, nor a surrogate, nor beyond U+10FFFF.
        var low: u8 = switch (byte) {
            0xe0 => 0xa0,
            0xf0 => 0x90,
            else => 0x80,
        };
        var high: u8 = switch (byte) {
            0xed => 0x9f,
            0xf4 => 0x8f,
            else => 0xbf,
        };
        for (1..all) |at| {
            if (at == text.len or text[at] < low or text[at] > high) return .{ .code = null, .length = at };
            code = code << 6 | (text[at] & 0x3f);
            low = 0x80;
            high = 0xbf;
        }
        return .{ .code = code, .length = all };
    }
};

/// Whether all of it is UTF-8.
pub fn isUtf8(text: []const u8) bool {
    var at: usize = 0;
    while (at < text.len) {
        const next = Character.first(text[at..]);
        if (next.code == null) return false;
        at += next.length;
    }
    return true;
}
