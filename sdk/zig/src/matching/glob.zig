//! Globs, as automata that are in several states at once, a bit each (Baeza-Yates and Gonnet, 1992): each byte of the text moves all
//! of them by one step. There is nothing to go back to, whatever the glob and the text are.

const std = @import("std");

/// Characters that a glob stands for at the most, `*` and `**` not counted: each is a state, and there is one more.
pub const max_length = 127;
/// Globs that one with `{…,…}` stands for at the most.
pub const max_alternatives = 64;

/// A piece of a glob, as it is written.
pub const Token = union(enum) {
    byte: u8,
    /// `?`.
    one,
    /// `*`.
    star,
    /// `**`, or more of them.
    deep,
    /// What is between `[` and `]`.
    class: []const u8,
    open,
    comma,
    close,

    fn accepts(self: Token, byte: u8) bool {
        switch (self) {
            .byte => |own| return own == byte,
            .one => return byte != '/',
            .class => |members| {
                var at: usize = @intFromBool(isNegated(members));
                var is_member = false;
                while (at < members.len) {
                    const range = readMember(members, &at) orelse break;
                    is_member = is_member or (range[0] <= byte and byte <= range[1]);
                }
                return byte != '/' and is_member != isNegated(members);
            },
            else => return false,
        }
    }
};

fn isNegated(members: []const u8) bool {
    return members.len > 0 and (members[0] == '!' or members[0] == '^');
}

fn readLetter(text: []const u8, at: *usize) ?u8 {
    if (at.* < text.len and text[at.*] == '\\') at.* += 1;
    if (at.* >= text.len) return null;
    defer at.* += 1;
    return text[at.*];
}

/// A member of a class: from, to. Nothing where the text ends in it.
fn readMember(text: []const u8, at: *usize) ?[2]u8 {
    const low = readLetter(text, at) orelse return null;
    if (at.* + 1 < text.len and text[at.*] == '-' and text[at.* + 1] != ']') {
        at.* += 1;
        return .{ low, readLetter(text, at) orelse return null };
    }
    return .{ low, low };
}

/// The tokens of a glob, one after the other.
pub const Tokens = struct {
    glob: []const u8,
    at: usize = 0,
    /// What is wrong with the one that could not be read, and the last then.
    wrong: ?[]const u8 = null,

    pub fn next(self: *Tokens) ?Token {
        if (self.at == self.glob.len) return null;
        const byte = self.glob[self.at];
        self.at += 1;
        switch (byte) {
            '?' => return .one,
            '{' => return .open,
            ',' => return .comma,
            '}' => return .close,
            '*' => {
                const from = self.at;
                while (self.at < self.glob.len and self.glob[self.at] == '*') self.at += 1;
                return if (self.at == from) .star else .deep;
            },
            '[' => return self.class(),
            '\\' => {
                if (self.at == self.glob.len) return self.fail("a glob ends with a \\");
                self.at += 1;
                return .{ .byte = self.glob[self.at - 1] };
            },
            else => return .{ .byte = byte },
        }
    }

    fn fail(self: *Tokens, why: []const u8) ?Token {
        self.wrong = why;
        self.at = self.glob.len;
        return null;
    }

    fn class(self: *Tokens) ?Token {
        const rest = self.glob[self.at..];
        const first: usize = @intFromBool(isNegated(rest));
        var end = first;
        while (end < rest.len) {
            if (rest[end] == ']') {
                if (end == first) return self.fail("a [ and ] of a glob have nothing between them");
                self.at += end + 1;
                return .{ .class = rest[0..end] };
            }
            const range = readMember(rest, &end) orelse break;
            if (range[0] > range[1]) return self.fail("a range of a glob ends before it begins");
            if (range[1] > 0x7f) return self.fail("a letter between [ and ] of a glob is not ASCII");
        }
        return self.fail("a [ of a glob has no ] after it");
    }
};

/// What is wrong with a glob; nothing where it makes sense.
pub fn wrong(glob: []const u8) ?[]const u8 {
    var tokens: Tokens = .{ .glob = glob };
    var length: usize = 0;
    var alternatives: usize = 1;
    // Of the braces that it is in: how many alternatives, the length of this one, and of the longest one.
    var inside: usize = 0;
    var here: usize = 0;
    var longest: usize = 0;
    while (tokens.next()) |token| {
        switch (token) {
            .open => {
                if (inside > 0) return "a { of a glob lies between { and }";
                inside = 1;
                here = 0;
                longest = 0;
            },
            .close => {
                if (inside == 0) return "a } of a glob has no { before it";
                length += @max(here, longest);
                alternatives *= inside;
                inside = 0;
                here = 0;
            },
            .comma => if (inside > 0) {
                longest = @max(here, longest);
                here = 0;
                inside += 1;
            } else {
                length += 1;
            },
            .star, .deep => {},
            else => if (inside > 0) {
                here += 1;
            } else {
                length += 1;
            },
        }
        if (length + here > max_length) return "a glob stands for more than 127 characters";
        if (alternatives > max_alternatives or inside > max_alternatives) return "a glob has more than 64 alternatives";
    }
    if (tokens.wrong) |why| return why;
    return if (inside > 0) "a { of a glob has no } after it" else null;
}

/// How many globs without alternatives one stands for.
pub fn count(glob: []const u8) usize {
    var tokens: Tokens = .{ .glob = glob };
    var all: usize = 1;
    var inside: usize = 0;
    while (tokens.next()) |token| switch (token) {
        .open => inside = 1,
        .comma => inside += @intFromBool(inside > 0),
        .close => {
            all *= inside;
            inside = 0;
        },
        else => {},
    };
    return all;
}

/// What a glob is made in.
pub const Storage = struct {
    begin: [max_length]u8 = undefined,
    end: [max_length]u8 = undefined,
    steps: [256]u128 = undefined,
};

/// A glob without alternatives, ready to be compared with texts.
pub const Glob = struct {
    /// As it is written in the set that has it.
    written: []const u8,
    /// What every text begins and ends with; what lies between the two is for the automaton.
    begin: []const u8 = "",
    end: []const u8 = "",
    /// By byte: which of `steps` it is.
    classes: [256]u8 = @splat(0),
    /// The states that a byte of a class leads on from.
    steps: []const u128 = &.{},
    /// The states that stay whatever comes (`**`), and those that stay unless a `/` comes (`*`).
    stay: u128 = 0,
    stay_in_name: u128 = 0,
    /// The states that are the next one too when they are entered: `**/` may stand for nothing.
    skip: u128 = 0,
    last: u128 = 0,

    /// The one with this alternative in each of its braces, of which the first are counted fastest. The glob makes sense, and lies in
    /// the storage until it is kept elsewhere.
    pub fn init(glob: []const u8, alternative: usize, storage: *Storage) Glob {
        // With two stars before and after each character.
        var buffer: [3 * max_length + 2]Token = undefined;
        const tokens = choose(glob, alternative, &buffer);
        var self: Glob = .{ .written = glob };
        var begin: usize = 0;
        while (begin < tokens.len and tokens[begin] == .byte) : (begin += 1) storage.begin[begin] = tokens[begin].byte;
        var end = tokens.len;
        while (end > begin and tokens[end - 1] == .byte) end -= 1;
        // The `/` of `**/` goes with it.
        if (end < tokens.len and isByte(tokens[end], '/') and end > begin and tokens[end - 1] == .deep) end += 1;
        for (tokens[end..], 0..) |token, at| storage.end[at] = token.byte;
        self.begin = storage.begin[0..begin];
        self.end = storage.end[0 .. tokens.len - end];
        self.automaton(tokens[begin..end], begin == 0 or isByte(tokens[begin - 1], '/'), storage);
        return self;
    }

    fn automaton(self: *Glob, tokens: []const Token, begins_after_slash: bool, storage: *Storage) void {
        var characters: [max_length]Token = undefined;
        var states: usize = 0;
        var after_slash = begins_after_slash;
        var at: usize = 0;
        while (at < tokens.len) : (at += 1) {
            const token = tokens[at];
            const state = @as(u128, 1) << @intCast(states);
            switch (token) {
                .star => self.stay_in_name |= state,
                .deep => {
                    self.stay |= state;
                    if (after_slash and at + 1 < tokens.len and isByte(tokens[at + 1], '/')) {
                        // Folders, each with its `/`, or none. The same again says nothing more.
                        self.skip |= state;
                        at += 1;
                        characters[states] = tokens[at];
                        states += 1;
                        while (at + 2 < tokens.len and tokens[at + 1] == .deep and isByte(tokens[at + 2], '/')) at += 2;
                        continue;
                    }
                },
                else => {
                    characters[states] = token;
                    states += 1;
                },
            }
            after_slash = isByte(token, '/');
        }
        self.last = @as(u128, 1) << @intCast(states);
        self.makeSteps(characters[0..states], storage);
    }

    fn makeSteps(self: *Glob, characters: []const Token, storage: *Storage) void {
        var known: usize = 0;
        for (&self.classes, 0..) |*class, byte| {
            var step: u128 = 0;
            for (characters, 0..) |character, state| {
                if (character.accepts(@intCast(byte))) step |= @as(u128, 1) << @intCast(state);
            }
            // Bytes that make the same steps are one class.
            var number: usize = 0;
            while (number < known and storage.steps[number] != step) number += 1;
            if (number == known) {
                storage.steps[known] = step;
                known += 1;
            }
            class.* = @intCast(number);
        }
        self.steps = storage.steps[0..known];
    }

    pub fn matches(self: *const Glob, text: []const u8) bool {
        if (text.len < self.begin.len + self.end.len) return false;
        if (!std.mem.startsWith(u8, text, self.begin) or !std.mem.endsWith(u8, text, self.end)) return false;
        var states: u128 = 1 | (self.skip & 1) << 1;
        for (text[self.begin.len .. text.len - self.end.len]) |byte| {
            const stay = if (byte == '/') self.stay else self.stay | self.stay_in_name;
            var entered = (states & self.steps[self.classes[byte]]) << 1;
            entered |= (entered & self.skip) << 1;
            states = entered | (states & stay);
            if (states == 0) return false;
        }
        return states & self.last != 0;
    }
};

fn isByte(token: Token, byte: u8) bool {
    return switch (token) {
        .byte => |own| own == byte,
        else => false,
    };
}

/// Adds a token. Of more than two stars in a line two say the same: whether there is a deep one among them, and that a `/` behind them
/// is not the one of `**/`.
fn append(buffer: []Token, length: *usize, token: Token) void {
    const isStar = struct {
        fn isStar(it: Token) bool {
            return it == .star or it == .deep;
        }
    }.isStar;
    const at = length.*;
    if (isStar(token) and at >= 2 and isStar(buffer[at - 1]) and isStar(buffer[at - 2])) {
        if (token == .deep) buffer[at - 2] = .deep;
        return;
    }
    buffer[at] = token;
    length.* += 1;
}

fn choose(glob: []const u8, alternative: usize, buffer: []Token) []Token {
    var tokens: Tokens = .{ .glob = glob };
    var left = alternative;
    var length: usize = 0;
    while (tokens.next()) |token| {
        if (token != .open) {
            // Outside of braces a comma stands for itself.
            append(buffer, &length, if (token == .comma) .{ .byte = ',' } else token);
            continue;
        }
        var ahead = tokens;
        var alternatives: usize = 1;
        while (ahead.next()) |other| switch (other) {
            .comma => alternatives += 1,
            .close => break,
            else => {},
        };
        const chosen = left % alternatives;
        left /= alternatives;
        var number: usize = 0;
        while (tokens.next()) |other| switch (other) {
            .close => break,
            .comma => number += 1,
            else => if (number == chosen) append(buffer, &length, other),
        };
    }
    return buffer[0..length];
}
