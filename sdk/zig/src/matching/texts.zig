//! Many texts, to be compared with one at once. What is done with them is done with slices that the caller has, so that it is done
//! by the compiler for a set that stands in the source.

const std = @import("std");

/// A text, and what it is called in the set that has it.
pub const Entry = struct {
    text: []const u8,
    written: []const u8,
};

fn isBefore(_: void, one: Entry, other: Entry) bool {
    return std.mem.order(u8, one.text, other.text) == .lt;
}

fn orderFromEnd(one: []const u8, other: []const u8) std.math.Order {
    const shared: usize = @min(one.len, other.len);
    for (1..shared + 1) |back| {
        const a = one[one.len - back];
        const b = other[other.len - back];
        if (a != b) return std.math.order(a, b);
    }
    return std.math.order(one.len, other.len);
}

fn isBeforeFromEnd(_: void, one: Entry, other: Entry) bool {
    return orderFromEnd(one.text, other.text) == .lt;
}

pub fn sort(entries: []Entry) []Entry {
    std.mem.sortUnstable(Entry, entries, {}, isBefore);
    return entries;
}

/// Those that begin with others of them are no beginnings of their own.
pub fn sortBeginnings(entries: []Entry) []Entry {
    std.mem.sortUnstable(Entry, entries, {}, isBefore);
    var kept: usize = 0;
    for (entries) |entry| {
        if (kept > 0 and std.mem.startsWith(u8, entry.text, entries[kept - 1].text)) continue;
        entries[kept] = entry;
        kept += 1;
    }
    return entries[0..kept];
}

/// The same of endings, from the last byte to the first.
pub fn sortEndings(entries: []Entry) []Entry {
    std.mem.sortUnstable(Entry, entries, {}, isBeforeFromEnd);
    var kept: usize = 0;
    for (entries) |entry| {
        if (kept > 0 and std.mem.endsWith(u8, entry.text, entries[kept - 1].text)) continue;
        entries[kept] = entry;
        kept += 1;
    }
    return entries[0..kept];
}

/// The last one that does not come after the text.
fn lastBefore(entries: []const Entry, text: []const u8, order: *const fn ([]const u8, []const u8) std.math.Order) ?Entry {
    var from: usize = 0;
    var to = entries.len;
    while (from < to) {
        const middle = from + (to - from) / 2;
        if (order(entries[middle].text, text) == .gt) to = middle else from = middle + 1;
    }
    return if (from > 0) entries[from - 1] else null;
}

fn orderBytes(one: []const u8, other: []const u8) std.math.Order {
    return std.mem.order(u8, one, other);
}

pub fn equal(entries: []const Entry, text: []const u8) ?[]const u8 {
    const entry = lastBefore(entries, text, orderBytes) orelse return null;
    return if (std.mem.eql(u8, entry.text, text)) entry.written else null;
}

pub fn beginning(entries: []const Entry, text: []const u8) ?[]const u8 {
    const entry = lastBefore(entries, text, orderBytes) orelse return null;
    return if (std.mem.startsWith(u8, text, entry.text)) entry.written else null;
}

pub fn ending(entries: []const Entry, text: []const u8) ?[]const u8 {
    const entry = lastBefore(entries, text, orderFromEnd) orelse return null;
    return if (std.mem.endsWith(u8, text, entry.text)) entry.written else null;
}

/// All texts that may be somewhere in another, as an automaton after Aho and Corasick (1975), with all its steps worked out.
pub const Parts = struct {
    entries: []const Entry = &.{},
    /// By byte; 0 for those of no part.
    classes: [256]u8 = @splat(0),
    classes_count: usize = 1,
    /// By state and class: the next state. Empty where there would be too many: then the parts are looked for one by one.
    next: []const u32 = &.{},
    /// By state: one more than the part that ends there, or 0.
    found: []const u32 = &.{},

    /// States that the automaton may have at the most, times classes.
    const most_steps = 1 << 20;

    /// How many states and steps the automaton of these parts takes; nothing where it would be too large.
    pub fn size(entries: []const Entry, classes: *[256]u8) ?struct { states: usize, classes: usize } {
        var states: usize = 1;
        var count: usize = 1;
        for (entries) |entry| {
            states += entry.text.len;
            for (entry.text) |byte| {
                if (classes[byte] != 0) continue;
                if (count == 256) return null;
                classes[byte] = @intCast(count);
                count += 1;
            }
        }
        return if (states * count > most_steps) null else .{ .states = states, .classes = count };
    }

    /// `next` and `found` are all zero, `others` and `left` have an item a state.
    pub fn build(entries: []const Entry, classes: [256]u8, count: usize, next: []u32, found: []u32, others: []u32, left: []u32) Parts {
        var states: u32 = 1;
        for (entries, 1..) |entry, number| {
            var state: u32 = 0;
            for (entry.text) |byte| {
                const step = &next[state * count + classes[byte]];
                if (step.* == 0) {
                    step.* = states;
                    states += 1;
                }
                state = step.*;
            }
            if (found[state] == 0) found[state] = @intCast(number);
        }
        // Where no line goes on, another one may that begins later: from state to state, those of the first step first.
        var first: usize = 0;
        var last: usize = 1;
        left[0] = 0;
        others[0] = 0;
        while (first < last) : (first += 1) {
            const state = left[first];
            for (1..count) |class| {
                const step = &next[state * count + class];
                const instead = if (state == 0) 0 else next[others[state] * count + class];
                if (step.* == 0) {
                    step.* = instead;
                    continue;
                }
                others[step.*] = instead;
                if (found[step.*] == 0) found[step.*] = found[instead];
                left[last] = step.*;
                last += 1;
            }
        }
        return .{ .entries = entries, .classes = classes, .classes_count = count, .next = next, .found = found };
    }

    pub fn find(self: *const Parts, text: []const u8) ?[]const u8 {
        if (self.entries.len == 0) return null;
        if (self.next.len == 0) {
            for (self.entries) |entry| {
                if (std.mem.find(u8, text, entry.text) != null) return entry.written;
            }
            return null;
        }
        var state: u32 = 0;
        for (text) |byte| {
            if (self.found[state] != 0) break;
            state = self.next[state * self.classes_count + self.classes[byte]];
        }
        const number = self.found[state];
        return if (number == 0) null else self.entries[number - 1].written;
    }
};
