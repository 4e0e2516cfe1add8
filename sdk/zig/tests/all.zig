//! The SDK's tests. What all SDKs agree on lies in the folder `tests` of the repository.

test {
    _ = @import("golden.zig");
    _ = @import("vectors.zig");
    _ = @import("filters.zig");
    _ = @import("packs.zig");
    _ = @import("memory.zig");
}
