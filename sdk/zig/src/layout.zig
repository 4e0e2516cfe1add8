//! The schema as tables: for what reads, writes or compares records without knowing any of them.

/// Where a field stands: its bytes, and the bit of the eight bytes at `word` that says whether it is there.
pub const Place = struct {
    offset: u16,
    word: u16,
    bit: u8,
};

pub const Holds = enum { u8, u16, u32, u64, i32, i64, yes_or_no, text, address, list, row, payload };

pub const Field = struct {
    name: []const u8,
    /// The function that reads it.
    getter: []const u8,
    place: Place,
    holds: Holds,
    /// Every host gives it.
    always: bool,

    pub fn size(self: Field) usize {
        return switch (self.holds) {
            .u8, .yes_or_no => 1,
            .u16 => 2,
            .u32, .i32, .row, .payload => 4,
            .u64, .i64, .text, .list => 8,
            .address => 16,
        };
    }
};

pub const Record = struct {
    /// Its name; of a payload the kind's.
    name: []const u8,
    section: u16,
    /// Bytes, as this version writes it.
    size: u16,
    /// Among all records.
    index: usize,
    fields: []const Field,
};
