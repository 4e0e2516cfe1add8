//! The SDK as a package: its module `lanner`, `addPack` for projects that depend on it, and `zig build test` for its own tests.

const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    const optimize = b.standardOptimizeOption(.{});
    const module = b.addModule("lanner", .{ .root_source_file = b.path("src/root.zig"), .target = target, .optimize = optimize });

    // Where the vectors and frames of all SDKs lie.
    const shared = b.option([]const u8, "shared", "The folder tests of the repository") orelse "../../tests";
    const options = b.addOptions();
    options.addOption([]const u8, "shared", shared);
    const tests = b.addTest(.{ .root_module = b.createModule(.{
        .root_source_file = b.path("tests/all.zig"),
        .target = target,
        .optimize = optimize,
        .imports = &.{.{ .name = "lanner", .module = module }},
    }) });
    tests.root_module.addOptions("options", options);
    const run = b.addRunArtifact(tests);
    run.setCwd(b.path("."));
    b.step("test", "Run the SDK's tests").dependOn(&run.step);
}

/// What a project is made of.
pub const PackOptions = struct {
    /// Its source, with `pub const pack`.
    root: std.Build.LazyPath,
    /// Its tests, which `@import("pack")` and `@import("lanner")`.
    tests: ?std.Build.LazyPath = null,
};

/// Adds a pack to a project: `zig build --prefix target` puts it at target/pack.core.wasm, which `lanner rule build` makes a component
/// of, and `zig build test` runs its tests.
pub fn addPack(b: *std.Build, options: PackOptions) void {
    const sdk = b.dependencyFromBuildZig(@This(), .{});
    const debug = b.option(bool, "debug", "Keep what a debugger and the traces of traps need") orelse false;
    const core = b.addExecutable(.{
        .name = "pack.core",
        .root_module = moduleOf(b, sdk, sdk.path("src/wasm.zig"), options.root, .{
            .target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .freestanding }),
            // With the checks: what goes out of bounds ends the pack, and says so in the log.
            .optimize = .ReleaseSafe,
        }),
    });
    core.entry = .disabled;
    core.rdynamic = true;
    core.root_module.strip = !debug;
    b.getInstallStep().dependOn(&b.addInstallFileWithDir(core.getEmittedBin(), .prefix, "pack.core.wasm").step);

    const tests = options.tests orelse options.root;
    const native = b.addTest(.{ .root_module = moduleOf(b, sdk, tests, options.root, .{ .target = b.graph.host, .optimize = .Debug }) });
    b.step("test", "Run the tests of the pack").dependOn(&b.addRunArtifact(native).step);
}

const Built = struct { target: std.Build.ResolvedTarget, optimize: std.builtin.OptimizeMode };

/// A root that imports the SDK and the pack.
fn moduleOf(b: *std.Build, sdk: *std.Build.Dependency, root: std.Build.LazyPath, pack: std.Build.LazyPath, built: Built) *std.Build.Module {
    const lanner = b.createModule(.{ .root_source_file = sdk.path("src/root.zig"), .target = built.target, .optimize = built.optimize });
    const imports: []const std.Build.Module.Import = &.{.{ .name = "lanner", .module = lanner }};
    const made = b.createModule(.{ .root_source_file = root, .target = built.target, .optimize = built.optimize, .imports = imports });
    const its_pack = b.createModule(.{ .root_source_file = pack, .target = built.target, .optimize = built.optimize, .imports = imports });
    made.addImport("pack", its_pack);
    return made;
}
