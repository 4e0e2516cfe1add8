//! The exports and imports of the contract (sdk/wit/lanner.wit), as the canonical ABI of components has them: the root of a pack.
//!
//! What a call is given lies in memory that `cabi_realloc` gave, and is freed when the call is done. What a call gives stays until the
//! host has copied it and calls the function for after that (`cabi_post_…`).

const std = @import("std");

const lanner = @import("lanner");
const pack = @import("pack").pack;

const allocator = std.heap.wasm_allocator;

/// What a panic says is gone with the instance, unless it is said first.
pub const panic = std.debug.FullPanic(struct {
    fn say(message: []const u8, _: ?usize) noreturn {
        lanner.host.say(.err, message);
        @trap();
    }
}.say);

/// `list<u8>` and `string`.
const List = extern struct {
    ptr: [*]const u8,
    len: usize,

    fn of(bytes: []const u8) List {
        return .{ .ptr = bytes.ptr, .len = bytes.len };
    }
};

/// `result<_, string>`.
const Result = extern struct { is_error: u8, message: List };

var running: lanner.Running(pack) = undefined;
var is_running = false;
/// What describe and save give.
var given: lanner.cbor.Writer = .init(allocator);
var given_list: List = undefined;
var given_result: Result = undefined;

fn get() *lanner.Running(pack) {
    if (!is_running) running.init(allocator);
    is_running = true;
    return &running;
}

fn realloc(old: [*]align(16) u8, old_size: usize, alignment: usize, size: usize) callconv(.c) usize {
    // Nothing lies anywhere, and is not freed.
    if (size == 0) return alignment;
    const memory = if (old_size == 0)
        allocator.alignedAlloc(u8, .@"16", size) catch @trap()
    else
        allocator.realloc(old[0..old_size], size) catch @trap();
    return @intFromPtr(memory.ptr);
}

fn free(ptr: [*]align(16) u8, size: usize) void {
    if (size > 0) allocator.free(ptr[0..size]);
}

fn give() *List {
    given_list = .of(given.written());
    return &given_list;
}

fn giveError(message: ?[]const u8) *Result {
    given_result = .{ .is_error = @intFromBool(message != null), .message = .of(message orelse "") };
    return &given_result;
}

fn describe() callconv(.c) *List {
    given.clear();
    get().describeTo(&given);
    return give();
}

fn configure(ptr: [*]align(16) u8, size: usize) callconv(.c) *Result {
    defer free(ptr, size);
    return giveError(get().configure(ptr[0..size]));
}

fn evaluate(ptr: [*]align(16) u8, size: usize) callconv(.c) void {
    defer free(ptr, size);
    get().evaluate(ptr[0..size]) catch |wrong| lanner.log(.err, "a batch could not be read: {t}", .{wrong});
}

fn tick(now: u64) callconv(.c) void {
    get().tick(now);
}

fn save() callconv(.c) *List {
    given.clear();
    get().save(&given);
    return give();
}

fn restore(ptr: [*]align(16) u8, size: usize, version: [*]align(16) u8, version_size: usize) callconv(.c) *Result {
    defer free(version, version_size);
    defer free(ptr, size);
    return giveError(get().restore(ptr[0..size], version[0..version_size]));
}

fn afterList(_: *List) callconv(.c) void {
    given.deinit();
    given = .init(allocator);
}

fn afterResult(_: *Result) callconv(.c) void {}

comptime {
    const rules = "lanner:pack/rules@2.0.0#";
    @export(&realloc, .{ .name = "cabi_realloc" });
    @export(&describe, .{ .name = rules ++ "describe" });
    @export(&configure, .{ .name = rules ++ "configure" });
    @export(&evaluate, .{ .name = rules ++ "evaluate" });
    @export(&tick, .{ .name = rules ++ "tick" });
    @export(&save, .{ .name = rules ++ "save" });
    @export(&restore, .{ .name = rules ++ "restore" });
    @export(&afterList, .{ .name = "cabi_post_" ++ rules ++ "describe" });
    @export(&afterResult, .{ .name = "cabi_post_" ++ rules ++ "configure" });
    @export(&afterList, .{ .name = "cabi_post_" ++ rules ++ "save" });
    @export(&afterResult, .{ .name = "cabi_post_" ++ rules ++ "restore" });
}
