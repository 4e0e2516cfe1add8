const std = @import("std");

const lanner = @import("lanner");

pub fn build(b: *std.Build) void {
    lanner.addPack(b, .{ .root = b.path("pack.zig"), .tests = b.path("pack_test.zig") });
}
