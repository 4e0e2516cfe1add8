//! What the SDK's own tests look at beside what it offers.

pub const address = @import("address.zig");
pub const filter = @import("filter.zig");
pub const frame = @import("frame.zig");
pub const generated = @import("generated.zig");
pub const check = @import("check.zig");
pub const cbor = @import("cbor.zig");
pub const describe = @import("describe.zig");
