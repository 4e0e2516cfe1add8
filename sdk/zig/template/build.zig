//! `zig build --prefix target` builds target/pack.core.wasm, `zig build test` runs the tests. `lanner rule build` calls the first.

const std = @import("std");

const lanner = @import("lanner");

pub fn build(b: *std.Build) void {
    lanner.addPack(b, .{ .root = b.path("pack.zig"), .tests = b.path("pack_test.zig") });
}
