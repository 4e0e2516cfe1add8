//! Tests of the pack: events are made up, and handled by the same code as in the pack. `zig build test` runs them.

const std = @import("std");

const lanner = @import("lanner");
const pack = @import("pack").pack;

const PackTest = lanner.testing.PackTest(pack);

test "who reads secrets is found" {
    var t: PackTest = undefined;
    try t.init(.{});
    defer t.deinit();
    const nginx = t.process("/usr/sbin/nginx");
    const cat = t.process("/usr/bin/cat").childOf(nginx);
    const found = try t.feed(t.open("/etc/shadow").by(cat));
    try std.testing.expectEqual(1, found.len);
    try std.testing.expectEqualStrings("{{name}}/secret-read", found[0].rule);
    try std.testing.expectEqualStrings("/usr/bin/cat read /etc/shadow", found[0].message);
    try std.testing.expectEqualStrings("/etc/shadow", found[0].fact("path").?.path);
    try std.testing.expectEqualStrings("/usr/bin/cat", found[0].key.?);
}

test "nothing else is" {
    var t: PackTest = undefined;
    try t.init(.{});
    defer t.deinit();
    const cat = t.process("/usr/bin/cat");
    const sshd = t.process("/usr/sbin/sshd");
    try std.testing.expectEqual(0, (try t.feed(t.open("/etc/passwd").by(cat))).len);
    try std.testing.expectEqual(0, (try t.feed(t.open("/root/.ssh/id_rsa").by(sshd))).len);
    try std.testing.expectEqual(0, (try t.feed(t.open("/etc/shadow").write().by(cat))).len);
}

test "who is trusted can be set" {
    var t: PackTest = undefined;
    try t.init(.{ .settings = &.{.{ "trusted", "cat" }} });
    defer t.deinit();
    try std.testing.expectEqual(0, (try t.feed(t.open("/etc/shadow").by(t.process("/usr/bin/cat")))).len);
    try std.testing.expectEqual(1, (try t.feed(t.open("/etc/shadow").by(t.process("/usr/sbin/sshd")))).len);
}
